// The panel of curves below the picture: two charts, a cursor at the slider's alpha, the scores there, the best alpha.

import { node } from "./node.js";
import { Chart, MEASURES, sample, scoreAt, span } from "./separate_chart.js";
import { settings } from "./separate_mask.js";

const STEMS = ["Vocals", "Accompaniment"];
const SIDE_BY_SIDE = 560; // pixels from which on both charts stand in one row
const GAP = 12;

const slider = () => document.querySelector("#separate-alpha input[type=range]");

// Move the slider as a hand would.
function setAlpha(alpha) {
  slider().value = alpha;
  slider().dispatchEvent(new Event("input", { bubbles: true }));
  slider().dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
}

// Value: what tabs/separate_curves.py packs: models with their scores, the best alpha, what was measured.
export function mount(element, props, watch) {
  const charts = STEMS.map((title, stem) => new Chart(title, stem));
  const heading = node("h4");
  const best = node("div", { class: "separate-best" });
  const legend = node("div", { class: "separate-measures" });
  const table = node("div", { class: "separate-scores", tabindex: 0, role: "region", "aria-label": "Scores at alpha" });
  const alike = node("p", { class: "separate-alike" });
  const words = node("p", { class: "separate-words" });
  const root = element.querySelector(".separate-curves");
  root.append(heading, pictureOf(charts), legend, best, table, alike, words);
  const mark = bestMark();
  let alpha = settings().alpha;

  const move = () => {
    if (!props.value) return;
    charts.forEach((chart) => chart.moveTo(alpha));
    table.replaceChildren(scores(props.value.models, alpha));
  };
  const draw = () => {
    if (!props.value) return;
    drawn(charts, root, props.value.models, props.value.best);
    mark.place(props.value.best);
    move();
  };
  const show = () => {
    const { value } = props;
    root.toggleAttribute("data-shown", Boolean(value)); // the stylesheet hides the panel without it
    if (!value) return mark.place(null);
    alpha = settings().alpha;
    heading.textContent = `Measured against the true stems: the ${Math.round(value.seconds)} s with the strongest vocals`;
    legend.replaceChildren(...legendOf(value.models));
    best.replaceChildren(...bestOf(value.best));
    alike.textContent = value.alike;
    words.textContent = explained(value);
    draw();
  };
  window.addEventListener("separate-mask", () => {
    alpha = settings().alpha;
    move();
  });
  new ResizeObserver(draw).observe(root);
  watch("value", show);
  show();
}

// props.value: the mean curves of the report, one or two models; no cursor, for there is no song to cut.
export function mountMeans(element, props) {
  const charts = STEMS.map((title, stem) => new Chart(title, stem));
  const root = element.querySelector(".separate-curves");
  root.append(pictureOf(charts), node("div", { class: "separate-measures" }, ...legendOf(props.value)));
  const draw = () => drawn(charts, root, props.value, null);
  new ResizeObserver(draw).observe(root);
  draw();
}

const pictureOf = (charts) => node("div", { class: "separate-charts" }, ...charts.map((chart) => chart.svg));

// Draw both charts on one scale, side by side where there is room.
function drawn(charts, root, models, best) {
  const width = root.clientWidth;
  if (!width) return;
  const each = width < SIDE_BY_SIDE ? width : (width - GAP) / 2;
  charts.forEach((chart, stem) => chart.draw(models, span(models), each, stem === 0 ? best : null));
}

function legendOf(models) {
  const measures = MEASURES.map((measure) => node("span", {}, sample(measure), ` ${measure.toUpperCase()}`));
  const lines = models.map(({ title }, i) => node("span", {}, sample("any", i > 0), ` ${title}`));
  return [...measures, ...(models.length > 1 ? lines : [])];
}

// The alpha with the best SDR of the vocals, and a button that goes there.
function bestOf(alpha) {
  if (alpha === null) return [];
  const use = node("button", { type: "button", class: "separate-choice" }, `Use alpha ${alpha.toFixed(2)}`);
  use.addEventListener("click", () => setAlpha(alpha));
  return [node("span", {}, "The vocals' SDR is best there:"), use];
}

// A mark below the slider at the best alpha.
function bestMark() {
  const button = node("button", { type: "button", class: "separate-best-mark" });
  let alpha = null;
  const settle = () => {
    const input = slider();
    button.hidden = alpha === null || !input;
    if (button.hidden) return;
    if (button.parentElement !== input.parentElement) input.parentElement.append(button);
    const thumb = 16; // the thumb's centre travels the slider's width less its own
    button.style.left = `${input.offsetLeft + thumb / 2 + alpha * (input.offsetWidth - thumb)}px`;
  };
  button.addEventListener("click", () => setAlpha(alpha));
  window.addEventListener("resize", settle);
  return {
    place(best) {
      alpha = best;
      if (best !== null) button.textContent = `▲ best ${best.toFixed(2)}`;
      settle();
    },
  };
}

function scores(models, alpha) {
  const head = node("tr", {}, node("th", { scope: "col" }, `dB at alpha ${alpha.toFixed(2)}`));
  head.append(...MEASURES.map((measure) => node("th", { scope: "col" }, measure.toUpperCase())));
  const rows = STEMS.flatMap((stem, i) => models.map((model) => row(`${stem}, ${model.title}`, model, i, alpha)));
  return node("table", {}, node("thead", {}, head), node("tbody", {}, ...rows));
}

function row(title, { alphas, stems }, stem, alpha) {
  const cells = MEASURES.map((measure) => node("td", {}, figure(scoreAt(alphas, stems[stem][measure], alpha))));
  return node("tr", {}, node("th", { scope: "row" }, title), ...cells);
}

const figure = (score) => (score === null ? "–" : score > 60 ? "over 60" : score.toFixed(1).replace("-", "−"));

function explained({ softness, rule }) {
  const masks = softness ? `masks of softness ${softness}` : "binary masks";
  const accompaniment = rule === "paper" ? "by the paper's rule, p < 1 − alpha" : "as the song minus the vocals";
  return (
    "SIR: how little of the other stem is left. SAR: how little the mask damaged. SDR: both together; higher is better " +
    `(BSS Eval 3). Measured at eleven alphas with ${masks}, the accompaniment ${accompaniment}; lines and figures ` +
    "between them are interpolated."
  );
}
