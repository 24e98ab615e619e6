// SDR, SIR and SAR of one stem over alpha, as SVG, in the colours of the paper: SIR red, SAR blue, SDR green. Markers and
// names at the lines tell them apart without colour; the first model's lines are whole, the second's are dashed.

const NAMESPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 250;
const MARGIN = { left: 34, right: 38, top: 26, bottom: 38 };
const NAMES_APART = 12; // pixels between two names at the ends of lines
export const MEASURES = ["sir", "sar", "sdr"];
const MARKERS = {
  sdr: (x, y) => `M${x - 3.5} ${y}a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0 -7 0`,
  sir: (x, y) => `M${x} ${y - 4.5}l4.5 8h-9z`,
  sar: (x, y) => `M${x - 3.5} ${y - 3.5}h7v7h-7z`,
};

export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// A sample of a line and its marker for the legend.
export function sample(measure, dashed = false) {
  const line = shape("path", { d: "M0 6H30", class: `separate-line separate-${measure}`, ...dash(dashed) });
  const parts = MARKERS[measure] && !dashed ? [line, marker(measure, 15, 6)] : [line];
  return shape("svg", { width: 30, height: 12, "aria-hidden": true }, ...parts);
}

// The lowest and the highest dB that all charts of a panel share: of what was measured away from the ends, for at
// alpha = 0 the estimate is the song itself and its SAR has no limit.
export function span(models) {
  const values = models.flatMap(({ alphas, stems }) =>
    stems.flatMap((stem) =>
      MEASURES.flatMap((measure) => stem[measure].filter((value, i) => value !== null && alphas[i] >= 0.1 && alphas[i] <= 0.9)),
    ),
  );
  const low = Math.min(0, ...values);
  const high = Math.max(10, ...values);
  return [Math.max(5 * Math.floor(low / 5), -15), Math.min(5 * Math.ceil(high / 5), 30)];
}

// A score at any alpha: measured or, between two measured ones, interpolated; null where there is none. `limit` is the
// dB from which on a score counts as unlimited, and nothing is interpolated towards it.
export function scoreAt(alphas, values, alpha, limit = 60) {
  const after = alphas.findIndex((measured) => measured >= alpha - 1e-9);
  if (after < 0 || values[after] === null) return null;
  if (Math.abs(alphas[after] - alpha) < 1e-9) return values[after];
  const [low, high] = [values[after - 1], values[after]];
  if (low === undefined || low === null || Math.max(low, high) > limit) return null;
  const share = (alpha - alphas[after - 1]) / (alphas[after] - alphas[after - 1]);
  return low + share * (high - low);
}

export class Chart {
  #title;
  #stem;
  #cursor = shape("line", { class: "separate-cursor" });
  #dots = Object.fromEntries(MEASURES.map((measure) => [measure, marker(measure, 0, 0, "separate-dot")]));
  #models = [];
  #x = null;
  #y = null;
  svg = shape("svg", { height: HEIGHT, role: "img" });

  // stem: 0 vocals, 1 accompaniment
  constructor(title, stem) {
    this.#title = title;
    this.#stem = stem;
  }

