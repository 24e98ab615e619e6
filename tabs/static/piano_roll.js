// Piano roll of a blues take on a canvas: one chorus at a time, as a lead sheet of four bars per line, with a chord
// lane, bar numbers and a playhead. Times are ticks; pitches are MIDI numbers. Colours come from the page's theme.

const BARS_PER_LINE = 4;
const LANE = 20; // px: chord symbols above the notes
const GAP = 18; // px: bar numbers below them
const SEMITONE = 4.5; // px

export class PianoRoll {
  #canvas;
  #take = null;
  #range = [48, 72];

  constructor(canvas) {
    this.#canvas = canvas;
  }

  set take(take) {
    this.#take = take;
    const pitches = take.notes.map((note) => note[2]);
    this.#range = pitches.length ? [Math.min(...pitches), Math.max(...pitches)] : [48, 72];
  }

  get #lines() {
    return Math.ceil(this.#take.barsPerChorus / BARS_PER_LINE);
  }
  get #lineTicks() {
    return BARS_PER_LINE * this.#take.ticksPerBar;
  }
  get #chorusTicks() {
    return this.#take.barsPerChorus * this.#take.ticksPerBar;
  }
  get #rollHeight() {
    return (this.#range[1] - this.#range[0] + 1) * SEMITONE;
  }
  get #lineHeight() {
    return LANE + this.#rollHeight + GAP;
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
    pen.fillRect(0, LANE, x(to), this.#rollHeight);
    this.#drawBars(pen, x, from, to, colours);
    for (const [start, duration, symbol] of take.chords) {
      const shownFrom = Math.max(start, from);
      if (shownFrom >= Math.min(start + duration, to)) continue;
      pen.fillStyle = colours.text;
      pen.font = "600 12px system-ui, sans-serif";
      pen.fillText(symbol, x(shownFrom) + 4, 14);
    }
    let melodyNotes = 0;
    for (const [start, duration, pitch, part] of take.notes) {
      const seeded = part === "melody" && melodyNotes++ < take.seeded;
      if (start + duration <= from || start >= to) continue;
      const sounding = start <= playhead && playhead < start + duration;
      pen.fillStyle = seeded ? colours.seed : part === "melody" ? colours.melody : colours.chords;
      pen.globalAlpha = sounding ? 1 : part === "melody" ? 0.85 : 0.55;
      const y = LANE + (this.#range[1] - pitch) * SEMITONE;
      pen.fillRect(x(start) + 0.5, y, Math.max(x(start + duration) - x(start) - 1.5, 2), SEMITONE - 0.5);
      pen.globalAlpha = 1;
    }
    if (from <= playhead && playhead < to) {
      pen.fillStyle = colours.playhead;
      pen.fillRect(x(playhead) - 1, LANE - 4, 2, this.#rollHeight + 8);
    }
  }

  #drawBars(pen, x, from, to, colours) {
    const { ticksPerBar } = this.#take;
    pen.font = "9px system-ui, sans-serif";
    const base = LANE + this.#rollHeight + 10;
    for (let bar = from; bar <= to; bar += ticksPerBar) {
      pen.fillStyle = colours.line;
      pen.fillRect(Math.min(x(bar), x(to) - 1), 2, 1, LANE + this.#rollHeight - 2);
      if (bar === to) break;
      pen.fillStyle = colours.subdued;
      pen.fillText(String(bar / ticksPerBar + 1), x(bar) + 4, base);
    }
  }
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
    seed: colour("--compose-seed"),
    playhead: colour("--compose-playhead"),
  };
}
