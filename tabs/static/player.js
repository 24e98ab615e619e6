// Sample-locked player: all stimuli of a trial, or all stems of a song, run on one AudioContext clock; gains choose
// what is heard. Switching fades the old slot out in 5 ms, then the new one in, 5 ms, raised cosine: ITU-R BS.1534-3
// allows no cross-fade between systems.

const FADE_S = 0.005;
const GUARD_S = 0.0005; // two value curves on one gain may not touch
const FADE_OUT = Float32Array.from({ length: 64 }, (_, i) => 0.5 + 0.5 * Math.cos((Math.PI * i) / 63));
const FADE_IN = FADE_OUT.slice().reverse();

export class Player extends EventTarget {
  // Events: "state" (playing, paused, slot or levels changed) and "ended".
  #context = null;
  #buffers = [];
  #gains = [];
  #sources = [];
  #startedAt = 0; // context time that corresponds to position 0
  #pausedAt = 0;
  #slot = 0;
  #levels = null; // null: exactly one slot is heard; otherwise one gain per slot, all heard at once
  #heardFrom = null;
  #heard = [];
  #busyUntil = 0;
  #loading = 0;
  playing = false;

  // context: null for the page's own sound output, made on the first load; tests pass an OfflineAudioContext.
  constructor(context = null) {
    super();
    this.#context = context;
  }

