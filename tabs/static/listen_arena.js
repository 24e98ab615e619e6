// The arena: a blind pair of fresh blues, a vote, then who wrote them, and what all votes say. Nothing of it is part of
// a study.

import { Visitor } from "./listen_session.js";
import { html } from "./listen_stage.js";
import { say } from "./texts.js";
import { transport } from "./listen_deck.js";
import { Choices } from "./listen_ballot.js";
import { answered, keysHelp } from "./listen_trial.js";

const POLL_MS = 2000;
const SLOTS = 2;
const NEITHER = -1;

class Preference extends Choices {
  constructor(battle) {
    const answers = [[0, "A"], [NEITHER, say("ballot.no_preference")], [1, "B"]];
    const trial = { question: say("arena.question"), reference: null, translations: {}, ...battle };
    super(trial, answers, { layout: "listen-grades" });
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
  const page = stage.show(markup(ballot), { label: say("arena.heading") });
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
    html`<h2>${say("moment")}</h2>
      <p role="status">${say("arena.rendering")}</p>
      <div class="listen-rendering" aria-hidden="true"></div>`,
    { label: say("moment") },
  );
}

function markup(ballot) {
  return html`<form class="listen-trial">
    <h2>${say("arena.heading")}</h2>
    <p class="listen-note">${say("arena.about")}</p>
    <div class="listen-deck" role="group" aria-label="${say("deck.sounds")}">${ballot.deck}${transport()}</div>
    ${ballot.markup}
    <p class="listen-note listen-gate" role="status"></p>
    <button type="submit" class="listen-primary" name="way" value="vote" disabled>${say("arena.vote")}</button>
    ${keysHelp("pair")}
    <div>${ways(["leaderboard", "studies"])}</div>
  </form>`;
}

async function reveal(stage, preferred, { composers, seed }) {
  stage.show(
    html`<h2>${say(`arena.verdicts.${preferred}`)}</h2>
      <dl class="listen-debrief">${composers.map(
        (name, slot) => html`<div><dt>${say("arena.written_by", { letter: "AB"[slot] })}</dt><dd>${name}</dd></div>`,
      )}</dl>
      <p class="listen-note">${say("arena.seed", { seed })}</p>
      <form class="listen-form"><button type="submit" class="listen-primary" name="way" value="battle">${say("arena.another")}</button>
        <div>${ways(["leaderboard", "studies"])}</div></form>`,
    { label: say("arena.who") },
  );
  return (await stage.submitted()).get("way");
}

async function showLeaderboard(stage, { baseline, votes, listeners, fewest, pairs, standings }) {
  const [byVote, byListener] = [say("arena.n_votes", { n: votes }), say("arena.n_listeners", { n: listeners })];
  const counts = { votes: byVote, listeners: byListener, fewest };
  stage.show(
    html`<h2>${say("arena.leaderboard")}</h2>
      <p>${say("arena.counts", counts)}</p>
      ${standings.length === 0 ? html`<p>${say("arena.too_few", { baseline })}</p>` : strengths(standings, baseline)}
      <table class="listen-board"><caption>${say("arena.votes_on_pairs")}</caption>
        <thead><tr><th scope="col">${say("arena.pair")}</th><th scope="col">${say("arena.votes")}</th></tr></thead>
        <tbody>${pairs.map(
          ([one, other, n]) => html`<tr><th scope="row">${one} : ${other}</th><td>${n}</td></tr>`,
        )}</tbody></table>
      <form class="listen-form"><button type="submit" class="listen-primary" name="way" value="battle">${say("arena.on_a_pair")}</button>
        <div>${ways(["studies"])}</div></form>`,
    { label: say("arena.leaderboard") },
  );
  return (await stage.submitted()).get("way");
}

function strengths(standings, baseline) {
  return html`<table class="listen-board">
      <caption>${say("arena.strengths", { baseline })}</caption>
      <thead><tr>${[say("arena.composer"), say("arena.preferred"), "95 %", say("arena.rank")].map(
        (name) => html`<th scope="col">${name}</th>`,
      )}</tr></thead>
      <tbody>${standings.map(
        ({ composer, win_probability, low, high, rank_low, rank_high }) => html`<tr><th scope="row">${composer}</th>
          <td>${percent(win_probability)}</td><td>${low === high ? "–" : say("arena.between", { low: percent(low), high: percent(high) })}</td>
          <td>${rank_low === rank_high ? rank_low : say("arena.between", { low: rank_low, high: rank_high })}</td></tr>`,
      )}</tbody></table>
    <p class="listen-note">${say("arena.about_strengths")}</p>`;
}

function ways(names) {
  return names.map(
    (name) => html`<button type="submit" class="listen-button" name="way" value="${name}">${say(`arena.${name}`)}</button> `,
  );
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
