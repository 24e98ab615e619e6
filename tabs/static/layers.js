// A song as 256 layers of probability, mixed while it plays.
//
// Layer k is what the song holds where the network's probability has level k: D_k = iSTFT(1[q = k] X). The layers sum
// to the song, and vocals, accompaniment and every mix of them are layers with a gain each: masks are functions of the
// level alone. The inverse transform is linear, so the gains may as well act before it,
//     sum_k g_k D_k = iSTFT(sum_k g_k 1[q = k] X) = iSTFT(g[q] X),
// which takes the song, its levels and one transform of 2048 samples there and back every 12 ms. Framing, window and
// inverse are those of models/separation/spectrogram.py, so what is heard is what its `split` computes.

import { Fourier } from "./fourier.js";

export const LEVELS = 256;
const FRAME = 2048;
const HOP = 512;
export const BINS = FRAME / 2 + 1;
const HELD = FRAME / HOP; // frames that overlap at any moment
const FULL_SCALE = 32768;
const WINDOW = Float64Array.from({ length: FRAME }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FRAME));

// Frames of a song of so many samples.
export const frames = (length) => 1 + Math.floor(length / HOP);

// One reading of a song goes forward from a position with one gain per level, without end: silence follows the song.
// start() begins another and allocates nothing.
export class Reading {
  #song;
  #gains = null;
  #fourier = new Fourier(FRAME);
  #real = new Float64Array(FRAME);
  #imaginary = new Float64Array(FRAME);
  #masked = Array.from({ length: HELD }, () => ({ left: new Float64Array(FRAME), right: new Float64Array(FRAME) }));
  #left = new Float32Array(HOP);
  #right = new Float32Array(HOP);
  #weight = new Float32Array(HOP);
  #block; // which HOP samples #left and #right hold

  position = 0;

  // song: {left, right: Int16Array; levels: Uint8Array (frame, bin)}; position in samples; gains: Float32Array of
  // LEVELS, or null to stand still in silence.
  start(song, position, gains) {
    this.#song = song;
    this.position = position;
    this.#gains = gains;
    this.#block = -1;
    this.#masked.forEach((frame) => (frame.at = -1));
  }

  get still() {
    return this.#gains === null;
  }

  // Write the next samples.
  read(left, right) {
    if (this.still) {
      left.fill(0);
      right.fill(0);
      return;
    }
    for (let i = 0; i < left.length; i++, this.position++) {
      const block = Math.floor(this.position / HOP);
      if (block !== this.#block) this.#synthesise(block);
      left[i] = this.#left[this.position % HOP];
      right[i] = this.#right[this.position % HOP];
    }
  }

  // Overlap-add of the frames over these HOP samples, divided by the sum of their squared windows.
  #synthesise(block) {
    this.#block = block;
    this.#left.fill(0);
    this.#right.fill(0);
    this.#weight.fill(0);
    const end = Math.min(this.#song.left.length - block * HOP, HOP);
    const last = Math.min(block + 2, frames(this.#song.left.length) - 1);
    for (let t = Math.max(block - 1, 0); t <= last; t++) {
      const frame = this.#frame(t);
      const first = (block - t) * HOP + FRAME / 2; // frame t is centred on sample HOP * t
      for (let i = 0; i < end; i++) {
        const weight = WINDOW[first + i];
        this.#left[i] += weight * frame.left[first + i];
        this.#right[i] += weight * frame.right[first + i];
        this.#weight[i] += weight * weight;
      }
    }
    for (let i = 0; i < end; i++) {
      this.#left[i] /= this.#weight[i];
      this.#right[i] /= this.#weight[i];
    }
  }

  #frame(t) {
    const frame = this.#masked[t % HELD];
    if (frame.at !== t) this.#mask(t, frame);
    return frame;
  }

  // Both channels pass one transform, as real and imaginary part: the mask is real and the same for both.
  #mask(t, frame) {
    const { left, right, levels } = this.#song;
    const [real, imaginary, gains] = [this.#real, this.#imaginary, this.#gains];
    real.fill(0); // silence around the song
    imaginary.fill(0);
    const first = t * HOP - FRAME / 2;
    const end = Math.min(left.length - first, FRAME);
    for (let n = Math.max(-first, 0); n < end; n++) {
      const weight = WINDOW[n] / FULL_SCALE;
      real[n] = weight * left[first + n];
      imaginary[n] = weight * right[first + n];
    }
    this.#fourier.transform(real, imaginary);
    for (let bin = 0; bin < BINS; bin++) {
      const gain = gains[levels[t * BINS + bin]] / FRAME;
      real[bin] *= gain;
      imaginary[bin] *= gain;
      if (bin === 0 || bin === FRAME / 2) continue;
      real[FRAME - bin] *= gain;
      imaginary[FRAME - bin] *= gain;
    }
    this.#fourier.transform(imaginary, real);
    frame.left.set(real);
    frame.right.set(imaginary);
    frame.at = t;
  }
}
