// The German of an English text: the English sentence of the source is its key in texts.json, {name} in it stands for
// whatever varies.

import { language } from "./language.js";
import { TEXTS, filled } from "./texts.js";

const ROOMS = /^(page|compose|separate|gradio)\./; // of keys; the Listen tab asks by key
const KEPT = ["name", "names"]; // of a song, a file, a device: these values are nobody's to translate
const WORDS = [
  ...["about", "accompaniment", "chart", "doing", "error", "form", "found", "key", "kind", "label", "masks", "model", "one"],
  ...["other", "part", "rule", "sentences", "stem", "time", "vocals"],
];
const NUMBER = "never|[^\\p{L}]*?\\d(?:[^\\p{L}]|e-|and )*?"; // all other values: 3, −1.5, 4–7, 6e-05, "5, 5 and 5"
const LETTERS = /\p{L}{2}/u;
const THOUSANDS = /^\d{1,3}(,\d{3})+$/;

const entries = Object.entries(TEXTS).filter(([key]) => ROOMS.test(key)).map(([, entry]) => entry);
const exact = new Map(entries.map(({ en, de }) => [en, de]));
// What has the most words of its own comes first, so that a whole sentence goes before a pattern that fits anything.
const patterns = entries
  .filter(({ en }) => en.includes("{"))
  .map(({ en, de }) => ({ said: en.split(/\{\w+\}/), fits: fitting(en), de }))
  .sort((one, other) => other.said.join("").length - one.said.join("").length);

function fitting(en) {
  const parts = en.split(/\{(\w+)\}/).map((part, i) => {
    if (i % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return `(?<${part}>${[...KEPT, ...WORDS].includes(part) ? ".+?" : NUMBER})`;
  });
  return new RegExp(`^${parts.join("")}$`, "su");
}

// The German of a text, or null if there is none. Space counts as one blank.
export function german(text) {
  if (THOUSANDS.test(text)) return text.replaceAll(",", "\u202f"); // a comma would be a decimal's
  if (!LETTERS.test(text)) return null;
  const plain = text.replace(/\s+/g, " ").trim();
  if (exact.has(plain)) return exact.get(plain);
  for (const { said, fits, de } of patterns) {
    const found = said.every((words) => plain.includes(words)) && fits.exec(plain); // most have not the words
    if (found) return filled(de, Object.fromEntries(Object.entries(found.groups).map(value)));
  }
  return null;
}

// A value in German where it is a text of ours; of `sentences` each is.
function value([name, said]) {
  if (KEPT.includes(name)) return [name, said];
  if (name === "sentences") return [name, said.split(". ").map((sentence) => german(sentence) ?? sentence).join(". ")];
  return [name, german(said) ?? said];
}

// For what is painted, where no text stands on the page: the text in the visitor's language.
export const spoken = (text) => (language() === "de" ? german(text) : null) ?? text;
