// What is heard of a separated song: solo, mute and volume of each stem, karaoke, and the original to compare with.

import { button, node, press } from "./node.js";

const STEMS = ["vocals", "accompaniment"];
const NAMES = { vocals: "Vocals", accompaniment: "Accompaniment" };

export class StemMixer extends EventTarget {
  // Event: "change", whatever was changed.
  #strips = Object.fromEntries(STEMS.map((stem) => [stem, strip(stem)]));
  #karaoke = button("separate-choice", "Karaoke", { title: "The accompaniment alone" });
  #original = button("separate-choice", "Original", { title: "The song as it was; again for your mix (O)" });

  presets = node("div", { class: "separate-choices", role: "group", "aria-label": "What you hear" });
  root = node("div", { class: "separate-mixer" }, ...STEMS.map((stem) => this.#strips[stem].root));

  constructor() {
    super();
    this.presets.append(this.#original, this.#karaoke);
    this.#original.addEventListener("click", () => this.compare());
    this.#karaoke.addEventListener("click", () => {
      const on = !this.#sings;
      STEMS.forEach((stem) => press(this.#strips[stem].solo, false));
      press(this.#strips.accompaniment.mute, false);
      press(this.#strips.vocals.mute, on);
      press(this.#original, false);
      this.#changed();
    });
    for (const { solo, mute, volume } of Object.values(this.#strips)) {
      for (const toggle of [solo, mute])
        toggle.addEventListener("click", () => {
          press(toggle, !pressed(toggle));
          press(this.#original, false);
          this.#changed();
        });
      volume.addEventListener("input", () => this.#changed());
    }
    press(this.#strips.vocals.solo, true); // so that the first drag of alpha is heard
    this.#changed();
  }

  // Gains of song, vocals and accompaniment, 0 to 1.
  get levels() {
    if (pressed(this.#original)) return { song: 1, vocals: 0, accompaniment: 0 };
    const soloed = STEMS.some((stem) => pressed(this.#strips[stem].solo));
    const level = ({ solo, mute, volume }) =>
      pressed(mute) || (soloed && !pressed(solo)) ? 0 : Number(volume.value);
    return { song: 0, vocals: level(this.#strips.vocals), accompaniment: level(this.#strips.accompaniment) };
  }

  // The original instead of the mix, or back.
  compare() {
    press(this.#original, !pressed(this.#original));
    this.#changed();
  }

  // shares: of the stems in the energy of the song.
  tell(shares) {
    for (const stem of STEMS) this.#strips[stem].share.textContent = `${Math.round(100 * shares[stem])} % of the energy`;
  }

  get #sings() {
    const { song, vocals, accompaniment } = this.levels;
    return !song && !vocals && accompaniment > 0;
  }

  #changed() {
    press(this.#karaoke, this.#sings);
    this.root.classList.toggle("separate-bypassed", pressed(this.#original));
    this.dispatchEvent(new Event("change"));
  }
}

const pressed = (toggle) => toggle.getAttribute("aria-pressed") === "true";

function strip(stem) {
  const name = NAMES[stem];
  const solo = button("separate-choice", "Solo", { "aria-pressed": false, "aria-label": `Solo ${name}` });
  const mute = button("separate-choice", "Mute", { "aria-pressed": false, "aria-label": `Mute ${name}` });
  const volume = node("input", {
    ...{ type: "range", min: 0, max: 1, step: 0.01, value: 1 },
    "aria-label": `Volume of the ${name.toLowerCase()}`,
  });
  const share = node("span", { class: "separate-share" });
  const label = node("div", { class: `separate-strip-name separate-key-${stem}` }, name, share);
  return { root: node("div", { class: "separate-strip" }, label, solo, mute, volume), solo, mute, volume, share };
}
