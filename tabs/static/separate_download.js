// Downloads of the Separate tab: the page says what is wanted, tabs/separate_download.py writes it, the browser saves it.

import { button, node } from "./node.js";

const WHAT = { vocals: "Vocals", accompaniment: "Accompaniment", both: "Both (zip)", mix: "What you hear" };
const NAMES = { vocals: "Download vocals", accompaniment: "Download accompaniment", both: "Download both", mix: "Download what you hear" };

// ask: is given {what, format, section, levels}. heard: answers {levels, section} of the moment.
export class Downloads {
  #buttons = Object.entries(WHAT).map(([what, text]) => button("separate-choice", text, { "aria-label": NAMES[what], value: what }));
  #format = node("select", { "aria-label": "Format" }, ...["WAV", "FLAC", "MP3"].map((name) => node("option", {}, name)));
  #only = node("input", { type: "checkbox" });
  #section = node("label", { class: "separate-only" }, this.#only, "only the loop");
  #note = node("span", { class: "separate-note", role: "status" });

  root = node("div", { class: "separate-downloads" }, node("span", {}, "Download"), this.#format, ...this.#buttons, this.#section, this.#note);

  constructor(ask, heard) {
    this.loop = null;
    for (const wanted of this.#buttons)
      wanted.addEventListener("click", () => {
        const { levels, section } = heard();
        this.#busy(true);
        this.#note.textContent = "Writing …";
        const format = this.#format.value.toLowerCase();
        ask({ what: wanted.value, format, levels, section: this.#only.checked ? section : null });
      });
    window.addEventListener("separate-delivered", ({ detail }) => {
      this.#busy(false);
      this.#note.textContent = detail.fault ?? `${detail.name}${detail.note && `: ${detail.note}`}`;
      this.#note.classList.toggle("separate-fault", "fault" in detail);
    });
  }

  // A section can be chosen only while there is one.
  set loop(loop) {
    this.#section.hidden = !loop;
    this.#only.checked &&= Boolean(loop);
  }

  // Another song: nothing said of the last one stays.
  clear() {
    this.#note.textContent = "";
  }

  #busy(busy) {
    this.#buttons.forEach((wanted) => (wanted.disabled = busy));
  }
}

// props.value: {url, name, note} of a file, or {fault}.
export function mountDelivery(props, watch) {
  watch("value", () => {
    const delivered = props.value;
    if (!delivered) return;
    const { url, name } = delivered;
    if (url) node("a", { href: new URL(url, document.baseURI), download: name }).click();
    window.dispatchEvent(new CustomEvent("separate-delivered", { detail: delivered }));
  });
}
