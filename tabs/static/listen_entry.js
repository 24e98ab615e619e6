// The way in: which study, consent, questionnaire. Each page resolves with what the listener gave.

import { html } from "./listen_stage.js";

const NOT_YET = { rendering: "Being prepared: its sounds are rendered now", failed: "Not available just now" };

// The name of the arena among the studies; theirs begin with a letter.
export const ARENA = "/arena";

// Choose among the hosted studies and the arena; resolves with a name.
export async function chooseStudy(stage, studies) {
  stage.show(
    html`<h2>Which study would you like to take part in?</h2>
      <form class="listen-studies">${studies.map(
        ({ name, title, state, minutes }) => html`<button type="submit" name="study" value="${name}"
          class="listen-study" ${state === "failed" ? "disabled" : ""}><strong>${title}</strong>
          <span class="listen-note">${{ ready: `About ${minutes} minutes`, ...NOT_YET }[state]}</span>
        </button>`,
      )}
      <button type="submit" name="study" value="${ARENA}" class="listen-study"><strong>Arena: one quick blind pair</strong>
        <span class="listen-note">Two fresh blues, one vote, and then who wrote them. Not part of any study.</span>
      </button></form>`,
    { label: "Studies" },
  );
  return (await stage.submitted()).get("study");
}

// Show that the stimuli are being rendered.
export function showRendering(stage) {
  stage.show(
    html`<h2>One moment</h2>
      <p role="status">The stimuli are being rendered (a few minutes). This page goes on by itself.</p>
      <div class="listen-rendering" aria-hidden="true"></div>`,
    { label: "One moment" },
  );
}

// Instructions and consent; resolves with {consent_version} or {code} of a session to go on with.
export async function welcome(stage, study) {
  const { title, instructions, trials, consent } = study;
  stage.show(
    html`<h2>${title}</h2>
      <div class="listen-instructions">${instructions.map((text) => html`<p>${text}</p>`)}</div>
      <form class="listen-form">
        ${consent === null ? "" : html`<div class="listen-consent" tabindex="0" role="region" aria-label="Consent">
            ${consent.text.split("\n\n").map((text) => html`<p>${text}</p>`)}</div>
          <label class="listen-agree"><input type="checkbox" name="agree" required /> <span>I have read this and agree to
            take part.</span></label>`}
        <p class="listen-note">${trials} trials, one after another, and a few more that check the test itself. Your answers
          are stored without your name, together with how long you listened. You may stop at any time and go on later in
          this browser.</p>
        <button type="submit" class="listen-primary" name="way" value="start">Start listening</button>
        <details class="listen-resume"><summary>Go on with a session from another browser</summary>
          <label>Resume code <input type="text" name="code" maxlength="64" autocomplete="off" /></label>
          <button type="submit" class="listen-button" name="way" value="resume" formnovalidate>Go on</button></details>
      </form>`,
    { label: title },
  );
  const given = await stage.submitted();
  if (given.get("way") === "resume") return { code: given.get("code").trim() };
  return { consent_version: consent?.version ?? null };
}

// Resolves with one option by question id.
export async function questionnaire(stage, questions) {
  stage.show(
    html`<h2>About you</h2>
      <p class="listen-note">This helps to understand the answers; it does not tell who you are.</p>
      <form class="listen-form">${questions.map(
        ({ id, question, options }) => html`<fieldset><legend>${question}</legend><div class="listen-choices">
          ${options.map(
            (option) => html`<label><input type="radio" name="${id}" value="${option}" required />
              <span>${option}</span></label>`,
          )}</div></fieldset>`,
      )}<button type="submit" class="listen-primary">Continue</button></form>`,
    { label: "About you" },
  );
  return Object.fromEntries(await stage.submitted());
}
