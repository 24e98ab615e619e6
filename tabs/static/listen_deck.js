// The deck of a trial: one button per sound, the transport, the loop, and what happened with them. All sounds run on
// one clock; only one is heard.

import { clock } from "./player.js";
import { SHORTEST_LOOP_S } from "./sound.js";
import { html } from "./listen_stage.js";
import { say } from "./texts.js";

const MOST_EVENTS = 2000; // as many as the server takes
const LOGGED = ["play", "stop", "switch", "seek", "loop"];
// Keys of the slots: 1 to 9, then the three keys to the right of them.
const SLOT_KEYS = [..."1234567890-="];

export function transport() {
  return html`<div class="listen-transport">
      <button type="button" class="listen-button listen-play" disabled>${say("deck.play")}</button>
      <input type="range" class="listen-position" min="0" step="0.1" value="0" disabled aria-label="${say("deck.position")}" />
      <span class="listen-time"></span>
      <button type="button" class="listen-button listen-loop" aria-pressed="false" disabled>${say("deck.loop")}</button>
    </div>
    <div class="listen-region" role="group" aria-label="${say("deck.loop")}" hidden>${["from", "to"].map(
      (end) => html`<label>${say(`deck.${end}`)} <input type="range" class="listen-${end}" min="0" step="0.1"
        aria-label="${say(`deck.loop_${end}`)}" /><span></span></label>`,
    )}</div>`;
}

// The button of a sound: name is its letter, or what it is.
export function soundButton(slot, name) {
  return html`<button type="button" class="listen-slot" data-slot="${slot}" aria-pressed="false" disabled>
    <span class="listen-letter"><span class="listen-unseen">${say("deck.listen_to")} </span>${name}</span>
    <span class="listen-heard">${say("deck.loading")}</span></button>`;
}

export class Deck extends EventTarget {
  // Event: "state", whatever has changed, while playing once per frame.
  #element;
  #player;
  #minimumMs;
  #layers;
  #events = [];
  #shownAt = Date.now();
  #open = new AbortController();
  #frame = 0;

