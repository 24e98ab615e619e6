// The comparison of the Compose tab: the same beginning continued by each network, piano rolls under one another.
// All sounds run on one clock, so whoever is heard, every playhead is at the same place.

import { announce, chorusButtons, node, press, rollCanvas, soundAlone, steer } from "./compose.js";
import { PianoRoll } from "./piano_roll.js";
import { Player, clock } from "./player.js";

// A whole chorus on one line needs 48 px per bar; phones break it.
const LAYOUT = { barsPerLine: (width) => (width < 576 ? 4 : 12), semitone: 3 };

// value: { takes: [a take as tabs/compose_take.py packs it, with title, about and verdict] }
export function mountComparison(element, props, watch) {
  const root = element.querySelector(".compose-comparison");
  const time = node("span", { class: "compose-time" });
  const choruses = node("div", { class: "compose-choruses", role: "group", "aria-label": "Choruses" });
  const list = node("div", { class: "compose-compared" });
  const fault = node("div", { class: "compose-fault", role: "alert" });
  root.append(node("div", { class: "compose-bar" }, time, choruses), list, legend(), fault);
  const player = new Player();
  soundAlone(player);
  let rows = [];

  const take = () => rows[0].take;
  const tick = () => Math.min(player.position / take().secondsPerTick, take().length - 1);
  const seek = (target) => {
    if (player.loaded) player.seek(Math.min(Math.max(target, 0), take().length - 1) * take().secondsPerTick);
  };
  const toggle = (slot) => (player.playing && player.slot === slot ? player.pause() : player.play(slot));
  const draw = () => {
    if (!rows.length) return;
    time.textContent = `${clock(player.position)} / ${clock(take().length * take().secondsPerTick)}`;
    rows.forEach((row, slot) => row.show(tick(), player.playing && player.slot === slot));
    press(choruses.children, rows[0].roll.chorusAt(tick()));
  };
  const animate = () => {
    draw();
    if (player.playing) requestAnimationFrame(animate);
  };
  player.addEventListener("state", animate);
  new ResizeObserver(draw).observe(root);

  const open = async () => {
    const takes = props.value?.takes ?? [];
    root.hidden = !takes.length;
    if (!takes.length) return;
    player.stop();
    rows = takes.map((shown, slot) => comparedRow(shown, { take, tick, seek, toggle: () => toggle(slot) }));
    list.replaceChildren(...rows.map((row) => row.root));
    choruses.replaceChildren(...chorusButtons(take(), seek));
    fault.textContent = "";
    try {
      await player.load(takes.map((shown) => new URL(shown.sound, document.baseURI)));
      rows.forEach((row) => (row.play.disabled = false));
    } catch (error) {
      fault.textContent = error.message;
    }
    draw();
  };
  watch("value", open);
  open();
}

// One network: its button, what it is, how it kept to the chords, and its roll.
function comparedRow(take, hands) {
  const play = node("button", { type: "button", class: "compose-play", disabled: "" }, "Play");
  play.setAttribute("aria-label", `Play ${take.title}`);
  const canvas = rollCanvas(`Piano roll of ${take.title}`);
  const roll = new PianoRoll(canvas, LAYOUT);
  roll.take = take;
  const name = node("h4", {}, take.title);
  const verdict = node("p", { class: take.wrongBars.length ? "compose-wrong" : "compose-right" }, take.verdict);
  const words = node("div", { class: "compose-words" }, name, node("p", {}, take.about), verdict);
  const root = node("section", { class: "compose-row" }, node("div", { class: "compose-heading" }, play, words), canvas);
  play.addEventListener("click", hands.toggle);
  steer(canvas, roll, hands);
  const show = (tick, sounding) => {
    roll.draw(tick);
    announce(canvas, take, tick);
    play.textContent = sounding ? "Pause" : "Play";
    play.setAttribute("aria-label", `${sounding ? "Pause" : "Play"} ${take.title}`);
    root.classList.toggle("compose-sounding", sounding);
  };
  return { root, play, roll, take, show };
}

function legend() {
  return node(
    "div",
    { class: "compose-legend" },
    node("span", { class: "compose-key-melody" }, "melody"),
    node("span", { class: "compose-key-chords" }, "chords"),
    node("span", { class: "compose-key-seed" }, "seed notes"),
    node("span", { class: "compose-key-wrong" }, "a bar with a wrong chord: hatched and framed"),
  );
}
