// Before the first trial: left and right, the level, and a test that only headphones pass. The server makes the sounds
// and knows the right answers.

import { html } from "./listen_stage.js";

const TESTS = {
  "left-right": {
    title: "Left and right",
    question: "In which ear was the noise?",
    options: ["Left", "Right"],
    count: 3,
  },
  huggins: {
    title: "Headphone test",
    question: "In one of three bursts of noise hides a faint tone. Which burst was it?",
    options: ["The first", "The second", "The third"],
    count: 6,
  },
  antiphase: {
    title: "Headphone test",
    question: "Three tones, one after another. Which one was the softest?",
    options: ["The first", "The second", "The third"],
    count: 6,
  },
};
const STRICT_ORDER = ["huggins", "antiphase", "huggins", "antiphase", "huggins", "antiphase"];
const FIRST_VOLUME = 0.5;

// Wiring and level; the volume is locked afterwards.
export async function checkSound(stage, player, session, { headphones }) {
  player.volume = FIRST_VOLUME ** 2; // nearer to how loudness is felt
  if (headphones !== "off") await checkWiring(stage, player, session);
  await stage.attempt(() => player.load([session.headphoneSound("level")]));
  player.setLoop({ from: 0, to: player.duration });
  const page = stage.show(
    html`<h2>Set the level</h2>
      <p>Play the noise and turn it to where music would be comfortable: rather loud, but pleasant. The sounds that follow
        are as loud as this. Afterwards, please leave the volume of your device as it is.</p>
      <form class="listen-form">
        <button type="button" class="listen-button listen-play">Play the noise</button>
        <label>Volume <input type="range" class="listen-volume" min="0" max="1" step="0.02" value="${FIRST_VOLUME}" /></label>
        <p class="listen-note listen-gate" role="status"></p>
        <button type="submit" class="listen-primary" disabled>The level is right</button>
      </form>`,
    { label: "Set the level" },
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
    await notice(stage, "That did not sound like headphones", [
      "Please put headphones on, over both ears, and try once more. This study cannot be heard over loudspeakers.",
    ]);
  }
  await notice(stage, "This study needs headphones", ["Please come back with a pair. Thank you for trying."]);
  return false;
}

async function checkWiring(stage, player, session) {
  await notice(stage, "Headphones on, please", [
    "Put your headphones on, the side marked L on the left ear. You will hear three short noises, each in one ear.",
  ]);
  const { passed } = await ask(stage, player, session, "left-right");
  if (!passed)
    await notice(stage, "Left and right are not apart", [
      "Turn your headphones around if they are the wrong way, and switch mono sound off if it is on. Then go on.",
    ]);
}

// All questions of a test; resolves with what the server counted.
async function ask(stage, player, session, test) {
  const { title, question, options, count } = TESTS[test];
  const choices = [];
  for (let number = 0; number < count; number++) {
    await stage.attempt(() => player.load([session.headphoneSound(`${test}/${number}`)]));
    const page = stage.show(
      html`<h2>${title}: ${number + 1} of ${count}</h2>
        <form class="listen-form">
          <button type="button" class="listen-button listen-play">Play the sound</button>
          <fieldset disabled><legend>${question}</legend><div class="listen-choices">${options.map(
            (text, choice) => html`<button type="submit" class="listen-option" name="choice" value="${choice}">${text}</button>`,
          )}</div></fieldset>
        </form>`,
      { label: `${title}: ${number + 1} of ${count}` },
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

export async function notice(stage, title, paragraphs, way = "Continue") {
  stage.show(
    html`<h2>${title}</h2>${paragraphs.map((text) => html`<p>${text}</p>`)}
      <form><button type="submit" class="listen-primary">${way}</button></form>`,
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
    button.textContent = player.playing ? "Pause" : idle;
    if (detail === "play") played();
  };
  player.addEventListener("state", follow);
}
