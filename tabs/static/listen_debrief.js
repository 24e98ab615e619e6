// The end: thanks, what the listener may know about the own answers, the receipt, and the way to withdraw them.

import { html } from "./listen_stage.js";
import { say } from "./texts.js";

// Resolves with "withdraw" or "studies".
export async function debrief(stage, { receipt, debrief }, { others }) {
  stage.show(
    html`<h2>${say("end.thanks")}</h2>
      <p>${say("end.saved")}</p>
      <dl class="listen-debrief">${findings(debrief).map(
        ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
      )}</dl>
      <p>${say("end.receipt")}</p><p class="listen-receipt">${receipt}</p>
      <p class="listen-note">${say("end.about_receipt")}</p>
      <form class="listen-form">
        ${others ? html`<button type="submit" class="listen-primary" name="way" value="studies">${say("end.others")}</button>` : ""}
        ${withdrawal()}
      </form>`,
    { label: say("end.thanks") },
  );
  return (await stage.submitted()).get("way");
}

export async function confirmWithdrawn(stage) {
  stage.show(
    html`<h2>${say("end.withdrawn")}</h2><p>${say("end.deleted")}</p>
      <form><button type="submit" class="listen-primary">${say("end.start")}</button></form>`,
    { label: say("end.withdrawn") },
  );
  await stage.submitted();
}

// The button that withdraws opens first what it does.
export function withdrawal() {
  return html`<details class="listen-withdraw"><summary>${say("end.withdraw")}</summary>
    <p class="listen-note">${say("end.about_withdrawal")}</p>
    <button type="submit" class="listen-button" name="way" value="withdraw" formnovalidate>${say("end.delete")}</button>
  </details>`;
}

function findings({ answers, known, right, repeated, same, listened_s }) {
  const minutes = Math.max(1, Math.round(listened_s / 60));
  return [
    [say("end.answers"), answers],
    [say("end.listened"), say("end.minutes", { n: minutes })],
    ...(known > 0 ? [[say("end.known"), say("end.right", { n: right, of: known })]] : []),
    ...(repeated > 0 ? [[say("end.repeated"), say("end.same", { n: same, of: repeated })]] : []),
  ];
}
