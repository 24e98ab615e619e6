// Which language the page speaks: what the visitor has chosen here, or else the browser's first that is spoken here.

const SPOKEN = ["en", "de"];
const CHOSEN = "listening-room.language";

// A link may ask for a language, as the masthead's does: it counts like a choice made on the page.
const address = new URL(location.href);
const asked = address.searchParams.get("language");
if (SPOKEN.includes(asked)) {
  choose(asked);
  address.searchParams.delete("language");
  history.replaceState(history.state, "", address);
}

export function language() {
  const wanted = [chosen(), ...navigator.languages.map((code) => code.slice(0, 2))];
  return wanted.find((code) => SPOKEN.includes(code)) ?? "en";
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
