// The player of a separated song: the audio thread mixes its layers (layers.js), this end loads, steers and tells where
// it is. Nothing plays by itself, and nothing that changes moves the position.

import { BINS, LEVELS, frames } from "./layers.js";

export const SAMPLE_RATE = 44100; // of the spectrogram that the probabilities belong to

export class LayersPlayer extends EventTarget {
  // Events: "state" whenever it starts, stops or jumps.
  #context = null;
  #node = null;
  #gains = new Float32Array(LEVELS).fill(1);
  #turn = { position: 0, playing: false, at: 0 }; // what the audio thread said last: samples, and context time
  #loop = null; // in seconds
  #loading = 0;
  #answers = []; // resolvers of what the audio thread has yet to acknowledge

  duration = 0;

  // context: null for the page's own sound output, made on the first load; tests pass an OfflineAudioContext.
  constructor(context = null) {
    super();
    this.#context = context;
  }

  // Fetch a song and its levels ({sound, levels: URLs}); the position is kept if `keep`. Answers the decoded song, or
  // null when a later load has taken over.
  async load({ sound, levels }, keep = false) {
    const loading = ++this.#loading;
    await this.#prepare();
    const [buffer, packed] = await Promise.all([this.#decoded(sound), unpacked(levels)]);
    if (loading !== this.#loading) return null;
    const left = samples(buffer, 0);
    const right = buffer.numberOfChannels > 1 ? samples(buffer, 1) : left;
    if (packed.length !== BINS * frames(left.length))
      throw new RangeError(`${packed.length} levels do not belong to ${left.length} samples. Separate the song again.`);
    this.duration = buffer.duration;
    if (!keep) this.#loop = null;
    const place = keep ? {} : { playing: false, position: 0, loop: null };
    const moved = [...new Set([left.buffer, right.buffer, packed.buffer])]; // not copied: a long song fills 150 MB
    await this.#tell({ song: { left, right, levels: packed }, gains: this.#gains, ...place }, moved);
    return buffer;
  }

  get loaded() {
    return this.duration > 0;
  }
  get playing() {
    return this.#turn.playing;
  }
  get loop() {
    return this.#loop;
  }
  get position() {
    const { position, playing, at } = this.#turn;
    const straight = position / SAMPLE_RATE + (playing ? Math.max(this.#context.currentTime - at, 0) : 0);
    return Math.min(straight, this.duration);
  }

  // What is heard: one gain for each level of probability.
  setGains(gains) {
    this.#gains = gains;
    return this.#tell({ gains });
  }

  // Call inside a click or key handler, for browsers make no sound before a gesture.
  async play() {
    if (!this.loaded) return;
    if (this.#context instanceof AudioContext) await this.#context.resume();
    await this.#tell({ playing: true });
  }

  pause() {
    return this.#tell({ playing: false });
  }

  seek(seconds) {
    return this.#tell({ position: Math.round(Math.min(Math.max(seconds, 0), this.duration) * SAMPLE_RATE) });
  }

  // Go round from `from` to `to`, in seconds; null ends it.
  setLoop(loop) {
    this.#loop = loop;
    return this.#tell({ loop: inSamples(loop) });
  }

  // Resolves once the audio thread has taken it.
  #tell(message, moved = []) {
    if (!this.#node) return Promise.resolve();
    this.#node.port.postMessage(message, moved);
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  async #prepare() {
    if (this.#node) return;
    this.#context ??= new AudioContext({ sampleRate: SAMPLE_RATE });
    if (!this.#context.audioWorklet)
      throw new Error("This browser plays separated songs only on https pages and on the machine that serves them.");
    await this.#context.audioWorklet.addModule(new URL("layers_worklet.js", import.meta.url));
    this.#node = new AudioWorkletNode(this.#context, "layers", { numberOfInputs: 0, outputChannelCount: [2] });
    this.#node.connect(this.#context.destination);
    this.#node.port.onmessage = ({ data }) => {
      if (data.heard) return this.#answers.shift()();
      this.#turn = data;
      this.dispatchEvent(new Event("state"));
    };
  }

  async #decoded(url) {
    return this.#context.decodeAudioData(await (await fetched(url)).arrayBuffer());
  }
}

async function fetched(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The sound could not be loaded (${response.status}). Separate the song again.`);
  return response;
}

// Levels come as gzip: uint8 (frame, bin).
async function unpacked(url) {
  const { body } = await fetched(url);
  return new Uint8Array(await new Response(body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer());
}

// A channel as the 16-bit samples that it was sent as: browsers divide them by 32768 or, above zero, by 32767.
function samples(buffer, channel) {
  const wave = buffer.getChannelData(channel);
  const sent = new Int16Array(wave.length);
  for (let i = 0; i < wave.length; i++) sent[i] = Math.round(wave[i] * (wave[i] < 0 ? 32768 : 32767));
  return sent;
}

const inSamples = (loop) => loop && { from: Math.round(loop.from * SAMPLE_RATE), to: Math.round(loop.to * SAMPLE_RATE) };
