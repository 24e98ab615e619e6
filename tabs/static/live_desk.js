// The mixing desk: who plays how loud and where between left and right. The band has one fader for all of it.

const PLACES = {
  you: { gain: 0.9, pan: -0.2 },
  network: { gain: 0.9, pan: 0.2 },
  Piano: { gain: 0.6, pan: -0.4, band: true },
  "Double bass": { gain: 0.5, pan: 0, band: true },
  Drums: { gain: 0.8, pan: 0.1, band: true },
};

export class Desk {
  #output;
  #band;
  #inputs;

  // bandVolume: 0 to 1.
  constructor(context, bandVolume) {
    this.#output = new GainNode(context);
    this.#band = new GainNode(context, { gain: bandVolume });
    this.#band.connect(this.#output).connect(context.destination);
    this.#inputs = Object.fromEntries(Object.entries(PLACES).map(([name, place]) => [name, this.#input(context, place)]));
  }

  #input(context, { gain, pan, band }) {
    const input = new GainNode(context, { gain });
    input.connect(new StereoPannerNode(context, { pan })).connect(band ? this.#band : this.#output);
    return input;
  }

  // The node to play into: you, network or the name of an instrument of the band.
  input(name) {
    return this.#inputs[name];
  }

  set bandVolume(gain) {
    this.#band.gain.setTargetAtTime(gain, this.#band.context.currentTime, 0.02);
  }

  // Fade out and let go of whatever still sounds.
  close() {
    this.#output.gain.setTargetAtTime(0, this.#output.context.currentTime, 0.02);
    setTimeout(() => this.#output.disconnect(), 500);
  }
}
