// The two views of the Compose tab: the seed notes, and the take with its piano roll and player.

import { PianoRoll } from "./piano_roll.js";
import { Player, clock } from "./player.js";

const LOWEST = 60; // C4; the row ends an octave higher
const NAMES = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];
const name = (pitch) => NAMES[pitch % 12];

export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// One octave of keys; value: the list of chosen pitches.
export function mountSeedNotes(element, props, watch) {
  const status = node("span", { class: "compose-count" });
  const back = node("button", { type: "button", class: "compose-small" }, "Undo");
  const clear = node("button", { type: "button", class: "compose-small" }, "Clear");
  const keys = node("div", { class: "compose-keys", role: "group", "aria-label": "Seed notes keyboard" });
  const chosen = node("div", { class: "compose-chosen", "aria-live": "polite" });
  for (let pitch = LOWEST; pitch <= LOWEST + 12; pitch++) {
    const label = `Add ${name(pitch)}${pitch === LOWEST + 12 ? ", upper" : ""}`;
    const black = name(pitch).length > 1;
    const attributes = { type: "button", class: black ? "compose-key compose-black" : "compose-key", "aria-label": label };
    const key = node("button", attributes, name(pitch));
    key.addEventListener("click", () => {
      blip(pitch);
      if (notes().length < props.most) set([...notes(), pitch]);
    });
    keys.append(key);
  }
  const notes = () => props.value || [];
  const set = (pitches) => {
    props.value = pitches;
    show();
  };
  back.addEventListener("click", () => set(notes().slice(0, -1)));
  clear.addEventListener("click", () => set([]));
  const show = () => {
    const count = notes().length;
    status.textContent = `Seed notes (optional): ${count} of ${props.most}`;
    const none = node("em", {}, "none: the network begins by itself");
    chosen.replaceChildren(...(count ? notes().map((pitch) => node("span", {}, name(pitch))) : [none]));
    back.disabled = clear.disabled = count === 0;
    keys.querySelectorAll("button").forEach((key) => (key.disabled = count >= props.most));
  };
  watch("value", show);
  const root = element.querySelector(".compose-seed-notes");
  root.append(node("div", { class: "compose-bar" }, status, back, clear), keys, chosen);
  show();
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

// Of the players given to this function one sounds at a time: who starts silences the others.
export function soundAlone(player) {
  players.add(player);
  player.addEventListener("state", () => {
    if (player.playing) players.forEach((other) => other === player || other.pause());
  });
}

const players = new Set();

export const barAt = (take, tick) => Math.floor(tick / take.ticksPerBar);

// Let pointer and keyboard on a roll's canvas move through the take; hands: take(), tick(), seek(tick) and toggle().
export function steer(canvas, roll, hands) {
  canvas.addEventListener("click", (event) =>
    hands.seek(roll.tickAt(event.offsetX, event.offsetY, roll.chorusAt(hands.tick()))),
  );
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const { ticksPerBar } = hands.take();
    if (event.key === " ") hands.toggle();
    else if (event.key in steps) hands.seek((barAt(hands.take(), hands.tick()) + steps[event.key]) * ticksPerBar);
    else if (event.key === "Home") hands.seek(0);
    else return;
    event.preventDefault();
  });
}

export function rollCanvas(label) {
  return node("canvas", {
    class: "compose-roll",
    tabindex: 0,
    role: "slider",
    "aria-label": `${label}: space plays and pauses, arrow keys move by a bar`,
    "aria-valuemin": 1,
    "aria-valuenow": 1,
  });
}

// Show where the playhead stands to those who do not see it.
export function announce(canvas, take, tick) {
  const bar = barAt(take, tick) + 1;
  canvas.setAttribute("aria-valuemax", take.length / take.ticksPerBar);
  canvas.setAttribute("aria-valuenow", bar);
  canvas.setAttribute("aria-valuetext", `bar ${bar}${take.wrongBars.includes(bar - 1) ? ", wrong chord" : ""}`);
}

// One button per chorus, if there are several; they keep to the playhead through `press`.
export function chorusButtons(take, seek) {
  const count = take.length / take.ticksPerBar / take.barsPerChorus;
  return Array.from({ length: count > 1 ? count : 0 }, (_, chorus) => {
    const button = node("button", { type: "button", class: "compose-small" }, `Chorus ${chorus + 1}`);
    button.addEventListener("click", () => seek(chorus * take.barsPerChorus * take.ticksPerBar));
    return button;
  });
}

export function press(buttons, chosen) {
  [...buttons].forEach((button, index) => button.setAttribute("aria-pressed", index === chosen));
}

// Piano roll and player; value: the take as tabs/compose_take.py packs it.
export function mountTake(element, props, watch) {
  const view = takeView();
  element.querySelector(".compose-take").append(view.root);
  const player = new Player();
  soundAlone(player);
  const roll = new PianoRoll(view.canvas);
  let take = null;

  const tick = () => Math.min(player.position / take.secondsPerTick, take.length - 1);
  const seek = (target) => {
    if (player.loaded) player.seek(Math.min(Math.max(target, 0), take.length - 1) * take.secondsPerTick);
  };
  const toggle = () => (player.playing ? player.pause() : player.play());
  const draw = () => {
    if (!take) return;
    roll.draw(tick());
    view.time.textContent = `${clock(player.position)} / ${clock(take.length * take.secondsPerTick)}`;
    announce(view.canvas, take, tick());
    press(view.choruses.children, roll.chorusAt(tick()));
  };
  const animate = () => {
    draw();
    if (player.playing) requestAnimationFrame(animate);
  };
  player.addEventListener("state", () => {
    view.play.textContent = player.playing ? "Pause" : "Play";
    animate();
  });
  view.play.addEventListener("click", toggle);
  steer(view.canvas, roll, { take: () => take, tick, seek, toggle });
  new ResizeObserver(draw).observe(view.root);

  const open = async () => {
    if (!props.value?.sound) return;
    take = props.value;
    roll.take = take;
    view.root.hidden = false;
    view.seedKey.hidden = take.seeded === 0;
    view.choruses.replaceChildren(...chorusButtons(take, seek));
    view.play.disabled = true;
    view.fault.textContent = "";
    try {
      await player.load([new URL(take.sound, document.baseURI)]);
      view.play.disabled = false;
    } catch (error) {
      view.fault.textContent = error.message;
    }
    draw();
  };
  watch("value", open);
  open();
}

function takeView() {
  const play = node("button", { type: "button", class: "compose-play", disabled: "" }, "Play");
  const time = node("span", { class: "compose-time" });
  const choruses = node("div", { class: "compose-choruses", role: "group", "aria-label": "Choruses" });
  const canvas = rollCanvas("Piano roll");
  const seedKey = node("span", { class: "compose-key-seed" }, "your seed notes");
  const legend = node(
    "div",
    { class: "compose-legend" },
    node("span", { class: "compose-key-melody" }, "melody"),
    node("span", { class: "compose-key-chords" }, "chords"),
    seedKey,
    node("span", {}, "Click the roll to jump; space plays and pauses."),
  );
  const fault = node("div", { class: "compose-fault", role: "alert" });
  const root = node("div", { class: "compose-view" }, node("div", { class: "compose-bar" }, play, time, choruses), canvas, legend, fault);
  root.hidden = true;
  return { root, play, time, choruses, canvas, seedKey, fault };
}
