// Puts the page into German, if that is the visitor's language, where its texts stand: whatever Gradio or the views write
// is replaced before it is painted. What is German already has no entry, so nothing is translated twice. In English
// nothing runs.

import { language } from "./language.js";
import { TEXTS } from "./texts.js";
import { german } from "./translation.js";

const ATTRIBUTES = ["aria-label", "title", "placeholder", "aria-valuetext"];
const MARKS = { STRONG: "**", CODE: "`" };
const MARKED = /(\*\*.+?\*\*|`.+?`)/;
// The Listen tab speaks for itself; a cite is what a composer has named.
const ALONE = "#listen, [translate=no], script, style, textarea, cite";
const SONG = "#separate-text h3"; // what a visitor has named, as soon as there is a song
const NO_SONG = TEXTS["separate.introduction.heading"].en;
const CHOICE = "input[role=combobox]"; // a Dropdown shows its choice as the value of a field
const VALUE = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");

document.documentElement.lang = language();
// Gradio asks there for the language of its own words.
if (!navigator.language.startsWith(language())) Object.defineProperty(navigator, "language", { get: language });
if (language() === "de") watch(document.body);

function watch(page) {
  const observer = new MutationObserver((changes) => {
    changes.forEach(renew);
    observer.takeRecords(); // our own changes
  });
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  observer.observe(page, { ...all, attributeFilter: ATTRIBUTES });
  below(page);
}

function renew({ type, target, attributeName, addedNodes }) {
  const owner = type === "characterData" ? target.parentElement : target;
  if (!owner?.isConnected || owner.closest(ALONE)) return;
  if (type === "attributes") attribute(target, attributeName);
  else if (type === "characterData") text(target);
  else addedNodes.forEach(below);
}

// Translate a node and all that is in it.
function below(root) {
  const rejected = (node) => node.nodeType === Node.ELEMENT_NODE && node.matches(ALONE);
  if (rejected(root)) return;
  const filter = (node) => (rejected(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, filter);
  for (let node = root; node; node = walker.nextNode()) {
    if (node.nodeType === Node.TEXT_NODE) text(node);
    else if (node.nodeType === Node.ELEMENT_NODE) element(node);
  }
}

function element(node) {
  for (const name of ATTRIBUTES) if (node.hasAttribute(name)) attribute(node, name);
  if (node.matches(CHOICE)) choice(node);
  else sentence(node);
}

function attribute(node, name) {
  const said = german(node.getAttribute(name) ?? "");
  if (said !== null) node.setAttribute(name, said);
}

// The blanks around a text are its own: they keep it apart from what stands beside it.
function text(node) {
  if (node.parentElement?.matches(SONG) && node.data.trim() !== NO_SONG) return;
  const said = german(node.data);
  if (said !== null) node.data = node.data.replace(/\S[^]*\S|\S/, () => said);
}

// A sentence with **strong** words or `code` in it is one text; its marks are made anew, in the order of the German.
function sentence(node) {
  if (!node.firstElementChild || [...node.children].some((child) => !(child.tagName in MARKS))) return;
  const english = [...node.childNodes].map((child) => marked(child)).join("");
  const said = german(english);
  if (said !== null) node.replaceChildren(...said.split(MARKED).filter(Boolean).map(unmarked));
}

function marked(node) {
  const mark = MARKS[node.nodeName] ?? "";
  return node.nodeType === Node.COMMENT_NODE ? "" : `${mark}${node.textContent}${mark}`;
}

function unmarked(part) {
  const [tag, mark] = Object.entries(MARKS).find(([, mark]) => part.startsWith(mark) && part.endsWith(mark)) ?? [];
  if (!tag) return part;
  return Object.assign(document.createElement(tag), { textContent: part.slice(mark.length, -mark.length) });
}

// The page reads the field's value as it wrote it; only what is seen is German.
function choice(field) {
  if (Object.hasOwn(field, "value")) return;
  let written = field.value;
  Object.defineProperty(field, "value", {
    get: () => written,
    set(value) {
      written = value;
      VALUE.set.call(field, german(String(value ?? "")) ?? value);
    },
  });
  field.value = written;
}
