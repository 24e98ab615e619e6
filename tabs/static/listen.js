// The listening test: welcome, one blind pair after another, thanks. Both sounds of a pair run on one clock; an answer
// can be given when both were heard for the minimum. Nothing here knows what A and B are.

import { clock, Player } from "./player.js";
import { Session } from "./listen_session.js";

const SLOTS = ["A", "B"];
const POLL_MS = 2000;

const MARKUP = `
  <div class="listen-alert" role="alert" hidden><p></p><button type="button" class="listen-retry">Try again</button></div>
  <section class="listen-waiting" hidden>
    <h2>One moment</h2>
    <p role="status">The stimuli are being rendered (about a minute). This page goes on by itself.</p>
    <div class="listen-rendering" aria-hidden="true"></div>
  </section>
  <section class="listen-welcome" hidden>
    <h2></h2>
    <div class="listen-instructions"></div>
    <p class="listen-note"><span class="listen-trials"></span> Your answers are stored without your name, together with
      how long you listened. You may stop at any time and go on later in this browser.</p>
    <button type="button" class="listen-primary listen-start">Start listening</button>
  </section>
  <section class="listen-trial" hidden>
    <div class="listen-progress"><span role="status"></span><progress aria-label="Pairs answered"></progress></div>
    <div class="listen-deck" role="group" aria-label="The two sounds">
      ${SLOTS.map((slot) => `<button type="button" class="listen-slot" aria-pressed="false" aria-label="Listen to ${slot}">
        <span class="listen-letter">${slot}</span><span class="listen-heard"></span></button>`).join("")}
      <div class="listen-transport">
        <button type="button" class="listen-play">Play</button>
        <input type="range" class="listen-position" min="0" step="0.1" value="0" aria-label="Position in seconds" />
        <span class="listen-time"></span>
      </div>
    </div>
    <form class="listen-ballot">
      <fieldset><legend></legend><div class="listen-choices"></div></fieldset>
      <p class="listen-note listen-gate" role="status"></p>
      <button type="submit" class="listen-primary">Save and continue</button>
    </form>
    <p class="listen-note listen-keys">Keys: <kbd>A</kbd> <kbd>B</kbd> or <kbd>1</kbd> <kbd>2</kbd> switch,
      <kbd>space</kbd> plays and pauses, <kbd>Tab</kbd> and arrows choose, <kbd>Enter</kbd> saves.</p>
  </section>
  <section class="listen-thanks" hidden>
    <h2>Thank you</h2>
    <p>All your answers are saved. Your receipt is</p>
    <p class="listen-receipt"></p>
    <p class="listen-note">Keep it if you may want your answers withdrawn: whoever runs this study finds them by it.</p>
  </section>`;

export function mount(element) {
  const room = new Room(element);
  // The tab may be hidden at first: nothing is fetched before it is seen, and a hidden tab falls silent.
  new IntersectionObserver(([entry]) => (entry.isIntersecting ? room.open() : room.player.pause())).observe(element);
}

class Room {
  player = new Player();
  #session = new Session();
  #element;
  #study = null;
  #trial = null;
  #shownAt = 0;
  #opened = false;
  #busy = false;

  constructor(element) {
    this.#element = element;
    element.innerHTML = `<div class="listen-room">${MARKUP}</div>`;
    this.#all(".listen-slot").forEach((button, slot) => (button.onclick = () => this.player.play(slot)));
    this.#one(".listen-play").onclick = () => this.#toggle();
    this.#one(".listen-position").oninput = (event) => this.player.seek(Number(event.target.value));
    this.#one(".listen-start").onclick = () => this.#attempt(() => this.#start());
    this.#one(".listen-retry").onclick = () => this.#attempt(() => this.#continue());
    this.#one("form").onchange = () => this.#draw();
    this.#one("form").onsubmit = (event) => {
      event.preventDefault();
      this.#attempt(() => this.#submit());
    };
    // A click with the mouse leaves the focus where it was, so that the space bar goes on to play and pause.
    this.#one(".listen-deck").onmousedown = (event) => event.target.closest("button") && event.preventDefault();
    document.addEventListener("keydown", (event) => this.#key(event));
    this.player.addEventListener("state", () => this.#follow());
  }

  open() {
    if (this.#opened) return;
    this.#opened = true;
    this.#attempt(() => this.#continue());
  }

  async #continue() {
    this.#study = await this.#session.study();
    if (this.#study.state === "rendering") {
      this.#show("waiting");
      setTimeout(() => this.#attempt(() => this.#continue()), POLL_MS);
    } else if (this.#study.state === "failed") {
      throw new Error("The listening test is not available just now. Please come back later.");
    } else if (this.#session.begun) await this.#next();
    else this.#welcome();
  }

  #welcome() {
    this.#one(".listen-welcome h2").textContent = this.#study.title;
    this.#one(".listen-trials").textContent = `${this.#study.trials} pairs, one after another.`;
    this.#one(".listen-instructions").replaceChildren(
      ...this.#study.instructions.map((text) => Object.assign(document.createElement("p"), { textContent: text })),
    );
    this.#show("welcome");
  }

  async #start() {
    await this.#session.begin();
    await this.#next();
  }

