// Training curves of the panel "Why LSTM?": loss over the floor against epochs, one thin line per training run. The loss
// axis is logarithmic, for losses span many decades. Dashes tell the networks apart as well as colours do.

const NAMESPACE = "http://www.w3.org/2000/svg";
const HEIGHT = 280;
const MARGIN = { left: 56, right: 12, top: 12, bottom: 40 };
const DASHES = ["none", "7 3", "2 3", "9 3 2 3", "12 4", "5 5", "9 3 2 3 2 3"];

function shape(tag, attributes = {}, text = "") {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

// props.value: [{ title, runs: [[loss per epoch, nats per song over the floor]] }]
export function mount(element, props) {
  const root = element.querySelector(".why-curves");
  const networks = props.value ?? [];
  if (!networks.length) return;
  const plot = document.createElement("div");
  root.append(plot, legend(networks));
  const draw = () => {
    if (root.clientWidth) plot.replaceChildren(chart(networks, root.clientWidth));
  };
  new ResizeObserver(draw).observe(root);
  draw();
}

function chart(networks, width) {
  const losses = networks.flatMap(({ runs }) => runs.flat()).filter((loss) => loss > 0);
  const [floor, top] = [decade(Math.min(...losses), Math.floor), decade(Math.max(...losses), Math.ceil)];
  const epochs = Math.max(...networks.flatMap(({ runs }) => runs.map((run) => run.length)));
  const x = (epoch) => MARGIN.left + (epoch / epochs) * (width - MARGIN.right - MARGIN.left);
  const y = (loss) => MARGIN.top + (Math.log(top / loss) / Math.log(top / floor)) * (HEIGHT - MARGIN.bottom - MARGIN.top);
  const svg = shape("svg", { width, height: HEIGHT, role: "img", class: "why-chart" });
  svg.append(shape("title", {}, described(networks)), ...axes(x, y, floor, top, epochs, width));
  networks.forEach(({ runs }, index) => {
    for (const run of runs) {
      // A loss at the floor itself has no logarithm: it is drawn at the foot.
      const points = run.map((loss, epoch) => `${x(epoch + 1)},${y(Math.max(loss, floor))}`);
      svg.append(shape("polyline", { points: points.join(" "), ...stroke(index) }));
    }
  });
  return svg;
}

const decade = (value, round) => 10 ** round(Math.log10(value));

const stroke = (index) => ({
  class: `why-line why-line-${index % DASHES.length}`,
  "stroke-dasharray": DASHES[index % DASHES.length],
});

function axes(x, y, floor, top, epochs, width) {
  const parts = [];
  const [left, foot] = [MARGIN.left, HEIGHT - MARGIN.bottom];
  for (let loss = floor; loss <= top * 1.001; loss *= 10) {
    parts.push(shape("line", { x1: left, x2: width - MARGIN.right, y1: y(loss), y2: y(loss), class: "why-grid" }));
    parts.push(shape("text", { x: left - 6, y: y(loss) + 4, "text-anchor": "end" }, String(Number(loss.toPrecision(1)))));
  }
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((size) => epochs / size <= 6) ?? epochs;
  for (let epoch = 0; epoch <= epochs; epoch += step) {
    parts.push(shape("line", { x1: x(epoch), x2: x(epoch), y1: foot, y2: foot + 5, class: "why-axis" }));
    parts.push(shape("text", { x: x(epoch), y: foot + 18, "text-anchor": "middle" }, String(epoch)));
  }
  parts.push(shape("line", { x1: left, x2: width - MARGIN.right, y1: foot, y2: foot, class: "why-axis" }));
  parts.push(shape("text", { x: (left + width) / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "epochs of training"));
  const middle = (MARGIN.top + foot) / 2;
  const turned = { x: 12, y: middle, "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` };
  parts.push(shape("text", turned, "nats per song over the floor"));
  return parts;
}

function legend(networks) {
  const list = document.createElement("div");
  list.className = "why-legend";
  networks.forEach(({ title }, index) => {
    const sample = shape("svg", { width: 34, height: 10, "aria-hidden": true });
    sample.append(shape("line", { x1: 0, x2: 34, y1: 5, y2: 5, ...stroke(index) }));
    const entry = document.createElement("span");
    entry.append(sample, ` ${title}`);
    list.append(entry);
  });
  return list;
}

// What the picture shows, for those who do not see it.
function described(networks) {
  const lines = networks.map(({ title, runs }) => {
    const ends = runs.map((run) => run[run.length - 1]).sort((one, two) => one - two);
    const words = ends.length > 1 ? `between ${figure(ends[0])} and ${figure(ends[ends.length - 1])}` : `at ${figure(ends[0])}`;
    return `${title}: ${runs.length} training ${runs.length === 1 ? "run" : "runs"}, ending ${words}`;
  });
  return `Training loss in nats per song over the floor. ${lines.join(". ")}.`;
}

const figure = (loss) => String(Number(loss.toPrecision(2)));
