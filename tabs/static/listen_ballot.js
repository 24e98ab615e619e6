// The ballots: how each kind of trial is answered. A ballot draws itself, says what has been answered (null while
// something is missing), and follows the deck where only the sound that is heard can be rated.

import { html } from "./listen_stage.js";
import { soundButton } from "./listen_deck.js";
import { say, translated } from "./texts.js";

export const LETTERS = [..."ABCDEFGHIJKL"];

// Two sounds, and one question with a choice of answers: [value, text].
export class Choices {
  constructor(trial, answers, { layout = "", confidence = false } = {}) {
    this.deck = pairButtons(trial);
    this.markup = html`${choice("answer", asked(trial, "question"), answers, layout)}
      ${confidence ? choice("confidence", say("ballot.sure"), say("ballot.confidences").map((text, i) => [i + 1, text]), "") : ""}`;
    this.names = confidence ? ["answer", "confidence"] : ["answer"];
  }

  begin(form) {
    this.form = form;
  }

  key() {
    return false; // the browser's own keys of a choice are enough
  }

  // Nothing can be chosen before both sounds were heard for long enough.
  follow(deck) {
    this.form.querySelectorAll("fieldset").forEach((group) => (group.disabled = !deck.heardEnough));
  }

  get chosen() {
    const values = this.names.map((name) => this.form.elements[name].value);
    return values.includes("") ? null : values.map(Number);
  }
}

class Comparison extends Choices {
  constructor(trial) {
    const grades = say("ballot.grades"); // ITU-R BS.562-3
    const a = grades.map((grade, i) => [i - 3, say("ballot.grade", { letter: "A", grade })]);
    const b = grades.map((grade, i) => [3 - i, say("ballot.grade", { letter: "B", grade })]).reverse();
    super(trial, [...a, ...(trial.tie ? [[0, say("ballot.no_preference")]] : []), ...b], { layout: "listen-grades" });
  }
  get response() {
    return this.chosen && { value: this.chosen[0] };
  }
}

class OneOfTwo extends Choices {
  // saying: key of the text that names a sound as the answer.
  constructor(trial, saying, confidence = false) {
    super(trial, ["A", "B"].map((letter, slot) => [slot, say(saying, { letter })]), { confidence });
  }
  get response() {
    if (!this.chosen) return null;
    const [slot, confidence = null] = this.chosen;
    return { slot, confidence };
  }
}

// Several sounds, each with a scale of its own from 0 to 100. A scale has no value before it is touched.
class Scales {
  constructor(trial) {
    const { sounds, reference } = trial;
    const attribute = asked(trial, "attribute");
    this.count = sounds.length;
    this.markup = html``;
    this.deck = html`<div class="listen-scales" role="group" aria-label="${attribute}">
      <div class="listen-asked"><h3>${attribute}</h3><p class="listen-note">${asked(trial, "question")}</p></div>
      <div class="listen-row listen-bands">${reference ? soundButton(this.count, say("deck.reference")) : html`<span></span>`}
        <div aria-hidden="true">${say("ballot.bands").map((band) => html`<span>${band}</span>`)}</div><span></span></div>
      ${sounds.map((_, slot) => scale(slot))}</div>`;
  }

  begin(form, deck) {
    this.inputs = [...form.querySelectorAll(".listen-scale")];
    this.inputs.forEach((input) => {
      // A click where the hidden thumb stands changes no value, and is a rating all the same.
      input.oninput = input.onclick = () => this.#rate(input, deck);
    });
  }

  follow(deck) {
    this.inputs.forEach((input, slot) => (input.disabled = deck.heard !== slot));
  }

  // Up and down rate the sound that is heard, wherever the focus is.
  key(key, deck) {
    return nudge(this.inputs[deck.heard ?? this.count], key);
  }

  get response() {
    const rated = this.inputs.every((input) => input.dataset.rated);
    return rated ? { values: this.inputs.map((input) => input.valueAsNumber) } : null;
  }

