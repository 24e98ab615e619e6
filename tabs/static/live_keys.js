// What the visitor plays on: a piano on the page, the computer's keyboard, MIDI keyboards. All of them end in
// hands.press(pitch, velocity, stamp) and hands.release(pitch, stamp); stamp is the event's own, of performance.now().

import { node } from "./compose.js";

const VELOCITY = 96; // of keys that do not tell how hard they were struck
const BLACK = [1, 3, 6, 8, 10];
const NAMES = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const ROW = ["KeyA", "KeyW", "KeyS", "KeyE", "KeyD", "KeyF", "KeyT", "KeyG", "KeyY", "KeyH", "KeyU", "KeyJ", "KeyK", "KeyO", "KeyL", "KeyP", "Semicolon"];
const [LOWEST, HIGHEST] = [36, 72]; // of the piano's first key

const black = (pitch) => BLACK.includes(pitch % 12);
const label = (pitch) => `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;

export class Keys {
  root = node("div", { class: "live-keys" });
  #hands;
  #first = 60;
  #keys = new Map(); // pitch -> button
  #down = new Map(); // what holds it (pointer, code or MIDI key) -> pitch
  #narrow = matchMedia("(max-width: 560px)");

  constructor(hands) {
    this.#hands = hands;
    this.#narrow.addEventListener("change", () => this.#build());
    this.#build();
    this.#listen();
  }

  press(by, pitch, velocity, stamp) {
    this.release(by, stamp);
    this.#down.set(by, pitch);
    this.#keys.get(pitch)?.classList.add("live-down");
    this.#hands.press(pitch, velocity, stamp);
  }

  release(by, stamp) {
    const pitch = this.#down.get(by);
    if (pitch === undefined) return;
    this.#down.delete(by);
    this.#keys.get(pitch)?.classList.remove("live-down");
    this.#hands.release(pitch, stamp);
  }

  // While the piano is on view, the keys of the row A S D F ... are its white keys, whatever letters stand on them, and
  // those of Z and X move by an octave. Whoever is typing into a field is left alone.
  #listen() {
    document.addEventListener("keydown", (event) => {
      if (this.root.offsetParent === null || event.target.matches("input:not([type=range]), textarea, select")) return;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.code === "KeyZ" || event.code === "KeyX") this.#shift(event.code === "KeyZ" ? -12 : 12);
      const step = ROW.indexOf(event.code);
      if (step < 0) return;
      event.preventDefault();
      if (!event.repeat) this.press(event.code, this.#first + step, VELOCITY, event.timeStamp);
    });
    document.addEventListener("keyup", (event) => this.release(event.code, event.timeStamp));
    window.addEventListener("blur", () => [...this.#down.keys()].forEach((by) => this.release(by, performance.now())));
  }

  // Resolves to a sentence that says what is connected; throws an Error with a sentence if the browser refuses.
  async connectMidi() {
    if (!navigator.requestMIDIAccess) throw new Error("This browser has no Web MIDI. Chrome, Edge and Firefox have; the piano here plays as well.");
    let access;
    try {
      access = await navigator.requestMIDIAccess();
    } catch {
      throw new Error("The browser refused access to MIDI keyboards. Allow it in the site's settings, or play the piano here.");
    }
    const inputs = () => [...access.inputs.values()].filter((input) => input.state !== "disconnected");
    const attach = () => inputs().forEach((input) => (input.onmidimessage = (event) => this.#midi(input, event)));
    access.onstatechange = attach;
    attach();
    const names = inputs().map((input) => input.name).join(", ");
    return names ? `Connected: ${names}.` : "No MIDI keyboard is plugged in; plug one in and play, it will be heard.";
  }

  #midi(input, { data: [status, pitch, velocity], timeStamp }) {
    const by = `${input.id} ${pitch}`;
    const kind = status & 0xf0;
    if (kind === 0x90 && velocity > 0) this.press(by, pitch, velocity, timeStamp);
    else if (kind === 0x80 || kind === 0x90) this.release(by, timeStamp);
  }

  #shift(semitones) {
    this.#first = Math.min(Math.max(this.#first + semitones, LOWEST), HIGHEST);
    this.#build();
  }

  #build() {
    const count = this.#narrow.matches ? 13 : 25;
    this.#keys = new Map(Array.from({ length: count }, (_, step) => [this.#first + step, this.#key(step)]));
    const white = [...this.#keys.keys()].filter((pitch) => !black(pitch));
    const board = node("div", { class: "live-board", role: "group", "aria-label": "Piano; left and right arrow keys move, space plays" });
    board.style.setProperty("--live-white", white.length);
    for (const [pitch, key] of this.#keys) {
      key.style.setProperty("--live-at", white.filter((other) => other < pitch).length);
      board.append(key);
    }
    this.#keys.get(this.#first).tabIndex = 0;
    this.#pointers(board);
    const lower = node("button", { type: "button", class: "compose-small", "aria-label": "Octave lower" }, "‹");
    const higher = node("button", { type: "button", class: "compose-small", "aria-label": "Octave higher" }, "›");
    lower.addEventListener("click", () => this.#shift(-12));
    higher.addEventListener("click", () => this.#shift(12));
    [lower.disabled, higher.disabled] = [this.#first === LOWEST, this.#first === HIGHEST];
    this.root.replaceChildren(lower, board, higher);
  }

  #key(step) {
    const pitch = this.#first + step;
    const letter = ROW[step] === "Semicolon" ? ";" : (ROW[step]?.slice(3) ?? "");
    const key = node("button", { type: "button", tabindex: -1, class: black(pitch) ? "live-key live-black" : "live-key", "aria-label": label(pitch) });
    key.append(node("span", { "aria-hidden": true }, letter), pitch % 12 ? "" : node("small", { "aria-hidden": true }, label(pitch)));
    key.dataset.pitch = pitch;
    key.addEventListener("keydown", (event) => this.#steer(event, pitch));
    key.addEventListener("keyup", (event) => this.release("focus", event.timeStamp));
    return key;
  }

  // Of a focused key: space and enter play it, arrows move to its neighbours.
  #steer(event, pitch) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (move) {
      const next = this.#keys.get(pitch + move);
      if (next) [next.tabIndex, this.#keys.get(pitch).tabIndex] = [0, -1];
      next?.focus();
    } else if (event.key === " " || event.key === "Enter") {
      if (!event.repeat) this.press("focus", pitch, VELOCITY, event.timeStamp);
    } else return;
    event.preventDefault();
  }

  // Mouse, pen and fingers, several at once; a pointer that slides plays what it passes.
  #pointers(board) {
    const under = (event) => Number(document.elementFromPoint(event.clientX, event.clientY)?.closest(".live-key")?.dataset.pitch);
    board.addEventListener("pointerdown", (event) => {
      const pitch = under(event);
      if (Number.isNaN(pitch)) return;
      board.setPointerCapture(event.pointerId);
      this.press(event.pointerId, pitch, VELOCITY, event.timeStamp);
    });
    board.addEventListener("pointermove", (event) => {
      const pitch = under(event);
      if (!this.#down.has(event.pointerId) || Number.isNaN(pitch) || pitch === this.#down.get(event.pointerId)) return;
      this.press(event.pointerId, pitch, VELOCITY, event.timeStamp);
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      board.addEventListener(end, (event) => this.release(event.pointerId, event.timeStamp));
    }
  }
}
