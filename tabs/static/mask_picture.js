// A spectrogram on a canvas, coloured by the mask at alpha: vocals in one colour, accompaniment in another.

const GROUND = [13, 16, 28];
const VOCALS = [255, 166, 77];
const ACCOMPANIMENT = [72, 169, 255];
const NEITHER = [110, 110, 110]; // the paper's rule above 0.5 leaves some spots to no stem
const LEFT = 46; // room for the frequency labels
const BOTTOM = 22; // and for the seconds
const HEIGHT = 260;
const TICKS_HZ = [100, 200, 500, 1000, 2000, 5000, 10000];
const STEPS_S = [1, 2, 5, 10, 20, 30, 60, 120];

// The gain of the vocals at each of the 256 levels, as models/separation/mask.py defines it.
export function vocalGains(alpha, soft) {
  const edge = Math.round(alpha * 256);
  const logit = (p) => Math.log(p / (1 - p));
  return Float32Array.from({ length: 256 }, (_, level) => {
    if (!soft || edge === 0 || edge === 256) return Number(level >= edge);
    return 1 / (1 + Math.exp(logit(edge / 256) - logit((level + 0.5) / 256)));
  });
}

export class MaskPicture {
  #canvas;
  #value = null;
  #planes = null;
  #image = null; // the coloured cells, redrawn when the mask changes

  constructor(canvas) {
    this.#canvas = canvas;
  }

  show(value) {
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    this.#planes = { loudness: bytes(value.loudness), levels: bytes(value.levels) };
    this.#value = { ...value };
    this.#image = null;
  }

  set alpha(alpha) {
    if (!this.#value) return;
    this.#value.alpha = alpha;
    this.#image = null;
  }

  secondsAt(x) {
    const share = (x - LEFT) / (this.#canvas.clientWidth - LEFT);
    return Math.min(Math.max(share, 0), 1) * this.#value.seconds;
  }

  draw(seconds) {
    const width = this.#canvas.clientWidth;
    if (!this.#value || width <= LEFT) return;
    const scale = window.devicePixelRatio || 1;
    this.#canvas.style.height = `${HEIGHT}px`;
    if (this.#canvas.width !== Math.round(width * scale)) this.#canvas.width = Math.round(width * scale);
    if (this.#canvas.height !== HEIGHT * scale) this.#canvas.height = HEIGHT * scale;
    const context = this.#canvas.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    this.#image ??= this.#coloured();
    context.drawImage(this.#image, LEFT, 0, width - LEFT, HEIGHT - BOTTOM);
    this.#axes(context, width);
    const x = LEFT + (seconds / this.#value.seconds) * (width - LEFT);
    context.fillStyle = "#ffffff";
    context.fillRect(x - 1, 0, 2, HEIGHT - BOTTOM);
  }

  #coloured() {
    const { columns, rowsHz, alpha, rule, soft } = this.#value;
    const gains = vocalGains(alpha, soft);
    const cells = new ImageData(columns, rowsHz.length);
    this.#planes.levels.forEach((level, i) => {
      const vocals = gains[level];
      const accompaniment = rule === "paper" ? gains[255 - level] : 1 - vocals;
      const neither = Math.max(0, 1 - vocals - accompaniment);
      const sum = vocals + accompaniment + neither;
      const light = this.#planes.loudness[i] / 255;
      const row = rowsHz.length - 1 - Math.floor(i / columns); // low frequencies at the bottom
      const at = 4 * (row * columns + (i % columns));
      for (let c = 0; c < 3; c++) {
        const colour = (vocals * VOCALS[c] + accompaniment * ACCOMPANIMENT[c] + neither * NEITHER[c]) / sum;
        cells.data[at + c] = GROUND[c] + (colour - GROUND[c]) * light ** 1.5;
      }
      cells.data[at + 3] = 255;
    });
    const image = new OffscreenCanvas(columns, rowsHz.length);
    image.getContext("2d").putImageData(cells, 0, 0);
    return image;
  }

  #axes(context, width) {
    const { rowsHz, seconds } = this.#value;
    const [low, high] = [Math.log(rowsHz[0]), Math.log(rowsHz.at(-1))];
    context.fillStyle = getComputedStyle(this.#canvas).color;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const hz of TICKS_HZ) {
      const y = (HEIGHT - BOTTOM) * (1 - (Math.log(hz) - low) / (high - low));
      context.fillText(hz < 1000 ? `${hz}` : `${hz / 1000}k`, LEFT - 6, y);
    }
    context.fillText("Hz", LEFT - 6, HEIGHT - BOTTOM / 2);
    context.textAlign = "center";
    const step = STEPS_S.find((candidate) => (candidate / seconds) * (width - LEFT) > 44) ?? STEPS_S.at(-1);
    for (let s = step; s < seconds; s += step) {
      const x = LEFT + (s / seconds) * (width - LEFT);
      if (x < width - 12) context.fillText(`${s} s`, x, HEIGHT - BOTTOM / 2);
    }
  }
}
