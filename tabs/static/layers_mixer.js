// One song that plays, pauses, jumps, goes round and changes its gains without a click. Whatever changes, the sound
// that was goes on for FADE_SAMPLES more and the sound that shall be fades in over it; what is asked for meanwhile
// waits, the latest wish winning. Times are in samples.

import { Reading } from "./layers.js";

export const FADE_SAMPLES = 256; // 5.8 ms: two quanta of Web Audio
const FADE_IN = Float32Array.from({ length: FADE_SAMPLES }, (_, i) => 0.5 - 0.5 * Math.cos((Math.PI * (i + 0.5)) / FADE_SAMPLES));

export class Mixer {
  #now = new Reading();
  #before = new Reading();
  #faded = FADE_SAMPLES; // samples of the fade that are over
  #left = new Float32Array(FADE_SAMPLES);
  #right = new Float32Array(FADE_SAMPLES);
  #state = { song: null, gains: null, playing: false, loop: null }; // loop: null, or {from, to}
  #wish = null;
  #turned;

  // turned: is told of every turn, {position, playing}.
  constructor(turned) {
    this.#turned = turned;
  }

  // wish: any of {song, gains, playing, loop, position}; as for Reading.start, a song with its gains first of all.
  ask(wish) {
    this.#wish = { ...this.#wish, ...wish };
  }

  // Write the next samples: a quantum, of which FADE_SAMPLES is a multiple.
  render(left, right) {
    if (this.#faded >= FADE_SAMPLES) this.#turn();
    this.#now.read(left, right);
    if (this.#faded >= FADE_SAMPLES) return;
    const [leftBefore, rightBefore] = [this.#left, this.#right].map((scratch) => scratch.subarray(0, left.length));
    this.#before.read(leftBefore, rightBefore);
    for (let i = 0; i < left.length; i++) {
      const gain = FADE_IN[this.#faded + i];
      left[i] = gain * left[i] + (1 - gain) * leftBefore[i];
      right[i] = gain * right[i] + (1 - gain) * rightBefore[i];
    }
    this.#faded += left.length;
  }

  // Begin what has been asked for, go round at the end of the loop, stop at the end of the song.
  #turn() {
    const { song, playing, loop } = this.#state;
    const ended = playing && this.#now.position >= song.left.length;
    if (!this.#wish && !ended && !(playing && loop && this.#now.position >= loop.to)) return;
    const { position = ended ? 0 : this.#now.position, ...state } = { playing: playing && !ended, ...this.#wish };
    this.#wish = null;
    Object.assign(this.#state, state);
    [this.#now, this.#before] = [this.#before, this.#now];
    this.#now.start(this.#state.song, this.#placed(position), this.#state.playing ? this.#state.gains : null);
    this.#faded = 0;
    this.#turned({ position: this.#now.position, playing: this.#state.playing });
  }

  // A position inside the loop where there is one: what has run over its end is as far past its beginning.
  #placed(position) {
    const { song, loop } = this.#state;
    if (!loop) return Math.min(Math.max(position, 0), song.left.length);
    if (position >= loop.to) return loop.from + ((position - loop.to) % (loop.to - loop.from));
    return Math.max(position, loop.from);
  }
}
