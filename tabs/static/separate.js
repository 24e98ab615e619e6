// The view of the Separate tab: a song and its two stems on one clock, over a spectrogram that shows the mask.

import { MaskPicture } from "./mask_picture.js";
import { Player, clock } from "./player.js";

const SLOTS = ["Song", "Vocals", "Accompaniment"];
const MIX = 3;

function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Value: what tabs/separate.py packs: three sounds, the picture's planes, alpha, rule, softness.
export function mount(element, props, watch) {
  const view = build();
  element.querySelector(".separate-view").append(view.root);
  const player = new Player();
  const picture = new MaskPicture(view.canvas);
  let song = null;
  let chosen = 0;

  const listen = () => {
    if (chosen === MIX) player.setLevels([0, ...view.levels.map((level) => Number(level.value))]);
    else player.switchTo(chosen);
    view.choices.forEach((button, choice) => button.setAttribute("aria-pressed", choice === chosen));
    view.mixer.hidden = chosen !== MIX;
  };
  const draw = () => {
    picture.draw(player.position);
    view.time.textContent = `${clock(player.position)} / ${clock(player.duration)}`;
    view.canvas.setAttribute("aria-valuenow", Math.round(player.position));
    view.canvas.setAttribute("aria-valuetext", clock(player.position));
  };
  const animate = () => {
    draw();
    if (player.playing) requestAnimationFrame(animate);
  };
  const toggle = () => (player.playing ? player.pause() : player.play());

  player.addEventListener("state", () => {
    view.play.textContent = player.playing ? "Pause" : "Play";
    animate();
  });
  view.play.addEventListener("click", toggle);
  view.choices.forEach((button, choice) =>
    button.addEventListener("click", () => {
      chosen = choice;
      listen();
    }),
  );
  view.levels.forEach((level) => level.addEventListener("input", listen));
  view.canvas.addEventListener("click", (event) => {
    if (player.loaded) player.seek(picture.secondsAt(event.offsetX));
  });
  view.canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -5, ArrowRight: 5 };
    if (!player.loaded) return;
    if (event.key === " ") toggle();
    else if (event.key in steps) player.seek(player.position + steps[event.key]);
    else if (event.key === "Home") player.seek(0);
    else return;
    event.preventDefault();
  });
  // Gradio's slider reports a release of the pointer alone; a key that moved it must count as well.
  document.querySelector("#separate-alpha input[type=range]")?.addEventListener("keyup", (event) => {
    if (event.key !== "Tab") event.target.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
  });
  window.addEventListener("separate-alpha", (event) => {
    picture.alpha = event.detail;
    draw();
  });
  new ResizeObserver(draw).observe(view.root);

  const show = async () => {
    if (!props.value?.sounds) return;
    const value = props.value;
    const urls = value.sounds.map((sound) => new URL(sound, document.baseURI));
    view.root.hidden = false;
    view.fault.textContent = "";
    picture.show(value);
    view.canvas.setAttribute("aria-valuemax", Math.round(value.seconds));
    const fresh = value.song !== song;
    song = value.song;
    view.root.setAttribute("aria-busy", "true");
    view.play.disabled = fresh;
    try {
      if (fresh) await player.load(urls);
      else await player.replace(Object.fromEntries(urls.entries()));
      view.play.disabled = false;
      listen();
    } catch (error) {
      view.fault.textContent = error.message;
    }
    if (value === props.value) view.root.setAttribute("aria-busy", "false");
    draw();
  };
  watch("value", show);
  show();
}

function build() {
  const play = node("button", { type: "button", class: "separate-play" }, "Play");
  const time = node("span", { class: "separate-time" });
  const choices = [...SLOTS, "Own mix"].map((name, choice) =>
    node("button", { type: "button", class: "separate-choice", "aria-pressed": choice === 0 }, name),
  );
  const levels = SLOTS.slice(1).map((name) =>
    node("input", { type: "range", min: 0, max: 1, step: 0.01, value: 1, "aria-label": `${name} level` }),
  );
  const mixer = node(
    "div",
    { class: "separate-mixer" },
    ...levels.map((level, i) => node("label", {}, SLOTS[i + 1], level)),
  );
  mixer.hidden = true;
  const canvas = node("canvas", {
    class: "separate-picture",
    tabindex: 0,
    role: "slider",
    "aria-label": "Spectrogram with the mask: space plays and pauses, arrow keys move by five seconds",
    "aria-valuemin": 0,
    "aria-valuenow": 0,
  });
  const legend = node(
    "div",
    { class: "separate-legend" },
    node("span", { class: "separate-key-vocals" }, "vocals"),
    node("span", { class: "separate-key-accompaniment" }, "accompaniment"),
    node("span", {}, "Brighter is louder. Click to jump."),
  );
  const fault = node("div", { class: "separate-fault", role: "alert" });
  const group = node("div", { class: "separate-choices", role: "group", "aria-label": "What you hear" }, ...choices);
  const root = node("div", {}, node("div", { class: "separate-bar" }, play, time, group), mixer, canvas, legend, fault);
  root.hidden = true;
  return { root, play, time, choices, levels, mixer, canvas, fault };
}
