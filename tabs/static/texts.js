// What the page says, in the visitor's language. All texts are in texts.json, every one in every language; what a study
// says itself is in its study.yaml, with its translations. The Listen tab asks for its texts by key (`say`); those of the
// other two tabs are English in the source and are translated where they stand (translation.js, translate.js).

import { language } from "./language.js";

export const TEXTS = await (await fetch(new URL("texts.json", import.meta.url))).json();

export const LANGUAGES = TEXTS.name;

// The text or the list of texts of a key, with {name} replaced by values.name; a text that has to agree with a number
// follows values.n.
export function say(key, values = {}) {
  const code = language();
  const text = TEXTS[key][code];
  if (Array.isArray(text)) return text;
  const agreed = typeof text === "string" ? text : text[new Intl.PluralRules(code).select(values.n)];
  return filled(agreed, values);
}

export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// What a study says, in the visitor's language where the study has it.
export function translated(translations, text) {
  return translations[language()]?.[text] ?? text;
}
