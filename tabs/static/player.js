// Sample-locked player: all stimuli of a trial, or all stems of a song, run on one AudioContext clock, and moving from
// one to another keeps the position to the sample. Nothing plays by itself.

import { Run } from "./player_run.js";
import { decoded, loopOf, SHORTEST_LOOP_S } from "./sound.js";

export class Player extends EventTarget {
  // Events: "state", whose detail says what happened ("load", "play", "stop", "seek", "switch", "levels", "loop"), and
  // "ended".
  #context = null;
  #output = null;
  #buffers = [];
  #run = null;
  #startedAt = 0; // context time that corresponds to position 0
  #pausedAt = 0;
  #slot = 0;
  #levels = null; // null: exactly one slot is heard; otherwise one gain per slot, all heard at once
  #loop = null; // null, or {from, to} in seconds
  #volume = 1;
  #heardFrom = 0; // context time up to which the run is counted in #heard
  #heard = [];
  #loading = 0;

  // context: null for the page's own sound output, made on the first load; tests pass an OfflineAudioContext.
  constructor(context = null) {
    super();
    this.#context = context;
  }

  // Make the sound output: call it inside a click or key handler, for browsers make none before a gesture.
  unlock() {
    const context = this.#ensureContext();
    return context instanceof AudioContext ? context.resume() : Promise.resolve();
  }

  // Fetch and decode one sound per slot; whatever was loaded before stops and is forgotten.
  async load(urls) {
    const loading = ++this.#loading;
    if (this.playing) this.#halt();
    this.#buffers = [];
    this.stop();
    const context = this.#ensureContext();
    const buffers = await Promise.all(urls.map((url) => decoded(context, url)));
    if (loading !== this.#loading) return; // a later load has taken over
    this.#buffers = buffers;
    this.#heard = buffers.map(() => 0);
    this.#slot = Math.min(this.#slot, buffers.length - 1);
    this.#pausedAt = 0;
    this.#loop = null;
    this.#changed("load");
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

  get playing() {
    return this.#run !== null;
  }
  get loaded() {
    return this.#buffers.length > 0;
  }
  get slot() {
    return this.#slot;
  }
  get loop() {
    return this.#loop;
  }
  get duration() {
    return Math.max(0, ...this.#buffers.map((buffer) => buffer.duration));
  }
  get position() {
    if (!this.playing) return this.#pausedAt;
    const straight = Math.max(this.#context.currentTime - this.#startedAt, 0);
    if (this.#loop === null) return Math.min(straight, this.duration);
    const { from, to } = this.#loop;
    return from + (Math.max(straight - from, 0) % (to - from));
  }
  get sampleRate() {
    return this.#context?.sampleRate ?? null;
  }
  get baseLatency() {
    return this.#context?.baseLatency ?? null; // seconds
  }

  // Gain of everything that is heard, 0 to 1; it stays when other sounds are loaded.
  get volume() {
    return this.#volume;
  }
  set volume(gain) {
    this.#volume = gain;
    this.#output?.gain.setTargetAtTime(gain, this.#context.currentTime, 0.01);
  }

  // Milliseconds each slot has been audible since it was loaded.
  get heardMs() {
    return this.#heardSince(this.#context?.currentTime ?? 0).map(Math.round);
  }

  // Call inside a click or key handler, too.
  async play(slot = this.#slot) {
    if (!this.loaded) return;
    if (this.playing) return this.switchTo(slot);
    await this.unlock();
    if (this.playing) return;
    this.#slot = slot;
    this.#start();
    this.#changed("play");
  }

  pause() {
    if (!this.playing) return;
    const position = this.position;
    this.#halt();
    this.#pausedAt = position;
    this.#changed("stop");
  }

  stop() {
    if (this.playing) this.#halt();
    this.#pausedAt = 0;
    this.#changed("stop");
  }

  seek(seconds) {
    const resume = this.playing;
    if (resume) this.#halt();
    this.#pausedAt = Math.min(Math.max(seconds, 0), this.duration);
    if (resume) this.#start();
    this.#changed("seek");
  }

  // Go round from `from` to `to`, in seconds, at least SHORTEST_LOOP_S; null ends it.
  setLoop(loop) {
    if (loop !== null && !(loop.from >= 0 && loop.to <= this.duration && loop.to - loop.from >= SHORTEST_LOOP_S))
      throw new RangeError(`a loop from ${loop.from} s to ${loop.to} s does not fit: it needs ${SHORTEST_LOOP_S} s`);
    const position = this.position;
    const resume = this.playing;
    if (resume) this.#halt();
    this.#pausedAt = position;
    this.#loop = loop;
    if (resume) this.#start();
    this.#changed("loop");
  }

  // Hear one slot alone, from the same position on.
  switchTo(slot) {
    if (slot === this.#slot && this.#levels === null) return;
    if (this.playing) this.#countHeard();
    this.#slot = slot;
    this.#levels = null;
    this.#run?.switchTo(this.#gains());
    this.#changed("switch");
  }

  // Hear all slots at once, each at its gain (0 mutes): for stems that are meant to sum.
  setLevels(levels) {
    if (this.playing) this.#countHeard();
    this.#levels = levels.slice();
    this.#run?.mixTo(this.#gains());
    this.#changed("levels");
  }

  #gains() {
    return this.#levels ?? this.#buffers.map((_, slot) => Number(slot === this.#slot));
  }

  #start() {
    const { from, to } = this.#loop ?? { from: 0, to: this.duration - 0.01 };
    if (this.#pausedAt < from || this.#pausedAt >= to) this.#pausedAt = from;
    const sounds = this.#loop === null ? this.#buffers : this.#buffers.map((buffer) => loopOf(buffer, this.#loop));
    const way = { offset: this.#pausedAt - from, loop: this.#loop !== null, levels: this.#gains() };
    this.#run = new Run(this.#context, this.#output, sounds, way);
    this.#startedAt = this.#run.at - this.#pausedAt;
    this.#heardFrom = this.#run.at;
    const longest = this.#buffers.findIndex((buffer) => buffer.duration === this.duration);
    this.#run.onEnd(longest, () => this.#ended());
  }

  #countHeard() {
    const now = this.#context.currentTime;
    this.#heard = this.#heardSince(now);
    this.#heardFrom = Math.max(now, this.#run.at);
  }

  #heardSince(now) {
    const ms = this.playing ? Math.max(0, now - this.#heardFrom) * 1000 : 0;
    return this.#gains().map((gain, slot) => this.#heard[slot] + (gain > 0 ? ms : 0));
  }

  #halt() {
    this.#countHeard();
    this.#run.stop();
    this.#run = null;
  }

  #ended() {
    this.#halt();
    this.#pausedAt = 0;
    this.#changed("stop");
    this.dispatchEvent(new Event("ended"));
  }

  #ensureContext() {
    this.#context ??= new AudioContext();
    if (this.#output === null) {
      this.#output = new GainNode(this.#context, { gain: this.#volume });
      this.#output.connect(this.#context.destination);
    }
    return this.#context;
  }

  #changed(detail) {
    this.dispatchEvent(new CustomEvent("state", { detail }));
  }
}

// 83.4 -> "1:23"
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