  // Fetch and decode one sound per slot; whatever was loaded before stops and is forgotten.
  async load(urls) {
    const loading = ++this.#loading;
    this.stop();
    this.#buffers = [];
    const context = this.#ensureContext();
    const buffers = await Promise.all(urls.map((url) => decoded(context, url)));
    if (loading !== this.#loading) return; // a later load has taken over
    this.#buffers = buffers;
    this.#gains.forEach((gain) => gain.disconnect());
    this.#gains = buffers.map(() => new GainNode(context, { gain: 0 }));
    this.#gains.forEach((gain) => gain.connect(context.destination));
    this.#heard = buffers.map(() => 0);
    this.#slot = Math.min(this.#slot, buffers.length - 1);
    this.#pausedAt = 0;
    this.#changed();
  }

  // Replace the sound of the given slots without stopping: the position is kept. urls: {slot: url}.
  async replace(urls) {
    const context = this.#ensureContext();
    const loading = this.#loading;
    const fresh = await Promise.all(
      Object.entries(urls).map(async ([slot, url]) => [Number(slot), await decoded(context, url)]),
    );
    if (loading !== this.#loading) return;
    const resume = this.playing;
    if (resume) this.pause();
    fresh.forEach(([slot, buffer]) => (this.#buffers[slot] = buffer));
    if (resume) await this.play();
  }

  get loaded() {
    return this.#buffers.length > 0;
  }
  get slot() {
    return this.#slot;
  }
  get duration() {
    return Math.max(0, ...this.#buffers.map((buffer) => buffer.duration));
  }
  get position() {
    if (!this.playing) return this.#pausedAt;
    return Math.min(Math.max(this.#context.currentTime - this.#startedAt, 0), this.duration);
  }
  get sampleRate() {
    return this.#context?.sampleRate ?? null;
  }

  // Milliseconds each slot has been audible since it was loaded.
  get heardMs() {
    const heard = this.#heard.slice();
    if (this.playing && this.#levels === null && this.#heardFrom !== null)
      heard[this.#slot] += (this.#context.currentTime - this.#heardFrom) * 1000;
    return heard.map(Math.round);
  }

  // Call inside a click or key handler: browsers start audio only after a gesture.
  async play(slot = this.#slot) {
    if (!this.loaded) return;
    if (this.playing) return this.switchTo(slot);
    if (this.#context instanceof AudioContext) await this.#context.resume();
    if (this.playing) return;
    if (this.#pausedAt >= this.duration - 0.01) this.#pausedAt = 0;
    this.#slot = slot;
    const start = this.#context.currentTime + 0.01;
    this.#startedAt = start - this.#pausedAt;
    this.#sources = this.#buffers.map((buffer, i) => {
      const source = new AudioBufferSourceNode(this.#context, { buffer });
      source.connect(this.#gains[i]);
      source.start(start, this.#pausedAt);
      return source;
    });
    const longest = this.#sources[this.#buffers.findIndex((buffer) => buffer.duration === this.duration)];
    longest.onended = () => this.#ended();
    this.playing = true;
    this.#heardFrom = start;
    this.#gains.forEach((gain, i) => {
      gain.gain.cancelScheduledValues(0);
      gain.gain.setValueAtTime(0, this.#context.currentTime);
      if (this.#target(i) > 0) gain.gain.setValueCurveAtTime(scaled(FADE_IN, this.#target(i)), start, FADE_S);
    });
    this.#busyUntil = start + FADE_S + GUARD_S;
    this.#changed();
  }

  pause() {
    if (!this.playing) return;
    const position = this.position;
    this.#halt();
    this.#pausedAt = position;
    this.#changed();
  }

  stop() {
    if (this.playing) this.#halt();
    this.#pausedAt = 0;
    this.#changed();
  }

  async seek(seconds) {
    const resume = this.playing;
    if (resume) this.#halt();
    this.#pausedAt = Math.min(Math.max(seconds, 0), this.duration);
    if (resume) await this.play();
    else this.#changed();
  }

  // Hear one slot alone, from the same position on.
  switchTo(slot) {
    if (slot === this.#slot && this.#levels === null) return;
    if (this.playing) this.#countHeard();
    const before = this.#gains.map((_, i) => this.#target(i));
    this.#slot = slot;
    this.#levels = null;
    if (this.playing) this.#fadeFrom(before);
    this.#changed();
  }

  // Hear all slots at once, each at its gain (0 mutes): for stems that are meant to sum.
  setLevels(levels) {
    if (this.playing) this.#countHeard();
    const before = this.#gains.map((_, i) => this.#target(i));
    this.#levels = levels.slice();
    if (this.playing) this.#fadeFrom(before);
    this.#changed();
  }

  #target(slot) {
    return this.#levels === null ? Number(slot === this.#slot) : this.#levels[slot];
  }

  #fadeFrom(before) {
    const now = this.#context.currentTime;
    const start = Math.max(now + GUARD_S, this.#busyUntil);
    this.#gains.forEach((gain, i) => {
      const target = this.#target(i);
      if (target === before[i]) return;
      if (this.#levels !== null) {
        gain.gain.setValueCurveAtTime(Float32Array.of(before[i], target), start, FADE_S);
      } else if (before[i] > 0) {
        gain.gain.setValueCurveAtTime(scaled(FADE_OUT, before[i]), start, FADE_S);
        if (target > 0) gain.gain.setValueCurveAtTime(FADE_IN, start + FADE_S + GUARD_S, FADE_S);
      } else {
        gain.gain.setValueCurveAtTime(FADE_IN, start + FADE_S + GUARD_S, FADE_S);
      }
    });
    this.#busyUntil = start + 2 * (FADE_S + GUARD_S);
  }

  #countHeard() {
    const now = this.#context.currentTime;
    if (this.#levels === null && this.#heardFrom !== null)
      this.#heard[this.#slot] += Math.max(0, now - this.#heardFrom) * 1000;
    this.#heardFrom = now;
  }

  #halt() {
    this.#countHeard();
    this.#heardFrom = null;
    this.playing = false;
    this.#sources.forEach((source) => {
      source.onended = null;
      source.stop();
      source.disconnect();
    });
    this.#sources = [];
  }

  #ended() {
    this.#halt();
    this.#pausedAt = 0;
    this.#changed();
    this.dispatchEvent(new Event("ended"));
  }

  #ensureContext() {
    this.#context ??= new AudioContext();
    return this.#context;
  }

  #changed() {
    this.dispatchEvent(new Event("state"));
  }
}

async function decoded(context, url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the sound could not be loaded (${response.status})`);
  return context.decodeAudioData(await response.arrayBuffer());
}

function scaled(curve, gain) {
  return curve.map((value) => value * gain);
}

// 83.4 -> "1:23"
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
