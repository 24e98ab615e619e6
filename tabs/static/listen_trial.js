// The page of one trial: progress, deck, ballot, and the keys that steer them.

import { html } from "./listen_stage.js";
import { Deck, TRANSPORT } from "./listen_deck.js";
import { ballotOf } from "./listen_ballot.js";
import { withdrawal } from "./listen_debrief.js";

export const PAIR_KEYS = html`<kbd>1</kbd> <kbd>2</kbd> or <kbd>←</kbd> <kbd>→</kbd> switch, <kbd>Tab</kbd> and arrows choose,
  <kbd>Enter</kbd> saves`;
const SCALE_KEYS = html`<kbd>1</kbd> to <kbd>9</kbd> <kbd>0</kbd> <kbd>-</kbd> <kbd>=</kbd> or <kbd>←</kbd>
  <kbd>→</kbd> switch, <kbd>↑</kbd> <kbd>↓</kbd> and <kbd>PgUp</kbd> <kbd>PgDn</kbd> rate what is heard`;
const ALPHA_KEYS = html`<kbd>↑</kbd> <kbd>↓</kbd> and <kbd>PgUp</kbd> <kbd>PgDn</kbd> move the slider`;

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
  return practice ? `Practice: trial ${number} of ${of}` : `Trial ${number} of ${of}`;
}

function markup(trial, ballot, session) {
  const keys = { rating: SCALE_KEYS, mushra: SCALE_KEYS, adjustment: ALPHA_KEYS }[trial.kind] ?? PAIR_KEYS;
  return html`<form class="listen-trial">
    <div class="listen-progress"><h2>${heading(trial)}</h2>
      <progress max="${trial.of}" value="${trial.number - 1}" aria-label="Trials answered"></progress></div>
    ${trial.practice ? html`<p class="listen-practice">This one is for practice and is not counted.</p>` : ""}
    <div class="listen-deck" role="group" aria-label="The sounds">${ballot.deck}${TRANSPORT}</div>
    ${ballot.markup}
    <p class="listen-note listen-gate" role="status"></p>
    <button type="submit" class="listen-primary" disabled>Save and continue</button>
    <p class="listen-note listen-keys">Keys: <kbd>space</kbd> plays and pauses, ${keys},
      ${trial.reference === null ? "" : html`<kbd>R</kbd> reference,`} <kbd>L</kbd> loop.</p>
    <details class="listen-leave"><summary>Stop here, or go on later</summary>
      <p class="listen-note">Everything up to this trial is saved, and this browser goes on from here. In another browser,
        enter this resume code on the first page of the study:</p>
      <p class="listen-code">${session.code}</p>${withdrawal()}</details>
  </form>`;
}

function follow(page, deck, ballot) {
  ballot.follow(deck);
  const complete = ballot.response !== null;
  const hint = !deck.heardEnough ? "Every sound has to be heard for long enough." : "Your answer is missing.";
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
