// Piano roll of a blues take on a canvas: one chorus at a time, as a lead sheet of four bars per line (or what the
// caller says), with a chord lane, a lane of drums, bar numbers and a playhead. Copied notes are red. Bars whose chords
// are not the chart's are hatched, framed and named; bars that are kept are tinted. Times are ticks; pitches are MIDI
// numbers. Colours come from the page's theme.

import { spoken } from "./translation.js";

const LANE = 20; // px: chord symbols above the notes
const GAP = 18; // px: bar numbers below them
const HATCH = 7; // px between the strokes over a wrong bar
const BAND_SEMITONE = 3; // px at most: a band reaches from the bass up
const DRUM_ROW = 4; // px: cymbals, toms, snare, bass drum from top to bottom
const DRUM_ROWS = { 36: 3, 38: 2, 43: 1, 45: 1, 47: 1, 50: 1 }; // General MIDI; what is not here is a cymbal

export class PianoRoll {
  #canvas;
  #take = null;
  #range = [48, 72];
  #drumHeight = 0;
  #colours = []; // of each note: which of the theme's
  #barsPerLine;
  #semitone;
  kept = new Set(); // bars from 0

  // barsPerLine: width in px -> bars; semitone: height in px.
  constructor(canvas, { barsPerLine = () => 4, semitone = 4.5 } = {}) {
    this.#canvas = canvas;
    this.#barsPerLine = barsPerLine;
    this.#semitone = semitone;
  }

  set take(take) {
    this.#take = take;
    const pitches = take.notes.filter(([, , , part]) => part !== "drums").map((note) => note[2]);
    this.#range = pitches.length ? [Math.min(...pitches), Math.max(...pitches)] : [48, 72];
    this.#drumHeight = take.notes.some(([, , , part]) => part === "drums") ? 4 * DRUM_ROW + 4 : 0;
    this.#colours = colourNames(take);
  }

