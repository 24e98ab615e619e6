// The switch in the masthead: a link to this page in the other language.

import { language } from "./language.js";
import { LANGUAGES } from "./texts.js";

export function mount(element) {
  const link = element.querySelector("a");
  const other = Object.keys(LANGUAGES).find((code) => code !== language());
  const address = new URL(location.href);
  address.searchParams.set("language", other);
  Object.assign(link, { href: address, hreflang: other, lang: other, textContent: LANGUAGES[other] });
}
