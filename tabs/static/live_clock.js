// Bars and beats on the audio clock. Ticks are 12 per beat; tick 0 is the first bar line after the count-in, so the
// count-in has negative ticks. Seconds are those of the AudioContext.

export const TICKS_PER_BEAT = 12;
export const BEATS_PER_BAR = 4;
export const TICKS_PER_BAR = TICKS_PER_BEAT * BEATS_PER_BAR;
export const HORIZON_S = 0.5; // what begins within this time is handed to the audio thread: a busy page may miss as much

export class Clock {
  #context;
  #zero; // context time of tick 0
  #timer = null;

  // tempo in beats per minute; zero: context time of tick 0.
  constructor(context, tempo, zero) {
    this.#context = context;
    this.#zero = zero;
    this.secondsPerTick = 60 / tempo / TICKS_PER_BEAT;
  }

  timeOf(tick) {
    return this.#zero + tick * this.secondsPerTick;
  }

  tickAt(time) {
    return (time - this.#zero) / this.secondsPerTick;
  }

  get tick() {
    return this.tickAt(this.#context.currentTime);
  }

  // The tick that a player heard when an event with this time stamp (of performance.now) happened: what they hear left
  // the clock a while ago, by what the browser knows of its own buffers and of the loudspeaker's.
  heardAt(stamp) {
    const { currentTime, baseLatency = 0, outputLatency = 0 } = this.#context;
    return this.tickAt(currentTime - (performance.now() - stamp) / 1000 - baseLatency - outputLatency);
  }

  // Call `advance` often enough for HORIZON_S, until stop().
  run(advance) {
    this.#timer = new Worker(new URL("live_timer.js", import.meta.url));
    this.#timer.onmessage = advance;
    advance();
  }

  stop() {
    this.#timer?.terminate();
    this.#timer = null;
  }
}
