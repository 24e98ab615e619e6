// The audio thread's end of layers_player.js.

import { Mixer } from "./layers_mixer.js";

class Layers extends AudioWorkletProcessor {
  #mixer = new Mixer((turn) => this.port.postMessage({ ...turn, at: currentTime }));

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      this.#mixer.ask(data);
      this.port.postMessage({ heard: true });
    };
  }

  process(_, [[left, right]]) {
    this.#mixer.render(left, right);
    return true;
  }
}

registerProcessor("layers", Layers);