  #rate(input, deck) {
    input.dataset.rated = "yes";
    const band = say("ballot.bands")[Math.min(4, Math.floor(input.value / 20))].replace("\u00ad", ""); // a soft hyphen
    input.setAttribute("aria-valuetext", `${input.value}, ${band}`);
    input.nextElementSibling.textContent = input.value;
    deck.log("rate");
    deck.touch();
  }
}

// One slider that changes what is heard: how sure the separation must be of what it lets through.
class Alpha {
  constructor(trial) {
    this.count = trial.layers.length;
    this.start = trial.start;
    this.deck = html`<div class="listen-scales" role="group" aria-label="${say("ballot.adjustment")}">
      <div class="listen-asked"><h3>${asked(trial, "question")}</h3></div>
      <div class="listen-ends" aria-hidden="true"><span>${say("ballot.fuller")}</span><span>${say("ballot.cleaner")}</span></div>
      <input type="range" class="listen-slider listen-alpha" min="0" max="1" step="0.01" value="${trial.start}" disabled
        aria-label="${say("ballot.from_fuller")}" /></div>`;
    this.markup = html``;
  }

  // Gain of each layer: layer k of n holds what an alpha of k / n keeps and one of (k + 1) / n no longer does.
  levels(alpha) {
    return Array.from({ length: this.count }, (_, k) => Math.min(1, Math.max(0, k + 1 - alpha * this.count)));
  }

  begin(form, deck) {
    this.input = form.querySelector(".listen-alpha");
    this.input.oninput = () => {
      this.moved = true;
      deck.mix(this.levels(this.input.valueAsNumber));
      deck.log("rate");
      deck.touch();
    };
    deck.mix(this.levels(this.start));
  }

  follow(deck) {
    this.input.disabled = deck.heard === null;
  }

  key(key) {
    return nudge(this.input, key);
  }

  get response() {
    return this.moved ? { alpha: this.input.valueAsNumber } : null;
  }
}

// Move a slider as its own keys would; false where there is none to be moved.
function nudge(input, key) {
  const steps = { ArrowUp: 1, ArrowDown: -1, PageUp: 10, PageDown: -10 }[key];
  if (steps === undefined || input === undefined || input.disabled) return false;
  input.valueAsNumber += steps * Number(input.step);
  input.focus();
  input.dispatchEvent(new Event("input"));
  return true;
}

export function ballotOf(trial) {
  switch (trial.kind) {
    case "preference":
      return new Comparison(trial);
    case "which-human":
      return new OneOfTwo(trial, "ballot.written_by_person", true);
    case "abx":
      return new OneOfTwo(trial, "ballot.is");
    case "triplet":
      return new OneOfTwo(trial, "ballot.closer");
    case "adjustment":
      return new Alpha(trial);
    default: // rating, mushra
      return new Scales(trial);
  }
}

// What the study asks, in the visitor's language.
function asked(trial, part) {
  return translated(trial.translations, trial[part]);
}

function pairButtons({ sounds, reference }) {
  return html`<div class="listen-pair">${reference ? soundButton(sounds.length, "X") : ""}
    ${sounds.map((_, slot) => soundButton(slot, LETTERS[slot]))}</div>`;
}

function choice(name, question, answers, layout) {
  return html`<fieldset class="${layout}" disabled><legend>${question}</legend><div class="listen-choices">
    ${answers.map(([value, text]) => html`<label><input type="radio" name="${name}" value="${value}" />
      <span>${text}</span></label>`)}</div></fieldset>`;
}

function scale(slot) {
  const name = LETTERS[slot];
  return html`<div class="listen-row">${soundButton(slot, name)}
    <input type="range" class="listen-slider listen-scale" min="0" max="100" step="1" value="50" disabled
      aria-label="${say("ballot.rating_of", { letter: name })}" aria-valuetext="${say("ballot.not_rated")}" />
    <output class="listen-value" aria-hidden="true">–</output></div>`;
}
