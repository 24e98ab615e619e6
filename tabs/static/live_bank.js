// Single notes that the server's synthesiser rendered, played at the rate that gives the pitch. One sound file holds
// them all; `samples` says where: instrument -> [pitch, seconds into the file, seconds long].

const RENDERED_VELOCITY = 100; // MIDI velocity of the samples; loudness goes with its square, as in General MIDI
const RELEASE_S = 0.06; // time constant of a note that is let go
const SILENT_AFTER = 7; // time constants: 60 dB down

export const DRUMS = "Drums"; // of the band's instruments the one that has no pitches

export class Bank {
  #buffer;
  #samples;

  constructor(buffer, samples) {
    this.#buffer = buffer;
    this.#samples = samples;
  }

  // Begin a note at context time `at`; it rings as long as its sample unless the function that comes back lets it go.
  sound(output, instrument, pitch, velocity, at) {
    const { context } = output;
    const [root, offset, seconds] = nearest(this.#samples[instrument], pitch);
    const rate = 2 ** ((pitch - root) / 12);
    const source = new AudioBufferSourceNode(context, { buffer: this.#buffer, playbackRate: rate });
    const level = new GainNode(context, { gain: (velocity / RENDERED_VELOCITY) ** 2 });
    source.connect(level).connect(output);
    source.start(at, offset, seconds);
    source.onended = () => level.disconnect();
    return (end) => {
      if (instrument === DRUMS) return; // they ring as they will
      level.gain.setTargetAtTime(0, end, RELEASE_S);
      source.stop(end + SILENT_AFTER * RELEASE_S);
    };
  }
}

function nearest(samples, pitch) {
  return samples.reduce((best, sample) => (Math.abs(sample[0] - pitch) < Math.abs(best[0] - pitch) ? sample : best));
}
