// What "Trade fours" shows: settings, the start button, whose turn it is, the beat, the roll, the keys.

import { node } from "./compose.js";
import { BEATS_PER_BAR, TICKS_PER_BAR, TICKS_PER_BEAT } from "./live_clock.js";
import { drawExchange } from "./live_roll.js";
import { exchangeAt } from "./live_turns.js";

const LABELS = {
  form: "Form",
  key: "Key",
  feel: "Feel",
  bars: "Bars per turn",
  tempo: "Tempo (BPM)",
  style: "It plays like",
  you: "You play",
  network: "It plays",
};
const STYLES = { licks: "blues licks", weimar: "jazz solos" };
const STILL = matchMedia("(prefers-reduced-motion: reduce)");
const counted = (bars) => (bars === 1 ? "1 bar" : `${bars} bars`);

export class View {
  root;
  #fields = {};
  #buttons = {};
  #status = node("div", { class: "live-status", role: "status" });
  #fault = node("div", { class: "compose-fault", role: "alert" });
  #beats = node("div", { class: "live-beats", "aria-hidden": true }, ...Array.from({ length: BEATS_PER_BAR }, () => node("span")));
  #canvas = node("canvas", { class: "live-roll", role: "img", "aria-label": "What you and the network play in this exchange" });
  #shown = null; // the session and its band

  constructor({ choices, chosen, tempi }, keys) {
    const fields = node("div", { class: "live-settings" });
    for (const [name, values] of Object.entries(choices)) {
      fields.append(this.#field(name, select(values, chosen[name])));
      if (name === "bars") fields.append(this.#field("tempo", range(...tempi, chosen.tempo)));
    }
    this.#buttons.start = node("button", { type: "button", class: "compose-play" }, "Start");
    this.#buttons.midi = node("button", { type: "button", class: "compose-small" }, "Connect a MIDI keyboard");
    this.#buttons["save-midi"] = node("button", { type: "button", class: "compose-small" }, "Save MIDI");
    this.#buttons["save-wav"] = node("button", { type: "button", class: "compose-small" }, "Save WAV");
    this.#fields.bandVolume = node("input", { type: "range", min: 0, max: 1, step: 0.05, value: 1 });
    const volume = node("label", { class: "live-volume" }, "Band", this.#fields.bandVolume);
    const { start, midi, ...saves } = this.#buttons;
    const bar = node("div", { class: "compose-bar" }, start, this.#beats, this.#status);
    const lower = node("div", { class: "compose-bar live-lower" }, volume, midi, ...Object.values(saves));
    this.root = node("div", { class: "live-view" }, fields, bar, this.#fault, this.#canvas, keys, lower);
    this.#canvas.hidden = true;
    this.stopped("");
  }

  // Settings as the session takes them.
  get settings() {
    const values = Object.entries(this.#fields).map(([name, field]) => [name, field.value]);
    const settings = Object.fromEntries(values);
    for (const name of ["bars", "tempo", "bandVolume"]) settings[name] = Number(settings[name]);
    return settings;
  }

  // name: start, midi, save-midi or save-wav when pressed, volume when moved.
  on(name, act) {
    if (name === "volume") this.#fields.bandVolume.addEventListener("input", act);
    else this.#buttons[name].addEventListener("click", act);
  }

  say(words) {
    this.#status.textContent = words;
    this.#fault.textContent = "";
  }

  warn(words) {
    this.#fault.textContent = words;
  }

  started(session, band) {
    this.#shown = { session, band };
    this.#canvas.hidden = false;
    this.#lock(true);
    this.#animate();
  }

  stopped(fault) {
    this.#lock(false);
    this.say(this.#shown ? "Stopped." : "Press Start, then play when it is your turn.");
    this.warn(fault);
    [...this.#beats.children].forEach((dot) => dot.classList.remove("live-now"));
  }

  turn(whose, { settings, exchange, skipped }) {
    if (whose === "you") this.warn("");
    const turns = {
      "count-in": "Listen to the count-in …",
      you: `Your turn: ${counted(settings.bars)}`,
      network: `The network answers: ${counted(settings.bars)}`,
      band: `The band alone: ${counted(settings.bars)}`,
    };
    this.#status.textContent = turns[whose];
    // For whoever measures: seconds that the answer had left, and notes of all that came too late to be played.
    Object.assign(this.root.dataset, { margin: exchange?.margin ?? "", skipped, turn: whose });
  }

  #lock(playing) {
    for (const [name, field] of Object.entries(this.#fields)) field.disabled = playing && name !== "bandVolume" && name !== "you";
    this.#buttons.start.textContent = playing ? "Stop" : "Start";
    this.#buttons["save-midi"].disabled = this.#buttons["save-wav"].disabled = playing || !this.#shown;
    this.root.dataset.turn = playing ? "count-in" : "none";
  }

  #field(name, field) {
    this.#fields[name] = field;
    const shown = node("b", {}, name === "tempo" ? field.value : "");
    field.addEventListener("input", () => name === "tempo" && (shown.textContent = field.value));
    return node("label", { class: `live-field live-field-${name}` }, node("span", {}, LABELS[name], " ", shown), field);
  }

  #animate() {
    const { session, band } = this.#shown;
    if (!session.playing) return;
    const { tick } = session.clock;
    const beat = Math.floor(tick / TICKS_PER_BEAT);
    const now = ((beat % BEATS_PER_BAR) + BEATS_PER_BAR) % BEATS_PER_BAR;
    [...this.#beats.children].forEach((dot, index) => dot.classList.toggle("live-now", index === now));
    drawExchange(this.#canvas, {
      exchange: session.exchange ?? { ...exchangeAt(0, session.settings.bars), answer: null },
      played: session.played,
      chords: band.chords,
      length: band.length,
      tick: STILL.matches ? beat * TICKS_PER_BEAT : tick,
    });
    requestAnimationFrame(() => this.#animate());
  }
}

function select(values, chosen) {
  const options = values.map((value) => node("option", { value }, STYLES[value] ?? String(value)));
  const made = node("select", {}, ...options);
  made.value = chosen;
  return made;
}

function range(min, max, value) {
  return node("input", { type: "range", min, max, step: 1, value });
}
