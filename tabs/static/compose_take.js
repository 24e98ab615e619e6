// The take of the Compose tab: piano roll, player with a level for each part, bars to keep while others are played anew.

import { announce, barAt, chorusButtons, node, press, rollCanvas, soundAlone, steer } from "./compose.js";
import { Judged } from "./compose_judged.js";
import { Mixer } from "./compose_mixer.js";
import { PianoRoll } from "./piano_roll.js";
import { Player, clock } from "./player.js";

// value: the take as tabs/compose_take.py packs it. ask.replay(bars to keep) and ask.undo() go to the server.
export function mountTake(element, props, watch, ask) {
  const view = takeView();
  element.querySelector(".compose-take").append(view.root);
  const player = new Player();
  soundAlone(player);
  const roll = new PianoRoll(view.canvas);
  const mixer = new Mixer((gains) => player.setLevels(gains));
  view.mixer.append(mixer.root);
  let take = null;

  const tick = () => Math.min(player.position / take.secondsPerTick, take.length - 1);
  const seek = (target) => {
    if (!player.loaded) return;
    if (choosing(view)) toggleKept(barAt(take, target));
    else player.seek(Math.min(Math.max(target, 0), take.length - 1) * take.secondsPerTick);
  };
  const toggle = () => (player.playing ? player.pause() : player.play());
  const toggleKept = (bar) => {
    if (!roll.kept.delete(bar)) roll.kept.add(bar);
    showKept();
  };
  const showKept = () => {
    const others = take.length / take.ticksPerBar - roll.kept.size;
    view.replay.disabled = roll.kept.size === 0 || others === 0;
    view.kept.textContent = keptWords([...roll.kept]);
    draw();
  };
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
  view.keep.addEventListener("click", () => view.keep.setAttribute("aria-pressed", !choosing(view)));
  view.replay.addEventListener("click", () => ask.replay([...roll.kept]));
  view.undo.addEventListener("click", () => ask.undo());
  view.canvas.addEventListener("keydown", (event) => event.key === "k" && take?.editable && toggleKept(barAt(take, tick())));
  view.canvas.addEventListener("mousemove", (event) => {
    if (!take) return;
    view.canvas.title = view.judged.sourceAt(roll.tickAt(event.offsetX, event.offsetY, roll.chorusAt(tick())));
  });
  steer(view.canvas, roll, { take: () => take, tick, seek, toggle });
  new ResizeObserver(draw).observe(view.root);

  const open = async () => {
    if (!props.value?.stems) return;
    const place = take?.length === props.value.length ? player.position : 0;
    take = props.value;
    roll.take = take;
    roll.kept = new Set(take.kept);
    show(view, take);
    mixer.parts = take.stems.map((stem) => stem.part);
    view.choruses.replaceChildren(...chorusButtons(take, (target) => player.seek(target * take.secondsPerTick)));
    try {
      await player.load(take.stems.map((stem) => new URL(stem.sound, document.baseURI)));
      player.setLevels(mixer.gains);
      player.seek(place);
      view.play.disabled = false;
      // On a telephone the take lies below the controls.
      if (view.play.getBoundingClientRect().top > window.innerHeight) view.root.scrollIntoView({ behavior: "smooth" });
    } catch (error) {
      view.fault.textContent = error.message;
    }
    showKept();
  };
  watch("value", open);
  open();
}

const choosing = (view) => view.keep.getAttribute("aria-pressed") === "true";

// Musicians count bars from 1.
function keptWords(bars) {
  if (!bars.length) return "Choose bars, then play the others anew.";
  const numbers = bars.sort((a, b) => a - b).map((bar) => bar + 1);
  return `Kept: ${numbers.length > 1 ? "bars" : "bar"} ${numbers.join(", ")}`;
}

function show(view, take) {
  view.root.hidden = false;
  view.seedKey.hidden = take.seeded === 0;
  view.copiedKey.hidden = !take.copied.length;
  view.edit.hidden = !take.editable;
  view.undo.disabled = !take.undoable;
  view.keep.setAttribute("aria-pressed", false);
  view.judged.take = take;
  view.play.disabled = true;
  view.fault.textContent = "";
}

function small(words) {
  return node("button", { type: "button", class: "compose-small" }, words);
}

function takeView() {
  const play = node("button", { type: "button", class: "compose-play", disabled: "" }, "Play");
  const time = node("span", { class: "compose-time" });
  const choruses = node("div", { class: "compose-choruses", role: "group", "aria-label": "Choruses" });
  const canvas = rollCanvas("Piano roll");
  const seedKey = node("span", { class: "compose-key-seed" }, "your phrase");
  const copiedKey = node("span", { class: "compose-key-copied" }, "copied");
  const legend = node("div", { class: "compose-legend" }, seedKey, copiedKey, node("span", {}, "Click the roll to jump; space plays and pauses."));
  const mixer = node("div");
  const [keep, replay, undo] = [small("Choose bars to keep"), small("Play the others anew"), small("Undo")];
  keep.setAttribute("aria-pressed", false);
  const kept = node("span", { class: "compose-kept", "aria-live": "polite" });
  const edit = node("div", { class: "compose-bar compose-edit", role: "group", "aria-label": "Edit" }, keep, replay, undo, kept);
  const judged = new Judged();
  const fault = node("div", { class: "compose-fault", role: "alert" });
  const bar = node("div", { class: "compose-bar" }, play, time, choruses);
  const root = node("div", { class: "compose-view" }, bar, canvas, legend, mixer, edit, judged.root, fault);
  root.hidden = true;
  return { root, play, time, choruses, canvas, seedKey, copiedKey, mixer, edit, keep, replay, undo, kept, judged, fault };
}
