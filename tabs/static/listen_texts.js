// What the pages of the listening test say, in the visitor's language. All texts are in listen_texts.json, every one in
// every language; what a study says itself is in its study.yaml, with its translations.

const CHOSEN = "listening-room.language";
const TEXTS = await (await fetch(new URL("listen_texts.json", import.meta.url))).json();

export const LANGUAGES = TEXTS.name;

// The language that the visitor has chosen, or else the browser's first that is spoken here.
export function language() {
  const wanted = [chosen(), ...navigator.languages.map((code) => code.slice(0, 2))];
  return wanted.find((code) => code in LANGUAGES) ?? "en";
}

export function choose(code) {
  try {
    localStorage.setItem(CHOSEN, code);
  } catch {
    document.documentElement.dataset.listenLanguage = code; // a frame without storage: as long as the page
  }
}

function chosen() {
  try {
    return localStorage.getItem(CHOSEN);
  } catch {
    return document.documentElement.dataset.listenLanguage;
  }
}

// The text or the list of texts of a key, with {name} replaced by values.name; a text that has to agree with a number
// follows values.n.
export function say(key, values = {}) {
  const code = language();
  const text = TEXTS[key][code];
  if (Array.isArray(text)) return text;
  const agreed = typeof text === "string" ? text : text[new Intl.PluralRules(code).select(values.n)];
  return agreed.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

// What a study says, in the visitor's language where the study has it.
export function translated(translations, text) {
  return translations[language()]?.[text] ?? text;
}
