// The view of the Separate tab: one song, its stems at any alpha, mixed in the page while it plays.

import { LayersPlayer } from "./layers_player.js";
import { MaskPicture } from "./mask_picture.js";
import { button, node } from "./node.js";
import { clock } from "./player.js";
import { Downloads } from "./separate_download.js";
import { mixGains, settings, share, stemGains } from "./separate_mask.js";
import { StemMixer } from "./separate_mixer.js";
import { steer } from "./separate_steering.js";

// Value: what tabs/separate_cut.py packs: where song and levels are, and the picture's planes.
export function mount(element, props, watch, ask) {
  const player = new LayersPlayer();
  const mixer = new StemMixer();
  const downloads = new Downloads(ask, () => ({ levels: mixer.levels, section: player.loop }));
  const view = build(mixer, downloads);
  element.querySelector(".separate-view").append(view.root);
  const picture = new MaskPicture(view.canvas);
  let stems = stemGains(settings());
  let song = null;

  const draw = () => {
    picture.draw(player.position, player.loop);
    view.time.textContent = `${clock(player.position)} / ${clock(player.duration)}`;
    view.canvas.setAttribute("aria-valuenow", Math.round(player.position));
    view.canvas.setAttribute("aria-valuetext", clock(player.position));
  };
  const animate = () => {
    draw();
    if (player.playing) requestAnimationFrame(animate);
  };
  const hear = () => player.setGains(mixGains(stems, mixer.levels));
  const remask = () => {
    stems = stemGains(settings());
    hear();
    picture.stems = stems;
    tellShares();
    requestAnimationFrame(draw);
  };
  const tellShares = () => {
    if (!song) return;
    const [vocals, accompaniment] = [stems.vocals, stems.accompaniment].map((gains) => share(gains, song.energies));
    mixer.tell({ vocals, accompaniment });
  };
  const loopOver = (loop) => {
    player.setLoop(loop);
    downloads.loop = loop;
    view.loop.hidden = !loop;
    if (loop) view.loop.textContent = `Loop ${clock(loop.from)} – ${clock(loop.to)} ✕`;
    draw();
  };

  player.addEventListener("state", () => {
    view.play.textContent = player.playing ? "Pause" : "Play";
    animate();
  });
  mixer.addEventListener("change", hear);
  view.loop.addEventListener("click", () => loopOver(null));
  steer(view, player, picture, { loopOver, compare: () => mixer.compare() });
  // The page's own events come while a slider is dragged; Gradio's, of whatever else changes it, later.
  document.addEventListener("input", ({ target }) => {
    if (target.closest("#separate-alpha, #separate-softness")) window.dispatchEvent(new Event("separate-mask"));
  });
  window.addEventListener("separate-mask", remask);
  new ResizeObserver(draw).observe(view.root);

  const show = async () => {
    const { value } = props;
    if (!value?.sources) return;
    const keep = value.song === song?.song; // the same song separated anew: it plays on
    view.root.hidden = false;
    view.root.setAttribute("aria-busy", "true");
    element.toggleAttribute("data-shown", true); // the stylesheet hides the dials without it
    view.fault.textContent = "";
    downloads.clear();
    try {
      const sources = Object.entries(value.sources).map(([name, url]) => [name, new URL(url, document.baseURI)]);
      const buffer = await player.load(Object.fromEntries(sources), keep);
      if (!buffer) return; // a later song has taken over
      song = value;
      if (!keep) {
        loopOver(null);
        document.querySelector("#separate-text").scrollIntoView({ behavior: "smooth", block: "nearest" });
      }
      view.canvas.setAttribute("aria-valuemax", Math.round(value.seconds));
      view.play.disabled = false;
      picture.show(value, peaks(buffer, value.columns));
      remask();
    } catch (error) {
      view.fault.textContent = error.message;
    }
    if (value === props.value) view.root.setAttribute("aria-busy", "false");
  };
  watch("value", show);
  show();
}

// The highest sample of each column of the waveform, as a share of the highest of all.
function peaks(buffer, columns) {
  const highest = new Float32Array(columns);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    const wave = buffer.getChannelData(channel);
    for (let i = 0; i < wave.length; i++) {
      const column = Math.floor((i * columns) / wave.length);
      if (Math.abs(wave[i]) > highest[column]) highest[column] = Math.abs(wave[i]);
    }
  }
  const peak = Math.max(...highest) || 1;
  return highest.map((height) => height / peak);
}

function build(mixer, downloads) {
  const play = button("separate-play", "Play", { disabled: "" });
  const time = node("span", { class: "separate-time" });
  const loop = button("separate-choice", "", { hidden: "", title: "End the loop" });
  const canvas = node("canvas", {
    class: "separate-picture",
    tabindex: 0,
    role: "slider",
    "aria-label": "Position in the song",
    "aria-valuemin": 0,
    "aria-valuenow": 0,
  });
  const hint = node(
    "p",
    { class: "separate-hint" },
    "Tap to jump, drag to loop a section. ",
    node("span", { class: "separate-keys" }, "Keys: space plays, arrows move, [ and ] set the loop, O is the original."),
  );
  const fault = node("div", { class: "separate-fault", role: "alert" });
  const bar = node("div", { class: "separate-bar" }, play, time, loop, mixer.presets);
  const root = node("div", {}, bar, canvas, hint, mixer.root, downloads.root, fault);
  root.hidden = true;
  return { root, play, time, loop, canvas, fault };
}
