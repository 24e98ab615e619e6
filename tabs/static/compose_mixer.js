// A level for each part of a take, with solo and mute. The parts sum to the take, so nothing is rendered again.

import { node } from "./compose.js";

const [QUIETEST_DB, LOUDEST_DB] = [-30, 6]; // at the lower end a part is silent

// changed: is told the gain of each part, in the order of the parts.
export class Mixer {
  root = node("div", { class: "compose-mixer", role: "group", "aria-label": "Mixer" });
  #strips = [];
  #changed;

  constructor(changed) {
    this.#changed = changed;
  }

  // Show one strip per part; parts of the take before keep their settings.
  set parts(names) {
    const before = new Map(this.#strips.map((part) => [part.name, part]));
    this.#strips = names.map((name) => before.get(name) ?? strip(name, () => this.#changed(this.gains)));
    this.root.replaceChildren(...this.#strips.map((part) => part.root));
  }

  get gains() {
    const solo = this.#strips.some((part) => pressed(part.solo));
    return this.#strips.map(({ level, solo: alone, mute }) => {
      const db = Number(level.value);
      const silent = pressed(mute) || (solo && !pressed(alone)) || db === QUIETEST_DB;
      return silent ? 0 : 10 ** (db / 20);
    });
  }
}

const pressed = (button) => button.getAttribute("aria-pressed") === "true";

function strip(name, changed) {
  const level = node("input", { type: "range", min: QUIETEST_DB, max: LOUDEST_DB, value: 0, "aria-label": `Level of the ${name}` });
  const describe = () => level.setAttribute("aria-valuetext", `${level.value} decibels`);
  level.addEventListener("input", () => {
    describe();
    changed();
  });
  describe();
  const [solo, mute] = ["Solo", "Mute"].map((word) => {
    const label = `${word} the ${name}`;
    const button = node("button", { type: "button", class: "compose-small", "aria-pressed": false, "aria-label": label }, word);
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", !pressed(button));
      changed();
    });
    return button;
  });
  const title = node("span", { class: `compose-key-${name}` }, name);
  return { name, level, solo, mute, root: node("div", { class: "compose-part" }, title, level, solo, mute) };
}
