// What the views of the Compose tab share: how a piano roll is steered and announced, and who sounds.

export function node(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Of the players given to this function one sounds at a time: who starts silences the others.
export function soundAlone(player) {
  players.add(player);
  player.addEventListener("state", () => {
    if (player.playing) players.forEach((other) => other === player || other.pause());
  });
}

const players = new Set();

export const barAt = (take, tick) => Math.floor(tick / take.ticksPerBar);

// Let pointer and keyboard on a roll's canvas move through the take; hands: take(), tick(), seek(tick) and toggle().
export function steer(canvas, roll, hands) {
  canvas.addEventListener("click", (event) =>
    hands.seek(roll.tickAt(event.offsetX, event.offsetY, roll.chorusAt(hands.tick()))),
  );
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    const { ticksPerBar } = hands.take();
    if (event.key === " ") hands.toggle();
    else if (event.key in steps) hands.seek((barAt(hands.take(), hands.tick()) + steps[event.key]) * ticksPerBar);
    else if (event.key === "Home") hands.seek(0);
    else return;
    event.preventDefault();
  });
}

export function rollCanvas(label) {
  return node("canvas", {
    class: "compose-roll",
    tabindex: 0,
    role: "slider",
    "aria-label": `${label}: space plays and pauses, arrow keys move by a bar`,
    "aria-valuemin": 1,
    "aria-valuenow": 1,
  });
}

// Show where the playhead stands to those who do not see it.
export function announce(canvas, take, tick) {
  const bar = barAt(take, tick) + 1;
  canvas.setAttribute("aria-valuemax", take.length / take.ticksPerBar);
  canvas.setAttribute("aria-valuenow", bar);
  canvas.setAttribute("aria-valuetext", `bar ${bar}${take.wrongBars.includes(bar - 1) ? ", wrong chord" : ""}`);
}

// One button per chorus, if there are several; they keep to the playhead through `press`.
export function chorusButtons(take, seek) {
  const count = take.length / take.ticksPerBar / take.barsPerChorus;
  return Array.from({ length: count > 1 ? count : 0 }, (_, chorus) => {
    const button = node("button", { type: "button", class: "compose-small" }, `Chorus ${chorus + 1}`);
    button.addEventListener("click", () => seek(chorus * take.barsPerChorus * take.ticksPerBar));
    return button;
  });
}

export function press(buttons, chosen) {
  [...buttons].forEach((button, index) => button.setAttribute("aria-pressed", index === chosen));
}
