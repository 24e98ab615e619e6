// Pointer and keys of the Separate tab: play, jump, loop a section, compare.

import { SHORTEST_LOOP_S } from "./sound.js";

const STEP_S = 5;
const DRAGGED_PX = 6; // less is a click
const OWN_KEYS = "input:not([type=range]), textarea, select, button, summary, [contenteditable], [role=option]";

// hands: {loopOver(section or null), compare()}.
export function steer(view, player, picture, { loopOver, compare }) {
  const { canvas } = view;
  const toggle = () => (player.playing ? player.pause() : player.play());
  view.play.addEventListener("click", toggle);

  const section = (one, other) => {
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    return to - from < SHORTEST_LOOP_S ? null : { from, to };
  };
  let pressedAt = null; // x of the pointer
  canvas.addEventListener("pointerdown", (event) => {
    if (!player.loaded || event.button !== 0) return;
    pressedAt = event.offsetX;
    canvas.setPointerCapture(event.pointerId);
  });
  const chosen = (event) => section(picture.secondsAt(pressedAt), picture.secondsAt(event.offsetX));
  canvas.addEventListener("pointermove", (event) => {
    if (pressedAt !== null && Math.abs(event.offsetX - pressedAt) >= DRAGGED_PX)
      picture.draw(player.position, chosen(event));
  });
  canvas.addEventListener("pointerup", (event) => {
    if (pressedAt === null) return;
    if (Math.abs(event.offsetX - pressedAt) < DRAGGED_PX) player.seek(picture.secondsAt(event.offsetX));
    else loopOver(chosen(event) ?? player.loop);
    pressedAt = null;
  });
  canvas.addEventListener("pointercancel", () => (pressedAt = null)); // the page is scrolled

  const actions = {
    " ": toggle,
    ArrowLeft: () => player.seek(player.position - STEP_S),
    ArrowRight: () => player.seek(player.position + STEP_S),
    Home: () => player.seek(0),
    "[": () => loopOver(section(player.position, player.loop?.to ?? player.duration)),
    "]": () => loopOver(section(player.loop?.from ?? 0, player.position)),
    o: compare,
  };
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (!player.loaded || canvas.offsetParent === null || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest(OWN_KEYS) || (target.type === "range" && key !== " ")) return;
    const action = actions[key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
