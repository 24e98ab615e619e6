// What the page says, in the visitor's language. All texts are in texts.json, every one in every language; what a study
// says itself is in its study.yaml, with its translations. The Listen tab asks for its texts by key (`say`); those of the
// other two tabs are English in the source and are translated where they stand (translation.js, translate.js).

const CHOSEN = "listening-room.language";
export const TEXTS = await (await fetch(new URL("texts.json", import.meta.url))).json();

export const LANGUAGES = TEXTS.name;

// A link may ask for a language, as the masthead's does: it counts like a choice made on the page.
const address = new URL(location.href);
const asked = address.searchParams.get("language");
if (asked in LANGUAGES) {
  choose(asked);
  address.searchParams.delete("language");
  history.replaceState(history.state, "", address);
}

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
  return filled(agreed, values);
}

export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

// What a study says, in the visitor's language where the study has it.
export function translated(translations, text) {
  return translations[language()]?.[text] ?? text;
}
