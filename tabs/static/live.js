// "Trade fours": the visitor and the network take turns over a band. The session knows the rules, the view the page;
// this file brings them together with the sounds, the keys and the server.

import { soundAlone } from "./compose.js";
import { Bank } from "./live_bank.js";
import { Desk } from "./live_desk.js";
import { Keys } from "./live_keys.js";
import { midiFile, wavFile } from "./live_save.js";
import { Session } from "./live_session.js";
import { takeOf } from "./live_take.js";
import { View } from "./live_view.js";
import { decoded } from "./sound.js";

const TRADES = { 1: "ones", 2: "twos", 4: "fours" };
const UNREACHABLE = "The server does not answer. Try again in a moment.";
const SEEDS = 1_000_000;

// props: the choices, as tabs/compose_live.py writes them; server: its functions sounds, band and answer.
export function mount(element, props, server) {
  const stage = new Stage(props, server);
  element.querySelector(".live-room").append(stage.view.root);
}

class Stage {
  #props;
  #server;
  #context = null;
  #loading = null; // promise of the bank
  #bank = null;
  #desk = null; // of the visitor, whose keys sound with and without a band
  #voices = new Map(); // pitch -> what lets the note go
  #band = null;
  #session = null;
  #starting = false;

  constructor(props, server) {
    [this.#props, this.#server] = [props, server];
    const keys = new Keys({ press: (...key) => this.#press(...key), release: (...key) => this.#release(...key) });
    this.view = new View(props, keys.root);
    this.view.on("start", () => this.#toggle());
    this.view.on("midi", () => keys.connectMidi().then((words) => this.view.say(words), (error) => this.view.warn(error.message)));
    this.view.on("save-midi", () => this.#save("mid", midiFile(this.#take())));
    this.view.on("save-wav", async () => this.#save("wav", await wavFile(this.#take(), this.#bank)));
    this.view.on("volume", () => this.#session?.playing && (this.#session.bandVolume = this.view.settings.bandVolume));
    for (const gesture of ["pointerdown", "keydown"]) {
      this.view.root.addEventListener(gesture, () => this.#sounds().catch(() => {}), { once: true }); // Start says why
    }
  }

  // Sound and record a key at once; both end with the same key.
  #press(pitch, velocity, stamp) {
    this.#release(pitch, stamp);
    if (!this.#bank) return;
    const { you } = this.view.settings;
    this.#voices.set(pitch, this.#bank.sound(this.#desk.input("you"), you, pitch, velocity, this.#context.currentTime));
    if (this.#session?.playing) this.#session.press(pitch, velocity, stamp);
  }

  #release(pitch, stamp) {
    this.#voices.get(pitch)?.(this.#context.currentTime);
    this.#voices.delete(pitch);
    this.#session?.release(pitch, stamp);
  }

  // The page's sound output and the note bank, made at the first gesture.
  #sounds() {
    this.#loading ??= this.#load().catch((error) => {
      this.#loading = null;
      throw error;
    });
    return this.#loading;
  }

  async #load() {
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    this.#desk ??= new Desk(this.#context, 1);
    const { sound, samples } = await this.#asked("sounds", {});
    this.#bank = new Bank(await decoded(this.#context, new URL(sound, document.baseURI)), samples);
  }

  // A server function's answer; what it finds fault with, and its silence, of which Gradio makes undefined, are thrown as
  // sentences.
  async #asked(name, question) {
    const reply = (await this.#server[name](question)) ?? { fault: UNREACHABLE };
    if (reply.fault) throw new Error(reply.fault);
    return reply;
  }

  async #toggle() {
    if (this.#session?.playing) return this.#session.pause();
    if (this.#starting) return;
    this.#starting = true;
    await this.#start();
    this.#starting = false;
  }

  async #start() {
    const settings = { ...this.view.settings, seed: Math.floor(Math.random() * SEEDS) };
    this.view.say("The band is setting up …");
    try {
      await this.#sounds();
      await this.#context.resume();
      const { form, key, feel, seed } = settings;
      this.#band = await this.#asked("band", { form, key, feel, seed });
    } catch (error) {
      return this.view.stopped(error.message);
    }
    this.#play(settings);
  }

  #play(settings) {
    const session = new Session(this.#context, this.#bank, this.#band, settings, (call) => this.#server.answer(call));
    this.#session = session;
    soundAlone(session);
    session.addEventListener("turn", ({ detail }) => this.view.turn(detail, session));
    session.addEventListener("missed", ({ detail }) => this.view.warn(detail));
    session.addEventListener("state", () => !session.playing && this.view.stopped(session.words));
    session.start();
    this.view.started(session, this.#band);
  }

  #take() {
    return takeOf(this.#session, this.#band, this.#props.programs);
  }

  #save(suffix, blob) {
    const { bars, key, tempo } = this.#session.settings;
    const url = URL.createObjectURL(blob);
    const link = Object.assign(document.createElement("a"), {
      href: url,
      download: `trading-${TRADES[bars]}-${key.replace("#", "sharp")}-${tempo}bpm.${suffix}`,
    });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
