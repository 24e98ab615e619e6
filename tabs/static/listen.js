// The listening test: study, consent, questionnaire, sound check, headphone test, trials with a pause, debrief. The way
// is one function; each page resolves with what the listener gave. Nothing here knows what is behind a letter.

import { language } from "./language.js";
import { Player } from "./player.js";
import { Session, lastStudy, rememberStudy, studies } from "./listen_session.js";
import { Stage } from "./listen_stage.js";
import { say } from "./texts.js";
import { ARENA, chooseStudy, questionnaire, showRendering, welcome } from "./listen_entry.js";
import { checkHeadphones, checkSound, notice } from "./listen_sound_check.js";
import { present } from "./listen_trial.js";
import { visitArena } from "./listen_arena.js";
import { confirmWithdrawn, debrief } from "./listen_debrief.js";

const POLL_MS = 2000;

export function mount(element) {
  const room = new Room(new Stage(element));
  // The tab may be hidden at first: nothing is fetched before it is seen, and a hidden tab falls silent.
  new IntersectionObserver(([entry]) => (entry.isIntersecting ? room.open() : room.player.pause())).observe(element);
}

class Room {
  player = new Player();
  #stage;
  #opened = false;

  constructor(stage) {
    this.#stage = stage;
  }

  // From then on the room runs by itself. What the server refuses for good leads back to what it says comes now.
  async open() {
    if (this.#opened) return;
    this.#opened = true;
    for (;;) {
      try {
        await this.#visit();
      } catch (error) {
        if (!error.final) throw error;
      }
    }
  }

  async #visit() {
    const stage = this.#stage;
    const hosted = await stage.attempt(listed);
    const chosen = await this.#chosen(hosted);
    if (chosen === ARENA) return visitArena(stage, this.player);
    const session = new Session(chosen);
    const study = await this.#ready(session);
    if (!session.begun) await this.#begin(session, study);
    const missing = await stage.attempt(() => session.missing());
    if (missing.includes("questionnaire")) {
      const answers = await questionnaire(stage, study);
      await stage.attempt(() => session.answerQuestionnaire(answers));
    }
    if (session.volume === null) await checkSound(stage, this.player, session, study);
    this.player.volume = session.volume;
    const passed = !missing.includes("headphones") || (await checkHeadphones(stage, this.player, session, study));
    if (!passed) return rememberStudy(null);
    const end = await this.#trials(session, study);
    const way = end === null ? "withdraw" : await debrief(stage, end, { others: hosted.length > 1 });
    if (way === "withdraw") {
      await stage.attempt(() => session.withdraw());
      await confirmWithdrawn(stage);
    }
    rememberStudy(null);
  }

  async #chosen(hosted) {
    const names = hosted.map(({ name }) => name);
    if (names.length === 1) return names[0];
    if (names.includes(lastStudy())) return lastStudy();
    const name = await chooseStudy(this.#stage, hosted);
    if (name !== ARENA) rememberStudy(name);
    return name;
  }

  // The study, when its stimuli are rendered.
  async #ready(session) {
    for (let waiting = false; ; waiting = true) {
      const study = await this.#stage.attempt(() => available(session));
      if (study.state === "ready") return study;
      if (!waiting) showRendering(this.#stage);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async #begin(session, study) {
    const { code, ...consent } = await welcome(this.#stage, study);
    this.player.unlock();
    if (code !== undefined) return this.#stage.attempt(() => session.resume(code));
    const device = { sample_rate: this.player.sampleRate, base_latency: this.player.baseLatency };
    const entry = { ...consent, language: language(), device };
    return this.#stage.attempt(() => session.begin(entry));
  }

  // All trials that are left; resolves with receipt and debrief, or with null when the listener withdraws.
  async #trials(session, study) {
    const stage = this.#stage;
    for (let before = null; ; ) {
      const trial = await stage.attempt(() => session.trial());
      if (trial.finished) return trial;
      if (before?.practice && !trial.practice) await notice(stage, say("trial.practice_over"), [say("trial.counts")]);
      if (before !== null && before.number === study.break_after) await notice(stage, say("trial.pause"), say("trial.rest"));
      const rating = await present(stage, this.player, session, { ...trial, translations: study.translations });
      if (rating === null) return null;
      await stage.attempt(() => session.answer(rating));
      before = trial;
    }
  }
}

async function listed() {
  const hosted = await studies();
  if (hosted.length === 0) throw new Error(say("unavailable"));
  return hosted;
}

async function available(session) {
  const study = await session.study();
  if (study.state === "failed") throw new Error(say("unavailable"));
  return study;
}