  async #next() {
    const current = await this.#session.current();
    if (current.finished) {
      this.#trial = null;
      this.#one(".listen-receipt").textContent = current.receipt;
      this.#show("thanks");
    } else await this.#present(current);
  }

  async #present(trial) {
    if (trial.trial !== this.#trial?.trial) {
      this.#trial = null;
      this.#drawTrial(trial);
      await this.player.load(trial.sounds.map((path) => new URL(path, document.baseURI)));
      this.player.switchTo(0); // or the play button would begin with the side that the last pair ended with
      this.#trial = trial;
      this.#shownAt = Date.now();
    }
    this.#draw();
  }

  #drawTrial(trial) {
    this.#one(".listen-progress span").textContent = `Pair ${trial.number} of ${this.#study.trials}`;
    Object.assign(this.#one(".listen-progress progress"), { max: this.#study.trials, value: trial.number - 1 });
    this.#one("legend").textContent = trial.question;
    const choices = [["A", "I prefer A"], ["none", "No preference"], ["B", "I prefer B"]];
    const offered = choices.filter(([value]) => value !== "none" || trial.tie);
    this.#one(".listen-choices").innerHTML = offered
      .map(([value, text]) => `<label><input type="radio" name="choice" value="${value}" /><span>${text}</span></label>`)
      .join("");
    this.#show("trial");
    this.#draw();
  }

  async #submit() {
    const rating = {
      trial: this.#trial.trial,
      response: { value: { A: -1, none: 0, B: 1 }[this.#choice] },
      heard_ms: this.player.heardMs,
      shown_ms: this.#shownAt,
      answered_ms: Date.now(),
    };
    this.player.pause();
    await this.#session.answer(rating);
    await this.#next();
  }

  get #choice() {
    return this.#one("form").elements.choice?.value ?? "";
  }
  get #missing() {
    return this.player.heardMs.map((heard) => Math.max(0, this.#study.minimum_ms - heard));
  }

  // Run what the listener asked for, one thing at a time; a refusal is shown with a way on, and whatever was chosen
  // or heard stays.
  async #attempt(action) {
    if (this.#busy) return;
    this.#busy = true;
    const alert = this.#one(".listen-alert");
    this.#one("form button").disabled = true;
    alert.hidden = true;
    try {
      await action();
    } catch (error) {
      alert.querySelector("p").textContent = error.message;
      alert.querySelector("button").textContent = error.final ? "Continue" : "Try again";
      alert.hidden = false;
    }
    this.#busy = false;
    if (this.#trial) this.#draw();
  }

  #toggle() {
    if (this.player.playing) this.player.pause();
    else this.player.play();
  }

  #key(event) {
    if (!this.#trial || this.#one(".listen-trial").offsetParent === null) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const slot = { a: 0, 1: 0, b: 1, 2: 1 }[event.key.toLowerCase()];
    const control = event.target.closest("button, a, input, select, textarea");
    const busy = control !== null && control.getAttribute("aria-selected") !== "true"; // the open tab is not
    if (slot !== undefined) this.player.play(slot);
    else if (event.key === " " && !busy) this.#toggle();
    else if (event.key === "Enter" && !busy && this.#choice) this.#one("form").requestSubmit();
    else return;
    event.preventDefault();
  }

  #follow() {
    if (!this.#element.isConnected) this.player.pause();
    this.#draw();
    if (this.player.playing) requestAnimationFrame(() => this.#follow());
  }

  #draw() {
    const ready = this.#trial !== null && this.player.loaded;
    const { playing, position, duration } = this.player;
    const missing = ready ? this.#missing : [1, 1];
    this.#all(".listen-slot").forEach((button, slot) => {
      button.disabled = !ready;
      button.setAttribute("aria-pressed", String(playing && this.player.slot === slot));
      const seconds = Math.ceil(missing[slot] / 1000);
      button.querySelector(".listen-heard").textContent = !ready ? "loading" : seconds ? `${seconds} s to go` : "✓ heard";
    });
    Object.assign(this.#one(".listen-play"), { disabled: !ready, textContent: playing ? "Pause" : "Play" });
    Object.assign(this.#one(".listen-position"), { disabled: !ready, max: duration, value: position });
    this.#one(".listen-time").textContent = `${clock(position)} / ${clock(duration)}`;
    const open = missing.every((left) => left === 0);
    this.#one("fieldset").disabled = !open;
    this.#one(".listen-gate").textContent = open ? "" : "You can answer when you have heard both for long enough.";
    this.#one("form button").disabled = this.#busy || !open || !this.#choice;
  }

  #show(name) {
    this.#all("section").forEach((section) => (section.hidden = !section.classList.contains(`listen-${name}`)));
  }
  #one(selector) {
    return this.#element.querySelector(selector);
  }
  #all(selector) {
    return this.#element.querySelectorAll(selector);
  }
}