  // models: [{ title, alphas, stems: [{ sdr, sir, sar }] }]; best: an alpha to mark on the first model's SDR, or null
  draw(models, [low, high], width, best) {
    this.#models = models;
    this.#x = (alpha) => MARGIN.left + alpha * (width - MARGIN.left - MARGIN.right);
    this.#y = (score) => {
      const share = (Math.min(Math.max(score, low), high) - low) / (high - low);
      return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);
    };
    this.svg.setAttribute("width", width);
    const lines = models.flatMap((model, i) => MEASURES.flatMap((measure) => this.#line(model, measure, i > 0, high)));
    const parts = [shape("title", {}, this.#title), ...this.#axes(low, high, width), ...lines, ...this.#names(width)];
    if (best !== null) parts.push(...this.#best(best));
    this.svg.replaceChildren(...parts);
  }

  // Put the cursor, with a dot on each line, at an alpha.
  moveTo(alpha) {
    if (!this.#models.length) return;
    this.svg.append(this.#cursor, ...Object.values(this.#dots));
    const x = this.#x(alpha);
    const ends = { x1: x, x2: x, y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom };
    for (const [key, value] of Object.entries(ends)) this.#cursor.setAttribute(key, value);
    const { alphas, stems } = this.#models[0];
    for (const measure of MEASURES) {
      const score = scoreAt(alphas, stems[this.#stem][measure], alpha);
      this.#dots[measure].setAttribute("visibility", score === null ? "hidden" : "visible");
      if (score !== null) this.#dots[measure].setAttribute("d", MARKERS[measure](x, this.#y(score)));
    }
  }

  // A line breaks where a stem is silent; above the picture it goes on along the edge, without a marker.
  #line({ alphas, stems }, measure, dashed, high) {
    const values = stems[this.#stem][measure];
    const pen = (i) => (i > 0 && values[i - 1] !== null ? "L" : "M");
    const points = alphas.map((alpha, i) => (values[i] === null ? "" : `${pen(i)}${this.#x(alpha)} ${this.#y(values[i])}`));
    const line = shape("path", { d: points.join(""), class: `separate-line separate-${measure}`, ...dash(dashed) });
    if (dashed) return [line];
    const tenth = (alpha) => Math.abs(10 * alpha - Math.round(10 * alpha)) < 1e-6;
    const marked = [...alphas.keys()].filter((i) => tenth(alphas[i]) && values[i] !== null && values[i] <= high);
    return [line, ...marked.map((i) => marker(measure, this.#x(alphas[i]), this.#y(values[i])))];
  }

  // The measures' names at the right ends of the first model's lines, moved apart where they would overlap.
  #names(width) {
    const values = (measure) => this.#models[0].stems[this.#stem][measure].filter((value) => value !== null);
    const ends = MEASURES.filter((measure) => values(measure).length)
      .map((measure) => ({ measure, y: this.#y(values(measure).at(-1)) }))
      .sort((one, two) => one.y - two.y);
    ends.forEach((end, i) => (end.y = i ? Math.max(end.y, ends[i - 1].y + NAMES_APART) : end.y));
    ends.reverse().forEach((end, i) => (end.y = Math.min(end.y, HEIGHT - MARGIN.bottom - i * NAMES_APART)));
    return ends.map(({ measure, y }) =>
      shape("text", { x: width - MARGIN.right + 8, y: y + 4, class: `separate-name separate-${measure}` }, measure.toUpperCase()),
    );
  }

  #best(alpha) {
    const { alphas, stems } = this.#models[0];
    const [x, y] = [this.#x(alpha), this.#y(scoreAt(alphas, stems[this.#stem].sdr, alpha) ?? 0)];
    return [
      shape("circle", { cx: x, cy: y, r: 8, class: "separate-best-ring" }),
      shape("text", { x, y: y + 21, "text-anchor": "middle", class: "separate-best-name" }, "best SDR"),
    ];
  }

  #axes(low, high, width) {
    const foot = HEIGHT - MARGIN.bottom;
    const parts = [shape("text", { x: MARGIN.left, y: 14, class: "separate-chart-title" }, this.#title)];
    for (let score = low; score <= high; score += 5) {
      const y = this.#y(score);
      parts.push(shape("line", { x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y, class: "separate-grid" }));
      parts.push(shape("text", { x: MARGIN.left - 6, y: y + 4, "text-anchor": "end" }, String(score)));
    }
    for (let tenth = 0; tenth <= 10; tenth += 2) {
      parts.push(shape("text", { x: this.#x(tenth / 10), y: foot + 16, "text-anchor": "middle" }, String(tenth / 10)));
    }
    parts.push(shape("text", { x: this.#x(0.5), y: HEIGHT - 5, "text-anchor": "middle" }, "alpha"));
    parts.push(shape("text", { x: MARGIN.left - 6, y: 14, "text-anchor": "end" }, "dB"));
    return parts;
  }
}

const dash = (dashed) => (dashed ? { "stroke-dasharray": "5 4" } : {});

const marker = (measure, x, y, extra = "") =>
  shape("path", { d: MARKERS[measure](x, y), class: `separate-marker separate-${measure} ${extra}` });
