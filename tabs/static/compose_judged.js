// What is known of a take: which notes are copied and whose they are, and its measures beside those of human solos.

import { node } from "./compose.js";

export class Judged {
  root = node("div", { class: "compose-judged" });
  #take = null;

  set take(take) {
    this.#take = take;
    const shown = [];
    if (take.copied.length) shown.push(copies(take));
    if (take.measures.length) shown.push(panel(take.measures));
    this.root.replaceChildren(...shown);
  }

  // Name the source of the copied note at a tick, if there is one.
  sourceAt(tick) {
    const run = this.#take.copied.find(({ from, to }) => from <= tick && tick < to);
    return run ? `also in ${run.source}` : "";
  }
}

function copies(take) {
  const lines = take.copied.map(({ from, to, notes, source }) => {
    const [first, last] = [from, to - 1].map((tick) => Math.floor(tick / take.ticksPerBar) + 1);
    return node("li", {}, `${first === last ? `bar ${first}` : `bars ${first}–${last}`}: ${notes} notes, also in `, node("cite", {}, source));
  });
  return node("details", { class: "compose-copies", open: "" }, node("summary", {}, "Copied, in red"), node("ul", {}, ...lines));
}

// measures: [{ name, value, low, high, least, most, words }]; low to high is where 90 % of human solos lie.
function panel(measures) {
  const inside = measures.filter(({ value, low, high }) => low <= value && value <= high).length;
  const summary = node("summary", {}, `${inside} of ${measures.length} measures are where human solos lie`);
  const note = node("p", {}, "Shaded: nine of ten human solos. The dot: this take. Inside is usual, not good; outside is unusual, not bad.");
  return node("details", { class: "compose-panel" }, summary, note, node("dl", {}, ...measures.flatMap(measured)));
}

function measured({ name, value, low, high, least, most, words }) {
  const percent = (at) => `${(100 * (at - least)) / (most - least)}%`;
  const band = node("span", { class: "compose-band" });
  band.style.left = percent(low);
  band.style.width = `${(100 * (high - low)) / (most - least)}%`;
  const usual = low <= value && value <= high;
  const dot = node("span", { class: usual ? "compose-dot" : "compose-dot compose-unusual" });
  dot.style.left = percent(value);
  const strip = node("span", { class: "compose-strip", "aria-hidden": true }, band, dot);
  return [node("dt", {}, name), node("dd", {}, strip, node("span", { class: "compose-said" }, words))];
}
