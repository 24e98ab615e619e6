// Whose turn it is, when the call is sent, and what of the playing is the call. Times are ticks; whole exchanges follow
// one another from tick 0: the visitor's bars, then as many for the network.

import { TICKS_PER_BAR, TICKS_PER_BEAT } from "./live_clock.js";

const [LEAD_S, LEAD_S_PER_BAR] = [0.25, 0.15]; // the least time for an answer: to travel, and to be composed
const SLACK = 1.5; // times what the last answer took
const EARLY = TICKS_PER_BEAT / 4; // a first note that hurries by no more than this belongs to the call

// Of trades of `bars` bars: where exchange number n (from 0) begins, and where its answer begins and ends.
export function exchangeAt(n, bars) {
  const turn = bars * TICKS_PER_BAR;
  return { number: n, start: 2 * n * turn, middle: (2 * n + 1) * turn, end: 2 * (n + 1) * turn };
}

// Ticks before the answer's bar line at which the call is sent: a beat, and more where that is too short or where the
// last answer took long; but a beat at least has been heard by then. took: seconds.
export function leadTicks(bars, secondsPerTick, took) {
  const needed = Math.max(LEAD_S + LEAD_S_PER_BAR * bars, SLACK * took) / secondsPerTick;
  return Math.min(Math.max(TICKS_PER_BEAT, needed), bars * TICKS_PER_BAR - TICKS_PER_BEAT);
}

// The notes of a call, [start, duration, pitch, velocity] in whole ticks from its first bar line. `played` has starts and
// durations in fractions of ticks; a note that still sounds has no duration, and lasts until the call ends.
export function callOf(played, { start, middle }) {
  const notes = [];
  for (const note of played) {
    const at = Math.round(note.start);
    if (at < start - EARLY || at >= middle) continue;
    const from = Math.max(at, start);
    const to = Math.min(Math.round(note.start + (note.duration ?? Infinity)), middle);
    notes.push([from - start, Math.max(to - from, 1), note.pitch, note.velocity]);
  }
  return notes;
}
