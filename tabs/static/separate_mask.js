// What the sliders of the Separate tab say, as gains for each of the 256 levels of probability.

import { LEVELS } from "./layers.js";

const chosen = (selector) => document.querySelector(selector)?.value;

// What stands on the page now; whoever hears that something has changed asks here and so never has an old value.
export function settings() {
  return {
    alpha: Number(chosen("#separate-alpha input[type=range]") ?? 0.5),
    softness: Number(chosen("#separate-softness input[type=range]") ?? 0),
    rule: chosen("#separate-rule input:checked") ?? "complement",
  };
}

// The gain of the vocals at each level, as models/separation/mask.py defines it.
export function vocalGains(alpha, softness) {
  const edge = Math.round(alpha * LEVELS);
  const logit = (p) => Math.log(p / (1 - p));
  return Float32Array.from({ length: LEVELS }, (_, level) => {
    if (softness === 0 || edge === 0 || edge === LEVELS) return Number(level >= edge);
    return 1 / (1 + Math.exp((logit(edge / LEVELS) - logit((level + 0.5) / LEVELS)) / softness));
  });
}

// The gains of both stems: by the paper's rule the accompaniment has the vocals' mask on the mirrored levels.
export function stemGains({ alpha, softness, rule }) {
  const vocals = vocalGains(alpha, softness);
  return { vocals, accompaniment: rule === "paper" ? vocals.slice().reverse() : vocals.map((gain) => 1 - gain) };
}

// The gains of a mix. levels: of song, vocals and accompaniment, 0 to 1.
export function mixGains(stems, levels) {
  return stems.vocals.map(
    (gain, level) => levels.song + levels.vocals * gain + levels.accompaniment * stems.accompaniment[level],
  );
}

// How much of the song's energy a stem has. energies: of the song at each level.
export function share(gains, energies) {
  const sum = energies.reduce((total, energy) => total + energy, 0);
  return energies.reduce((total, energy, level) => total + gains[level] ** 2 * energy, 0) / (sum || 1);
}