  // slots: how many of the sounds are to be rated; one more is the reference. layers: the sounds are heard together.
  constructor(element, player, { slots, minimumMs, layers }) {
    super();
    this.#element = element;
    this.#player = player;
    this.#minimumMs = minimumMs;
    this.#layers = layers;
    this.slots = slots;
    this.#all(".listen-slot").forEach((button) => (button.onclick = () => this.listen(Number(button.dataset.slot))));
    this.#one(".listen-play").onclick = () => this.toggle();
    this.#one(".listen-position").oninput = (event) => player.seek(Number(event.target.value));
    this.#one(".listen-loop").onclick = () => this.#toggleLoop();
    this.#one(".listen-region").oninput = (event) => this.#setLoop(event.target);
    // A click with the mouse leaves the focus where it was, so that the space bar goes on to play and pause.
    element.onmousedown = (event) => event.target.closest("button") && event.preventDefault();
    player.addEventListener("state", ({ detail }) => this.#follow(detail), { signal: this.signal });
    window.addEventListener("blur", () => this.log("blur"), { signal: this.signal });
  }

  async load(sounds) {
    this.#player.switchTo(0); // or the play button would begin with the sound that the last trial ended with
    await this.#player.load(sounds);
    this.#shownAt = Date.now();
    this.#events = [];
    this.#draw();
  }

  close() {
    this.#player.pause();
    this.#open.abort();
    cancelAnimationFrame(this.#frame);
  }

  // Aborted when the deck is closed.
  get signal() {
    return this.#open.signal;
  }

  // What an answer tells about the listening.
  get account() {
    return { heard_ms: this.#heardMs, shown_ms: this.#shownAt, answered_ms: Date.now(), events: this.#events };
  }
  // The slot that is heard now, or null.
  get heard() {
    return this.#player.playing ? this.#player.slot : null;
  }
  get heardEnough() {
    return this.#player.loaded && this.#heardMs.every((heard) => heard >= this.#minimumMs);
  }

  // All layers at once, each at its gain.
  mix(levels) {
    this.#player.setLevels(levels);
  }

  // The ballot has changed.
  touch() {
    this.dispatchEvent(new Event("state"));
  }

  log(type) {
    if (this.#events.length >= MOST_EVENTS) return;
    const place = { t_ms: Date.now() - this.#shownAt, pos_ms: Math.round(this.#player.position * 1000) };
    this.#events.push({ type, slot: this.#player.slot, ...place });
  }

  listen(slot) {
    if (slot < this.#all(".listen-slot").length) this.#player.play(slot);
  }

  toggle() {
    if (this.#player.playing) this.#player.pause();
    else this.#player.play();
  }

  // Carry out what a key asks for; false when it asks for nothing here.
  key(key) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const count = this.#all(".listen-slot").length;
    const slot = SLOT_KEYS.indexOf(key);
    if (key === " ") this.toggle();
    else if (key === "l") this.#toggleLoop();
    else if (key === "r" && count > this.slots) this.listen(this.slots);
    else if (step !== undefined) this.listen((this.#player.slot + step + count) % count);
    else if (slot !== -1 && slot < this.slots) this.listen(slot);
    else return false;
    return true;
  }

  #toggleLoop() {
    const whole = { from: 0, to: this.#player.duration };
    if (this.#player.loaded) this.#player.setLoop(this.#player.loop === null ? whole : null);
  }

  // The end that was moved stays where it was put, as far as the shortest loop lets it.
  #setLoop(moved) {
    const { duration } = this.#player;
    const [from, to] = [".listen-from", ".listen-to"].map((end) => Number(this.#one(end).value));
    if (moved.matches(".listen-from")) {
      const start = Math.min(from, duration - SHORTEST_LOOP_S);
      this.#player.setLoop({ from: start, to: Math.max(to, start + SHORTEST_LOOP_S) });
    } else {
      const end = Math.max(to, SHORTEST_LOOP_S);
      this.#player.setLoop({ from: Math.min(from, end - SHORTEST_LOOP_S), to: end });
    }
  }

  #follow(happened) {
    if (LOGGED.includes(happened)) this.log(happened);
    this.#draw();
    cancelAnimationFrame(this.#frame);
    if (this.#player.playing) this.#frame = requestAnimationFrame(() => this.#follow());
  }

  #draw() {
    const { playing, slot, position, duration, loaded, heardMs, loop } = this.#player;
    this.#all(".listen-slot").forEach((button) => {
      const own = Number(button.dataset.slot); // the reference stands first and is counted last
      button.disabled = !loaded;
      button.setAttribute("aria-pressed", String(playing && slot === own));
      const seconds = Math.ceil(Math.max(0, this.#minimumMs - heardMs[own]) / 1000);
      if (loaded) write(button.querySelector(".listen-heard"), seconds ? say("deck.to_go", { seconds }) : say("deck.heard"));
    });
    this.#one(".listen-play").disabled = this.#one(".listen-loop").disabled = !loaded;
    write(this.#one(".listen-play"), say(playing ? "deck.pause" : "deck.play"));
    Object.assign(this.#one(".listen-position"), { disabled: !loaded, max: duration, value: position });
    write(this.#one(".listen-time"), `${clock(position)} / ${clock(duration)}`);
    this.#one(".listen-loop").setAttribute("aria-pressed", String(loop !== null));
    this.#one(".listen-region").hidden = loop === null;
    for (const end of loop === null ? [] : ["from", "to"]) {
      const input = this.#one(`.listen-${end}`);
      Object.assign(input, { max: duration, value: loop[end] });
      write(input.nextSibling, `${loop[end].toFixed(1)} s`);
    }
    this.touch();
  }

  // Layers sound together, and so have one time between them.
  get #heardMs() {
    const { heardMs } = this.#player;
    return this.#layers ? [Math.max(...heardMs)] : heardMs;
  }

  #one(selector) {
    return this.#element.querySelector(selector);
  }
  #all(selector) {
    return this.#element.querySelectorAll(selector);
  }
}

// Only what differs is written, so that a screen reader is not told the same over and over.
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
