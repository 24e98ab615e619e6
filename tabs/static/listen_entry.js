// The way in: which study, consent, questionnaire. Each page resolves with what the listener gave.

import { choose, language } from "./language.js";
import { html } from "./listen_stage.js";
import { LANGUAGES, say, translated } from "./texts.js";

// The name of the arena among the studies; theirs begin with a letter.
export const ARENA = "/arena";

// Choose among the hosted studies and the arena; resolves with a name.
export async function chooseStudy(stage, studies) {
  const given = await inChosenLanguage(stage, () => [
    html`<h2>${say("studies.heading")}</h2>
      <form class="listen-studies">${studies.map(
        ({ name, title, state, minutes, translations }) => html`<button type="submit" name="study" value="${name}"
          class="listen-study" ${state === "failed" ? "disabled" : ""}><strong>${translated(translations, title)}</strong>
          <span class="listen-note">${say(`studies.state.${state}`, { n: minutes })}</span>
        </button>`,
      )}
      <button type="submit" name="study" value="${ARENA}" class="listen-study"><strong>${say("studies.arena")}</strong>
        <span class="listen-note">${say("studies.about_arena")}</span></button>
      ${languages()}</form>`,
    say("studies.label"),
  ]);
  return given.get("study");
}

// Show a page, made by `page` as [markup, label], again whenever the visitor chooses another language.
async function inChosenLanguage(stage, page) {
  for (;;) {
    const [markup, label] = page();
    stage.show(markup, { label });
    const given = await stage.submitted();
    if (!given.has("language")) return given;
    choose(given.get("language"));
  }
}

function languages() {
  return html`<div class="listen-languages" role="group" aria-label="${say("studies.language")}">${Object.entries(LANGUAGES).map(
    ([code, name]) => html`<button type="submit" class="listen-button" name="language" value="${code}" lang="${code}"
      aria-pressed="${code === language()}" formnovalidate>${name}</button> `,
  )}</div>`;
}

// Show that the stimuli are being rendered.
export function showRendering(stage) {
  stage.show(
    html`<h2>${say("moment")}</h2>
      <p role="status">${say("rendering")}</p>
      <div class="listen-rendering" aria-hidden="true"></div>`,
    { label: say("moment") },
  );
}

// Instructions and consent; resolves with {consent_version} or {code} of a session to go on with.
export async function welcome(stage, study) {
  const { title, instructions, trials, consent, translations } = study;
  const own = (text) => translated(translations, text);
  const given = await inChosenLanguage(stage, () => [
    html`<h2>${own(title)}</h2>
      <div class="listen-instructions">${instructions.map((text) => html`<p>${own(text)}</p>`)}</div>
      <form class="listen-form">
        ${consent === null ? "" : html`<div class="listen-consent" tabindex="0" role="region" aria-label="${say("welcome.consent")}">
            ${own(consent.text).split("\n\n").map((text) => html`<p>${text}</p>`)}</div>
          <label class="listen-agree"><input type="checkbox" name="agree" required /> <span>${say("welcome.agree")}</span></label>`}
        <p class="listen-note">${say("welcome.about", { trials })}</p>
        <button type="submit" class="listen-primary" name="way" value="start">${say("welcome.start")}</button>
        <details class="listen-resume"><summary>${say("welcome.elsewhere")}</summary>
          <label>${say("welcome.code")} <input type="text" name="code" maxlength="64" autocomplete="off" /></label>
          <button type="submit" class="listen-button" name="way" value="resume" formnovalidate>${say("welcome.resume")}</button></details>
        ${languages()}</form>`,
    own(title),
  ]);
  if (given.get("way") === "resume") return { code: given.get("code").trim() };
  return { consent_version: consent?.version ?? null };
}

// Resolves with one option by question id.
export async function questionnaire(stage, { questionnaire, translations }) {
  const own = (text) => translated(translations, text);
  stage.show(
    html`<h2>${say("questionnaire.heading")}</h2>
      <p class="listen-note">${say("questionnaire.about")}</p>
      <form class="listen-form">${questionnaire.map(
        ({ id, question, options }) => html`<fieldset><legend>${own(question)}</legend><div class="listen-choices">
          ${options.map(
            (option) => html`<label><input type="radio" name="${id}" value="${option}" required />
              <span>${own(option)}</span></label>`,
          )}</div></fieldset>`,
      )}<button type="submit" class="listen-primary">${say("way_on")}</button></form>`,
    { label: say("questionnaire.heading") },
  );
  return Object.fromEntries(await stage.submitted());
}
