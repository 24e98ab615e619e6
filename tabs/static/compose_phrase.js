// The phrase that a take begins with: one octave of keys to play it, and what has been played, hummed or read from MIDI.

import { node } from "./compose.js";

const LOWEST = 60; // C4; the row ends an octave higher
const NAMES = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const BEAT = 12; // ticks
const VELOCITY = 90;
const name = (pitch) => NAMES[pitch % 12];

// value: the phrase as [start, ticks, pitch, velocity]; a key adds a note of one beat. ticks: how long it may get.
export function mountPhrase(element, props, watch) {
  const status = node("span", { class: "compose-count" });
  const back = node("button", { type: "button", class: "compose-small" }, "Undo");
  const clear = node("button", { type: "button", class: "compose-small" }, "Clear");
  const keys = node("div", { class: "compose-keys", role: "group", "aria-label": "Keyboard of the opening phrase" });
  const chosen = node("div", { class: "compose-chosen", "aria-live": "polite" });
  const notes = () => props.value || [];
  const end = () => Math.ceil(Math.max(0, ...notes().map(([start, ticks]) => start + ticks)) / BEAT) * BEAT;
  const set = (phrase) => {
    props.value = phrase;
    show();
  };
  for (let pitch = LOWEST; pitch <= LOWEST + 12; pitch++) {
    keys.append(pianoKey(pitch, () => end() < props.ticks && set([...notes(), [end(), BEAT, pitch, VELOCITY]])));
  }
  back.addEventListener("click", () => set(notes().slice(0, -1)));
  clear.addEventListener("click", () => set([]));
  const show = () => {
    const count = notes().length;
    status.textContent = count ? `Your opening phrase: ${count} note${count > 1 ? "s" : ""}` : "Your opening phrase";
    const none = node("em", {}, "none: the model begins by itself");
    chosen.replaceChildren(...(count ? notes().map(chip) : [none]));
    back.disabled = clear.disabled = count === 0;
    keys.querySelectorAll("button").forEach((key) => (key.disabled = end() >= props.ticks));
  };
  watch("value", show);
  const root = element.querySelector(".compose-phrase");
  root.append(node("div", { class: "compose-bar" }, status, back, clear), keys, chosen);
  show();
}

function pianoKey(pitch, add) {
  const label = `Add ${name(pitch)}${pitch === LOWEST + 12 ? ", upper" : ""}`;
  const black = name(pitch).length > 1;
  const attributes = { type: "button", class: black ? "compose-key compose-black" : "compose-key", "aria-label": label };
  const key = node("button", attributes, name(pitch));
  key.addEventListener("click", () => {
    blip(pitch);
    add();
  });
  return key;
}

// A note of the phrase, the wider the longer it lasts.
function chip([, ticks, pitch]) {
  const made = node("span", {}, name(pitch));
  made.style.minWidth = `${Math.min(ticks, 4 * BEAT) * 1.6}px`;
  return made;
}

let blips = null; // the page's audio context for the keys' own sound, made at the first click

function blip(pitch) {
  blips ??= new AudioContext();
  const now = blips.currentTime;
  const tone = new OscillatorNode(blips, { type: "triangle", frequency: 440 * 2 ** ((pitch - 69) / 12) });
  const level = new GainNode(blips, { gain: 0.2 });
  level.gain.setTargetAtTime(0, now + 0.1, 0.08);
  tone.connect(level).connect(blips.destination);
  tone.start(now);
  tone.stop(now + 0.6);
}
