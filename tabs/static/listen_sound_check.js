// Before the first trial: left and right, the level, and a test that only headphones pass. The server makes the sounds
// and knows the right answers.

import { html } from "./listen_stage.js";
import { say } from "./texts.js";

const COUNTS = { "left-right": 3, huggins: 6, antiphase: 6 };
const STRICT_ORDER = ["huggins", "antiphase", "huggins", "antiphase", "huggins", "antiphase"];
const FIRST_VOLUME = 0.5;

// Wiring and level; the volume is locked afterwards.
export async function checkSound(stage, player, session, { headphones }) {
  player.volume = FIRST_VOLUME ** 2; // nearer to how loudness is felt
  if (headphones !== "off") await checkWiring(stage, player, session);
  await stage.attempt(() => player.load([session.headphoneSound("level")]));
  player.setLoop({ from: 0, to: player.duration });
  const page = stage.show(
    html`<h2>${say("level.heading")}</h2>
      <p>${say("level.about")}</p>
      <form class="listen-form">
        <button type="button" class="listen-button listen-play">${say("level.play")}</button>
        <label>${say("level.volume")} <input type="range" class="listen-volume" min="0" max="1" step="0.02" value="${FIRST_VOLUME}" /></label>
        <p class="listen-note listen-gate" role="status"></p>
        <button type="submit" class="listen-primary" disabled>${say("level.right")}</button>
      </form>`,
    { label: say("level.heading") },
  );
  const volume = page.querySelector(".listen-volume");
  volume.oninput = () => (player.volume = volume.valueAsNumber ** 2);
  playButton(page, player, () => (page.querySelector(".listen-primary").disabled = false));
  await stage.submitted();
  player.stop();
  session.volume = player.volume;
}

// One test is enough to be recorded; where it must be passed, there are as many as the server allows. Resolves with
// whether the listener may go on.
export async function checkHeadphones(stage, player, session, { headphones }) {
  for (const test of headphones === "require" ? STRICT_ORDER : ["huggins"]) {
    const { passed } = await ask(stage, player, session, test);
    if (passed || headphones === "record") return true;
    await notice(stage, say("headphones.failed"), [say("headphones.once_more")]);
  }
  await notice(stage, say("headphones.needed"), [say("headphones.come_back")]);
  return false;
}

async function checkWiring(stage, player, session) {
  await notice(stage, say("headphones.on"), [say("headphones.side")]);
  const { passed } = await ask(stage, player, session, "left-right");
  if (!passed) await notice(stage, say("headphones.together"), [say("headphones.turn")]);
}

// All questions of a test; resolves with what the server counted.
async function ask(stage, player, session, test) {
  const [title, question, options] = ["title", "question", "options"].map((part) => say(`headphones.${test}.${part}`));
  const count = COUNTS[test];
  const choices = [];
  for (let number = 0; number < count; number++) {
    await stage.attempt(() => player.load([session.headphoneSound(`${test}/${number}`)]));
    const label = say("headphones.place", { title, number: number + 1, of: count });
    const page = stage.show(
      html`<h2>${label}</h2>
        <form class="listen-form">
          <button type="button" class="listen-button listen-play">${say("headphones.play")}</button>
          <fieldset disabled><legend>${question}</legend><div class="listen-choices">${options.map(
            (text, choice) => html`<button type="submit" class="listen-option" name="choice" value="${choice}">${text}</button>`,
          )}</div></fieldset>
        </form>`,
      { label },
    );
    const heard = () => (page.querySelector("fieldset").disabled = false);
    player.addEventListener("ended", heard, { once: true });
    playButton(page, player);
    choices.push(Number((await stage.submitted()).get("choice")));
    player.removeEventListener("ended", heard);
    player.stop();
  }
  return stage.attempt(() => session.answerHeadphones(test, choices));
}

export async function notice(stage, title, paragraphs) {
  stage.show(
    html`<h2>${title}</h2>${paragraphs.map((text) => html`<p>${text}</p>`)}
      <form><button type="submit" class="listen-primary">${say("way_on")}</button></form>`,
    { label: title },
  );
  await stage.submitted();
}

// played: called whenever the sound begins to play.
function playButton(page, player, played = () => {}) {
  const button = page.querySelector(".listen-play");
  const idle = button.textContent;
  button.onclick = () => (player.playing ? player.pause() : player.play());
  const follow = ({ detail }) => {
    if (!button.isConnected) return player.removeEventListener("state", follow);
    button.textContent = player.playing ? say("deck.pause") : idle;
    if (detail === "play") played();
  };
  player.addEventListener("state", follow);
}
