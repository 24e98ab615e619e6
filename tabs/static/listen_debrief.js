// The end: thanks, what the listener may know about the own answers, the receipt, and the way to withdraw them.

import { html } from "./listen_stage.js";

// Resolves with "withdraw" or "studies".
export async function debrief(stage, { receipt, debrief }, { others }) {
  stage.show(
    html`<h2>Thank you</h2>
      <p>All your answers are saved.</p>
      <dl class="listen-debrief">${findings(debrief).map(
        ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
      )}</dl>
      <p>Your receipt is</p><p class="listen-receipt">${receipt}</p>
      <p class="listen-note">Whoever runs this study finds your answers by it. You can also withdraw them here, as long as
        this browser remembers the session.</p>
      <form class="listen-form">
        ${others ? html`<button type="submit" class="listen-primary" name="way" value="studies">Other studies</button>` : ""}
        ${withdrawal()}
      </form>`,
    { label: "Thank you" },
  );
  return (await stage.submitted()).get("way");
}

export async function confirmWithdrawn(stage) {
  stage.show(
    html`<h2>Withdrawn</h2><p>Your answers are deleted. Thank you for your time.</p>
      <form><button type="submit" class="listen-primary">Back to the start</button></form>`,
    { label: "Withdrawn" },
  );
  await stage.submitted();
}

// The button that withdraws opens first what it does.
export function withdrawal() {
  return html`<details class="listen-withdraw"><summary>Withdraw my answers</summary>
    <p class="listen-note">This deletes everything you answered in this study. It cannot be undone.</p>
    <button type="submit" class="listen-button" name="way" value="withdraw" formnovalidate>Delete my answers</button>
  </details>`;
}

function findings({ answers, known, right, repeated, same, listened_s }) {
  const minutes = Math.max(1, Math.round(listened_s / 60));
  return [
    ["Answers", answers],
    ["Time spent listening", minutes === 1 ? "about a minute" : `about ${minutes} minutes`],
    ...(known > 0 ? [["Trials with a known answer", `${right} of ${known} right`]] : []),
    ...(repeated > 0 ? [["Trials that came twice", `${same} of ${repeated} answered the same way`]] : []),
  ];
}
