// Piano roll of one exchange: the visitor's bars on the left, the network's on the right. An answer stands there as
// outlines from the moment it is planned; its notes fill as they sound. Times are ticks of the session.

import { TICKS_PER_BAR, TICKS_PER_BEAT } from "./live_clock.js";
import { spoken } from "./translation.js";

const LANE = 22; // px: chord symbols above the notes
const SEMITONE = 4.5; // px
const [LOWEST, HIGHEST] = [45, 88]; // what is shown; the rest is drawn at the edge
const HEIGHT = LANE + (HIGHEST - LOWEST + 1) * SEMITONE;

// exchange: {start, middle, end, answer}; played: the visitor's notes; chords: [[start, duration, symbol], ...] of one
// chorus of `length` ticks; tick: the playhead.
export function drawExchange(canvas, { exchange, played, chords, length, tick }) {
  const width = canvas.clientWidth;
  if (!width) return; // the tab is hidden
  const pen = prepared(canvas, width);
  const { start, middle, end } = exchange;
  const x = (at) => ((at - start) / (end - start)) * width;
  const colours = theme(canvas);
  drawGround(pen, { x, exchange, width }, colours);
  drawChords(pen, { x, exchange, chords, length }, colours);
  for (const note of played) {
    const to = Math.min(note.start + (note.duration ?? Math.max(tick - note.start, 1)), end);
    if (to > start && note.start < end) bar(pen, x(note.start), x(to), note.pitch, colours.you, true);
  }
  for (const [from, duration, pitch] of exchange.answer ?? []) {
    bar(pen, x(from), x(from + duration), pitch, colours.network, from <= tick);
  }
  if (tick < start) return;
  pen.fillStyle = colours.playhead;
  pen.fillRect(x(tick) - 1, LANE - 4, 2, HEIGHT - LANE + 4);
}

function prepared(canvas, width) {
  const scale = window.devicePixelRatio || 1;
  const size = [Math.round(width * scale), Math.round(HEIGHT * scale)];
  const pen = canvas.getContext("2d");
  if (canvas.width !== size[0] || canvas.height !== size[1]) { // a new size means new memory, too dear for each frame
    canvas.style.height = `${HEIGHT}px`;
    [canvas.width, canvas.height] = size;
  }
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, HEIGHT);
  return pen;
}

function drawGround(pen, { x, exchange: { start, middle, end }, width }, colours) {
  pen.fillStyle = colours.ground;
  pen.fillRect(0, LANE, width, HEIGHT - LANE);
  for (let at = start; at <= end; at += TICKS_PER_BEAT) {
    const barLine = (at - start) % TICKS_PER_BAR === 0;
    pen.fillStyle = at === middle ? colours.text : colours.line;
    pen.globalAlpha = barLine ? 1 : 0.4;
    pen.fillRect(Math.min(x(at), width - 1), barLine ? 4 : LANE, at === middle ? 2 : 1, HEIGHT);
  }
  pen.globalAlpha = 1;
  pen.font = "600 12px system-ui, sans-serif";
  pen.fillStyle = colours.subdued;
  pen.fillText(spoken("you"), 6, HEIGHT - 6);
  pen.fillText(spoken("network"), x(middle) + 8, HEIGHT - 6);
}

function drawChords(pen, { x, exchange: { start, end }, chords, length }, colours) {
  pen.fillStyle = colours.text;
  for (let lap = Math.floor(start / length); lap * length < end; lap++) {
    for (const [from, duration, symbol] of chords) {
      const at = lap * length + from;
      if (at + duration <= start || at >= end) continue;
      pen.fillText(symbol, x(Math.max(at, start)) + 5, 15);
    }
  }
}

function bar(pen, from, to, pitch, colour, filled) {
  const shown = Math.min(Math.max(pitch, LOWEST), HIGHEST);
  const box = [from + 1, LANE + (HIGHEST - shown) * SEMITONE, Math.max(to - from - 2, 3), SEMITONE + 1];
  pen.fillStyle = pen.strokeStyle = colour;
  if (filled) pen.fillRect(...box);
  else pen.strokeRect(...box);
}

function theme(canvas) {
  const style = getComputedStyle(canvas);
  const colour = (name) => style.getPropertyValue(name).trim();
  return {
    text: colour("--body-text-color"),
    subdued: colour("--body-text-color-subdued"),
    line: colour("--border-color-primary"),
    ground: colour("--background-fill-secondary"),
    you: colour("--live-you"),
    network: colour("--live-network"),
    playhead: colour("--body-text-color"),
  };
}
