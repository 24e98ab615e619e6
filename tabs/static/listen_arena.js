// The arena: a blind pair of fresh blues, a vote, then who wrote them, and what all votes say. Nothing of it is part of
// a study.

import { Visitor } from "./listen_session.js";
import { html } from "./listen_stage.js";
import { TRANSPORT } from "./listen_deck.js";
import { Choices } from "./listen_ballot.js";
import { PAIR_KEYS, answered } from "./listen_trial.js";

const POLL_MS = 2000;
const SLOTS = 2;
const NEITHER = -1;
const ANSWERS = [[0, "A"], [NEITHER, "No preference"], [1, "B"]];
const VERDICTS = { 0: "You preferred A.", 1: "You preferred B.", [NEITHER]: "You had no preference." };

class Preference extends Choices {
  constructor(battle) {
    super({ question: "Which blues do you prefer?", reference: null, ...battle }, ANSWERS, { layout: "listen-grades" });
  }
  get response() {
    return this.chosen && this.chosen[0];
  }
}

// Battles and leaderboard until the visitor leaves for the studies.
export async function visitArena(stage, player) {
  const visitor = new Visitor();
  player.unlock();
  for (let way = "battle"; way !== "studies"; ) {
    if (way === "leaderboard") way = await showLeaderboard(stage, await stage.attempt(() => visitor.leaderboard()));
    else way = await fight(stage, player, visitor);
  }
}

// Resolves with where to go next.
async function fight(stage, player, visitor) {
  const battle = await ready(stage, visitor);
  const ballot = new Preference(battle);
  const page = stage.show(markup(ballot), { label: "Arena" });
  const sounds = battle.sounds.map((path) => visitor.sound(path));
  const options = { slots: SLOTS, minimumMs: battle.minimum_ms, layers: false };
  const { way, response, account } = await answered(stage, player, page, ballot, sounds, options);
  if (way !== "vote") return way;
  const vote = visitor.vote(battle.battle, response === NEITHER ? null : response, account.heard_ms);
  return reveal(stage, response, await stage.attempt(vote));
}

// The battle, when one is rendered.
async function ready(stage, visitor) {
  for (let waiting = false; ; waiting = true) {
    const battle = await stage.attempt(() => visitor.battle());
    if (battle.state === "ready") return battle;
    if (!waiting) showRendering(stage);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function showRendering(stage) {
  stage.show(
    html`<h2>One moment</h2>
      <p role="status">Two fresh blues are being composed and played. This page goes on by itself.</p>
      <div class="listen-rendering" aria-hidden="true"></div>`,
    { label: "One moment" },
  );
}

function markup(ballot) {
  return html`<form class="listen-trial">
    <h2>Arena</h2>
    <p class="listen-note">Two composers, one seed. Nobody has picked these; you learn who wrote them after your vote. The
      vote is stored with how long you listened, under a random number, and enters no study.</p>
    <div class="listen-deck" role="group" aria-label="The sounds">${ballot.deck}${TRANSPORT}</div>
    ${ballot.markup}
    <p class="listen-note listen-gate" role="status"></p>
    <button type="submit" class="listen-primary" name="way" value="vote" disabled>Vote</button>
    <p class="listen-note listen-keys">Keys: <kbd>space</kbd> plays and pauses, ${PAIR_KEYS}, <kbd>L</kbd> loop.</p>
    <div>${ways(["leaderboard", "studies"])}</div>
  </form>`;
}

async function reveal(stage, preferred, { composers, seed }) {
  stage.show(
    html`<h2>${VERDICTS[preferred]}</h2>
      <dl class="listen-debrief">${composers.map(
        (name, slot) => html`<div><dt>${"AB"[slot]} was written by</dt><dd>${name}</dd></div>`,
      )}</dl>
      <p class="listen-note">Both began with seed ${seed}, and were played by the same instruments.</p>
      <form class="listen-form"><button type="submit" class="listen-primary" name="way" value="battle">Another pair</button>
        <div>${ways(["leaderboard", "studies"])}</div></form>`,
    { label: "Who wrote them" },
  );
  return (await stage.submitted()).get("way");
}

async function showLeaderboard(stage, { baseline, votes, listeners, fewest, pairs, standings }) {
  stage.show(
    html`<h2>Leaderboard</h2>
      <p>${count(votes, "vote")} by ${count(listeners, "listener")}. A pair counts once it has ${fewest} votes.</p>
      ${standings.length === 0 ? html`<p>No pair with ${baseline} has as many yet.</p>` : strengths(standings, baseline)}
      <table class="listen-board"><caption>Votes on each pair</caption>
        <thead><tr><th scope="col">Pair</th><th scope="col">Votes</th></tr></thead>
        <tbody>${pairs.map(
          ([one, other, n]) => html`<tr><th scope="row">${one} : ${other}</th><td>${n}</td></tr>`,
        )}</tbody></table>
      <form class="listen-form"><button type="submit" class="listen-primary" name="way" value="battle">Vote on a pair</button>
        <div>${ways(["studies"])}</div></form>`,
    { label: "Leaderboard" },
  );
  return (await stage.submitted()).get("way");
}

function strengths(standings, baseline) {
  return html`<table class="listen-board">
      <caption>How often each would be preferred to ${baseline}, of votes for either</caption>
      <thead><tr><th scope="col">Composer</th><th scope="col">Preferred</th><th scope="col">95 %</th><th scope="col">Rank</th></tr></thead>
      <tbody>${standings.map(
        ({ composer, win_probability, low, high, rank_low, rank_high }) => html`<tr><th scope="row">${composer}</th>
          <td>${percent(win_probability)}</td><td>${low === high ? "–" : `${percent(low)} to ${percent(high)}`}</td>
          <td>${rank_low === rank_high ? rank_low : `${rank_low} to ${rank_high}`}</td></tr>`,
      )}</tbody></table>
    <p class="listen-note">Bradley and Terry's model with ties; the intervals take the listener as the unit, however often one
      votes. Whoever comes by may vote, so this proves less than a study.</p>`;
}

const WAYS = { leaderboard: "Leaderboard", studies: "Back to the studies" };

function ways(names) {
  return names.map(
    (name) => html`<button type="submit" class="listen-button" name="way" value="${name}">${WAYS[name]}</button> `,
  );
}

function count(n, noun) {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
