// One run of the player: all sounds begin together on one clock and go on until they are stopped; gains choose what is
// heard. Switching fades the old slot out in 5 ms, then the new one in, 5 ms: ITU-R BS.1534-3 allows no cross-fade
// between systems.

import { FADE_S, fadeIn, fadeOut } from "./sound.js";

const LEAD_S = 0.01; // from the command to the first sample, so that all sources are ready
const GUARD_S = 0.0005; // two value curves on one gain may not touch

export class Run {
  #context;
  #output;
  #gains;
  #sources;
  #levels;
  #busyUntil;

  // Begin `offset` seconds into the buffers, with the gains `levels`. at: context time of the first sample.
  constructor(context, destination, buffers, { offset, loop, levels }) {
    this.#context = context;
    this.at = context.currentTime + LEAD_S;
    this.#levels = levels;
    this.#output = new GainNode(context);
    this.#output.connect(destination);
    this.#gains = buffers.map(() => new GainNode(context, { gain: 0 }));
    this.#sources = buffers.map((buffer, i) => {
      const source = new AudioBufferSourceNode(context, { buffer, loop });
      source.connect(this.#gains[i]).connect(this.#output);
      source.start(this.at, offset);
      return source;
    });
    this.#gains.forEach((gain, i) => levels[i] > 0 && curve(gain, fadeIn(levels[i]), this.at));
    this.#busyUntil = this.at + FADE_S + GUARD_S;
  }

  // Calls back when the sound of the slot has come to its end.
  onEnd(slot, ended) {
    this.#sources[slot].onended = ended;
  }

  // One after the other: what was heard goes out, then what is to be heard comes in.
  switchTo(levels) {
    const start = this.#next();
    const second = start + FADE_S + GUARD_S;
    this.#changed(levels).forEach((i) => {
      if (this.#levels[i] > 0) curve(this.#gains[i], fadeOut(this.#levels[i]), start);
      if (levels[i] > 0) curve(this.#gains[i], fadeIn(levels[i]), second);
    });
    this.#busyUntil = second + FADE_S + GUARD_S;
    this.#levels = levels;
  }

  // All at once, for sounds that are meant to sum.
  mixTo(levels) {
    const start = this.#next();
    this.#changed(levels).forEach((i) => curve(this.#gains[i], Float32Array.of(this.#levels[i], levels[i]), start));
    this.#busyUntil = start + FADE_S + GUARD_S;
    this.#levels = levels;
  }

  stop() {
    const now = this.#context.currentTime;
    curve(this.#output, fadeOut(), now);
    this.#sources.forEach((source) => {
      source.onended = null;
      source.stop(Math.max(now, this.at) + FADE_S);
    });
  }

  #next() {
    return Math.max(this.#context.currentTime + GUARD_S, this.#busyUntil);
  }
  #changed(levels) {
    return levels.flatMap((level, i) => (level === this.#levels[i] ? [] : [i]));
  }
}

function curve(gain, values, start) {
  gain.gain.setValueCurveAtTime(values, start, FADE_S);
}