  get #lines() {
    return Math.ceil(this.#chorusTicks / this.#lineTicks);
  }
  get #lineTicks() {
    return this.#barsPerLine(this.#canvas.clientWidth) * this.#take.ticksPerBar;
  }
  get #chorusTicks() {
    return this.#take.barsPerChorus * this.#take.ticksPerBar;
  }
  get #rowHeight() {
    return this.#drumHeight ? Math.min(this.#semitone, BAND_SEMITONE) : this.#semitone;
  }
  get #rollHeight() {
    return (this.#range[1] - this.#range[0] + 1) * this.#rowHeight;
  }
  get #lineHeight() {
    return LANE + this.#rollHeight + this.#drumHeight + GAP;
  }

  chorusAt(tick) {
    const choruses = Math.ceil(this.#take.length / this.#chorusTicks);
    return Math.min(Math.floor(tick / this.#chorusTicks), choruses - 1);
  }

  // The tick under a pointer at (x, y) px of the canvas, in the chorus shown.
  tickAt(x, y, chorus) {
    const line = Math.min(Math.max(Math.floor(y / this.#lineHeight), 0), this.#lines - 1);
    const within = Math.min(Math.max(x / this.#canvas.clientWidth, 0), 1);
    return chorus * this.#chorusTicks + (line + within) * this.#lineTicks;
  }

  // Draw the chorus of the playhead at this tick.
  draw(tick) {
    const canvas = this.#canvas;
    const width = canvas.clientWidth;
    const height = this.#lines * this.#lineHeight;
    if (!width) return; // the tab is hidden
    const scale = window.devicePixelRatio || 1;
    canvas.style.height = `${height}px`;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const chorus = this.chorusAt(tick);
    const colours = theme(canvas);
    for (let line = 0; line < this.#lines; line++) {
      pen.save();
      pen.translate(0, line * this.#lineHeight);
      this.#drawLine(pen, width, chorus * this.#chorusTicks + line * this.#lineTicks, tick, colours);
      pen.restore();
    }
  }

  #drawLine(pen, width, from, playhead, colours) {
    const take = this.#take;
    const to = Math.min(from + this.#lineTicks, take.length);
    const x = (tick) => ((tick - from) / this.#lineTicks) * width;
    pen.fillStyle = colours.ground;
    pen.fillRect(0, LANE, x(to), this.#rollHeight + this.#drumHeight);
    pen.fillStyle = colours.kept;
    for (const bar of this.kept) {
      const [left, right] = [bar, bar + 1].map((edge) => Math.min(Math.max(edge * take.ticksPerBar, from), to));
      pen.fillRect(x(left), LANE, x(right) - x(left), this.#rollHeight + this.#drumHeight);
    }
    this.#drawBars(pen, x, from, to, colours);
    for (const [start, duration, symbol] of take.chords) {
      const shownFrom = Math.max(start, from);
      if (shownFrom >= Math.min(start + duration, to)) continue;
      pen.fillStyle = colours.text;
      pen.font = "600 12px system-ui, sans-serif";
      const room = x(Math.min(start + duration, to)) - x(shownFrom) - 4;
      pen.fillText(fitting(pen, symbol, room), x(shownFrom) + 4, 14);
    }
    take.notes.forEach(([start, duration, pitch, part], index) => {
      if (start + duration <= from || start >= to) return;
      const sounding = start <= playhead && playhead < start + duration;
      pen.fillStyle = colours[this.#colours[index]];
      pen.globalAlpha = sounding ? 1 : part === "melody" ? 0.9 : 0.5;
      const [top, height] = this.#row(pitch, part);
      pen.fillRect(x(start) + 0.5, top, Math.max(x(start + duration) - x(start) - 1.5, 2), height);
      pen.globalAlpha = 1;
    });
    for (const bar of take.wrongBars) this.#drawWrong(pen, x, bar * take.ticksPerBar, from, to, colours);
    if (from <= playhead && playhead < to) {
      pen.fillStyle = colours.playhead;
      pen.fillRect(x(playhead) - 1, LANE - 4, 2, this.#rollHeight + this.#drumHeight + 8);
    }
  }

  // Where a note stands in its line: [top, height] in px.
  #row(pitch, part) {
    if (part !== "drums") return [LANE + (this.#range[1] - pitch) * this.#rowHeight, this.#rowHeight - 0.5];
    return [LANE + this.#rollHeight + 4 + (DRUM_ROWS[pitch] ?? 0) * DRUM_ROW, DRUM_ROW - 1];
  }

  #drawBars(pen, x, from, to, colours) {
    const { ticksPerBar, wrongBars } = this.#take;
    pen.font = "9px system-ui, sans-serif";
    const foot = LANE + this.#rollHeight + this.#drumHeight;
    const base = foot + 10;
    for (let bar = from; bar <= to; bar += ticksPerBar) {
      pen.fillStyle = colours.line;
      pen.fillRect(Math.min(x(bar), x(to) - 1), 2, 1, foot - 2);
      if (bar === to) break;
      const wrong = wrongBars.includes(bar / ticksPerBar);
      const number = `${bar / ticksPerBar + 1}${this.kept.has(bar / ticksPerBar) ? ` ${spoken("kept")}` : ""}`;
      const named = `${number} ${spoken("wrong chord")}`;
      const fits = pen.measureText(named).width < x(bar + ticksPerBar) - x(bar) - 8;
      pen.fillStyle = wrong ? colours.wrong : colours.subdued;
      pen.fillText(wrong ? (fits ? named : `${number} ✗`) : number, x(bar) + 4, base);
    }
  }

  // Hatch and frame the bar that begins at this tick, if it is on this line.
  #drawWrong(pen, x, start, from, to, colours) {
    if (start < from || start >= to) return;
    const [left, right] = [x(start) + 1.5, x(start + this.#take.ticksPerBar) - 1.5];
    const [top, bottom] = [LANE, LANE + this.#rollHeight];
    pen.save();
    pen.strokeStyle = colours.wrong;
    pen.lineWidth = 2;
    pen.strokeRect(left, top, right - left, bottom - top);
    pen.beginPath();
    pen.rect(left, top, right - left, bottom - top);
    pen.clip();
    pen.globalAlpha = 0.45;
    pen.lineWidth = 1;
    pen.beginPath();
    for (let foot = left; foot < right + bottom - top; foot += HATCH) {
      pen.moveTo(foot, top);
      pen.lineTo(foot - (bottom - top), bottom);
    }
    pen.stroke();
    pen.restore();
  }
}

// Which of the theme's colours each note has: copied and seeded notes of the melody stand out.
function colourNames(take) {
  const special = new Map();
  for (let place = 0; place < take.seeded; place++) special.set(place, "seed");
  for (const { first, notes } of take.copied ?? [])
    for (let place = first; place < first + notes; place++) special.set(place, "copied");
  let place = 0;
  return take.notes.map(([, , , part]) => (part === "melody" ? (special.get(place++) ?? part) : part));
}

// A chord of the form has a short name and keeps it; any other is spelled out, C-Db-G, where there is room.
function fitting(pen, symbol, room) {
  if (!symbol.includes("-") || pen.measureText(symbol).width <= room) return symbol;
  return pen.measureText("…").width <= room ? "…" : "";
}

function theme(canvas) {
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  return {
    text: colour("--body-text-color"),
    subdued: colour("--body-text-color-subdued"),
    line: colour("--compose-line"),
    ground: colour("--compose-ground"),
    melody: colour("--compose-melody"),
    chords: colour("--compose-chords"),
    bass: colour("--compose-bass"),
    drums: colour("--compose-drums"),
    seed: colour("--compose-seed"),
    copied: colour("--compose-wrong"),
    kept: colour("--compose-kept"),
    playhead: colour("--compose-playhead"),
    wrong: colour("--compose-wrong"),
  };
}
