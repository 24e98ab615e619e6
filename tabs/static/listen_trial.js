// The page of one trial: progress, deck, ballot, and the keys that steer them.

import { html } from "./listen_stage.js";
import { say } from "./texts.js";
import { Deck, transport } from "./listen_deck.js";
import { ballotOf } from "./listen_ballot.js";
import { withdrawal } from "./listen_debrief.js";

const KEYS = { rating: "scale", mushra: "scale", adjustment: "alpha" };

// Resolves with the rating, or with null when the listener withdraws.
export async function present(stage, player, session, trial) {
  const ballot = ballotOf(trial);
  const page = stage.show(markup(trial, ballot, session), { label: heading(trial) });
  const paths = [...trial.sounds, ...trial.layers, ...(trial.reference === null ? [] : [trial.reference])];
  const sounds = paths.map((path) => session.sound(path));
  const layers = trial.layers.length > 0;
  const given = await answered(stage, player, page, ballot, sounds, {
    slots: trial.sounds.length,
    minimumMs: trial.minimum_ms,
    layers,
  });
  if (given.way === "withdraw") return null;
  return { trial: trial.trial, response: given.response, ...given.account };
}

// Let a page with deck and ballot be answered; resolves with the button that ended it, the response, and the listening.
export async function answered(stage, player, page, ballot, sounds, options) {
  const deck = new Deck(page, player, options);
  try {
    await stage.attempt(() => deck.load(sounds));
    ballot.begin(page.querySelector("form"), deck);
    steer(stage, page, deck, ballot);
    deck.addEventListener("state", () => follow(page, deck, ballot));
    page.onchange = () => follow(page, deck, ballot);
    follow(page, deck, ballot);
    const way = (await stage.submitted()).get("way");
    return { way, response: ballot.response, account: deck.account };
  } finally {
    deck.close();
  }
}

function heading({ practice, number, of }) {
  return say(practice ? "trial.practice_place" : "trial.place", { number, of });
}

function markup(trial, ballot, session) {
  return html`<form class="listen-trial">
    <div class="listen-progress"><h2>${heading(trial)}</h2>
      <progress max="${trial.of}" value="${trial.number - 1}" aria-label="${say("trial.answered")}"></progress></div>
    ${trial.practice ? html`<p class="listen-practice">${say("trial.practice")}</p>` : ""}
    <div class="listen-deck" role="group" aria-label="${say("deck.sounds")}">${ballot.deck}${transport()}</div>
    ${ballot.markup}
    <p class="listen-note listen-gate" role="status"></p>
    <button type="submit" class="listen-primary" disabled>${say("trial.save")}</button>
    ${keysHelp(KEYS[trial.kind] ?? "pair", trial.reference !== null)}
    <details class="listen-leave"><summary>${say("trial.leave")}</summary>
      <p class="listen-note">${say("trial.saved")}</p>
      <p class="listen-code">${session.code}</p>${withdrawal()}</details>
  </form>`;
}

// What the keys do on the page of a pair, of scales or of alpha.
export function keysHelp(page, reference = false) {
  const parts = ["keys", `keys_${page}`, ...(reference ? ["keys_reference"] : []), "keys_loop"];
  const pieces = parts.map((part) => say(`trial.${part}`)).join(" ").split("`"); // every other piece is a key
  return html`<p class="listen-note listen-keys">${pieces.map((text, i) => (i % 2 ? html`<kbd>${text}</kbd>` : text))}</p>`;
}

function follow(page, deck, ballot) {
  ballot.follow(deck);
  const complete = ballot.response !== null;
  const hint = say(deck.heardEnough ? "trial.missing" : "trial.unheard");
  const gate = page.querySelector(".listen-gate");
  const text = deck.heardEnough && complete ? "" : hint;
  if (gate.textContent !== text) gate.textContent = text;
  page.querySelector(".listen-primary").disabled = !(deck.heardEnough && complete);
}

// The keys of the page, as long as the deck is open.
function steer(stage, page, deck, ballot) {
  const pressed = (event) => {
    if (!stage.visible || event.ctrlKey || event.metaKey || event.altKey || taken(event.target, event.key)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "Enter") page.querySelector(".listen-primary").click();
    else if (!ballot.key(key, deck) && !deck.key(key)) return;
    event.preventDefault();
  };
  document.addEventListener("keydown", pressed, { signal: deck.signal });
}

// Whether a control does something of its own with a key. The open tab and the sliders of the ballot do not.
function taken(target, key) {
  const control = target.closest("button, a, summary, input, textarea, select");
  if (control === null || control.matches("[aria-selected=true]")) return false;
  if (control.matches("input[type=range]")) return !control.matches(".listen-scale") && /^(Arrow|Page)/.test(key);
  if (control.matches("input[type=radio]")) return /^( |Enter|Arrow.*)$/.test(key);
  if (control.matches("button, a, summary")) return key === " " || key === "Enter";
  return true;
}
