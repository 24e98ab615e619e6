// A separated song on a canvas: its waveform, and under it its spectrogram, both coloured by the mask: vocals in one
// colour, accompaniment in another. Across them the playhead and the section that goes round.

import { LEVELS } from "./layers.js";

const GROUND = [13, 16, 28];
const VOCALS = [255, 166, 77];
const ACCOMPANIMENT = [72, 169, 255];
const NEITHER = [110, 110, 110]; // the paper's rule above 0.5 leaves some spots to no stem
const RANGE_DB = 70; // of the loudness plane, as models/separation/overview.py makes it
const LEFT = 46; // room for the frequency labels
const BOTTOM = 22; // and for the seconds
const WAVE = 48;
const HEIGHT = 300;
const TICKS_HZ = [100, 200, 500, 1000, 2000, 5000, 10000];
const STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120];

const colour = (parts) => `rgb(${parts.join(" ")})`;

export class MaskPicture {
  #canvas;
  #song = null;
  #stems = null;
  #cells = null; // the coloured spectrogram, made anew when the mask changes
  #shares = null; // of the vocals in the energy of each column, likewise

  constructor(canvas) {
    this.#canvas = canvas;
  }

  // song: what tabs/separate_cut.py packs. peaks: of each column of the waveform, 0 to 1.
  show(song, peaks) {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    this.#song = { ...song, peaks, loudness: bytes(song.planes.loudness), levels: bytes(song.planes.levels) };
    this.#cells = null;
  }

  // stems: gains of vocals and accompaniment at each level.
  set stems(stems) {
    this.#stems = stems;
    this.#cells = null;
  }

  secondsAt(x) {
    const share = (x - LEFT) / (this.#canvas.clientWidth - LEFT);
    return Math.min(Math.max(share, 0), 1) * this.#song.seconds;
  }

  // In seconds: where the playhead is, and the section {from, to} or null.
  draw(playhead, section) {
    const width = this.#canvas.clientWidth;
    if (!this.#song || width <= LEFT) return;
    const context = this.#prepared(width);
    if (!this.#cells) this.#colour();
    this.#wave(context, width - LEFT);
    context.drawImage(this.#cells, LEFT, WAVE, width - LEFT, HEIGHT - WAVE - BOTTOM);
    this.#axes(context, width);
    const x = (seconds) => LEFT + (seconds / this.#song.seconds) * (width - LEFT);
    if (section) {
      context.fillStyle = "rgb(0 0 0 / 60%)";
      context.fillRect(LEFT, 0, x(section.from) - LEFT, HEIGHT - BOTTOM);
      context.fillRect(x(section.to), 0, width - x(section.to), HEIGHT - BOTTOM);
    }
    context.fillStyle = "#ffffff";
    context.fillRect(x(playhead) - 1, 0, 2, HEIGHT - BOTTOM);
  }

  #prepared(width) {
    const scale = window.devicePixelRatio || 1;
    this.#canvas.style.height = `${HEIGHT}px`;
    if (this.#canvas.width !== Math.round(width * scale)) this.#canvas.width = Math.round(width * scale);
    if (this.#canvas.height !== Math.round(HEIGHT * scale)) this.#canvas.height = Math.round(HEIGHT * scale);
    const context = this.#canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    return context;
  }

  // Colour every cell, and find what share of each column's energy the vocals have.
  #colour() {
    const { columns, rowsHz, loudness, levels } = this.#song;
    const palette = this.#palette();
    const cells = new ImageData(columns, rowsHz.length);
    const energies = [new Float64Array(columns), new Float64Array(columns)]; // of the vocals, of all
    for (let i = 0; i < levels.length; i++) {
      const column = i % columns;
      const at = 4 * (columns * (rowsHz.length - 1 - Math.floor(i / columns)) + column); // low frequencies at the bottom
      const light = (loudness[i] / 255) ** 1.5;
      for (let c = 0; c < 3; c++) cells.data[at + c] = GROUND[c] + (palette[levels[i]][c] - GROUND[c]) * light;
      cells.data[at + 3] = 255;
      const energy = rowsHz[i / columns | 0] * 10 ** ((loudness[i] / 255) * (RANGE_DB / 10));
      energies[0][column] += this.#stems.vocals[levels[i]] ** 2 * energy;
      energies[1][column] += energy;
    }
    this.#shares = energies[0].map((energy, column) => energy / energies[1][column]);
    this.#cells = new OffscreenCanvas(columns, rowsHz.length);
    this.#cells.getContext("2d").putImageData(cells, 0, 0);
  }

  // The colour of each level of probability.
  #palette() {
    return Array.from({ length: LEVELS }, (_, level) => {
      const [vocals, accompaniment] = [this.#stems.vocals[level], this.#stems.accompaniment[level]];
      const neither = Math.max(0, 1 - vocals - accompaniment);
      const parts = [vocals, accompaniment, neither].map((part) => part / (vocals + accompaniment + neither));
      return GROUND.map((_, c) => parts[0] * VOCALS[c] + parts[1] * ACCOMPANIMENT[c] + parts[2] * NEITHER[c]);
    });
  }

  // The waveform: of each column's height the vocals take their share of the amplitude.
  #wave(context, width) {
    const { columns, peaks } = this.#song;
    context.fillStyle = colour(GROUND);
    context.fillRect(LEFT, 0, width, WAVE);
    const bars = (ink, heights) => {
      context.fillStyle = colour(ink);
      heights.forEach((height, column) => {
        const half = Math.max((height * (WAVE - 4)) / 2, 0.5);
        context.fillRect(LEFT + (column * width) / columns, WAVE / 2 - half, width / columns + 0.5, 2 * half);
      });
    };
    bars(ACCOMPANIMENT, peaks);
    bars(VOCALS, peaks.map((peak, column) => peak * Math.sqrt(this.#shares[column])));
  }

  #axes(context, width) {
    const { rowsHz, seconds } = this.#song;
    const [low, high] = [Math.log(rowsHz[0]), Math.log(rowsHz.at(-1))];
    context.fillStyle = getComputedStyle(this.#canvas).color;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const hz of TICKS_HZ) {
      const y = WAVE + (HEIGHT - WAVE - BOTTOM) * (1 - (Math.log(hz) - low) / (high - low));
      context.fillText(hz < 1000 ? `${hz}` : `${hz / 1000}k`, LEFT - 6, y);
    }
    context.fillText("Hz", LEFT - 6, HEIGHT - BOTTOM / 2);
    context.textAlign = "center";
    const step = STEPS_S.find((candidate) => (candidate / seconds) * (width - LEFT) > 44) ?? STEPS_S.at(-1);
    for (let s = step; s < seconds; s += step) {
      const x = LEFT + (s / seconds) * (width - LEFT);
      if (x < width - 12) context.fillText(`${s} s`, x, HEIGHT - BOTTOM / 2);
    }
  }
}
