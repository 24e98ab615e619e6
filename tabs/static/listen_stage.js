// The stage of the listening test: one page at a time, and an alert above it. A page is shown, waits for the listener,
// and its promise carries on.

import { language } from "./language.js";
import { say } from "./texts.js";

// Markup from a template; values are text whoever wrote them, except markup and lists of it.
export function html(strings, ...values) {
  const text = values.map((value) => (Array.isArray(value) ? value.map(escaped).join("") : escaped(value)));
  return new Markup(String.raw({ raw: strings }, ...text));
}

class Markup {
  constructor(text) {
    this.text = text;
  }
}

function escaped(value) {
  if (value instanceof Markup) return value.text;
  return String(value).replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

export class Stage {
  #alert;
  #page;
  #shown = 0;

  constructor(element) {
    this.element = element;
    element.innerHTML = `<div class="listen-room">
      <div class="listen-alert" role="alert" hidden><p></p><button type="button" class="listen-button"></button></div>
      <section class="listen-page" tabindex="-1"></section></div>`;
    this.#alert = element.querySelector(".listen-alert");
    this.#page = element.querySelector(".listen-page");
  }

  // Show a page and return its element. Who reads with the ear hears its heading first.
  show(markup, { label }) {
    this.#page.innerHTML = markup.text;
    this.#page.setAttribute("aria-label", label);
    this.#page.lang = language();
    this.#page.inert = false;
    // The first page leaves the focus where it is; later ones begin at their top.
    if (this.#shown++ > 0 && this.visible) this.#page.focus();
    return this.#page;
  }

  // What the listener gives with the page's form; a form with nothing to fill in is a way on.
  submitted() {
    const form = this.#page.querySelector("form");
    return new Promise((resolve) => {
      form.onsubmit = (event) => {
        event.preventDefault();
        resolve(new FormData(form, event.submitter));
      };
    });
  }

  // Carry out what needs the server. A fault is shown with a way on, and whatever was chosen or heard stays; what the
  // server has decided is thrown once the listener knows it.
  async attempt(action) {
    const focused = document.activeElement;
    for (;;) {
      this.#page.inert = true;
      try {
        return await action();
      } catch (error) {
        await this.#acknowledged(error);
        if (error.final) throw error;
      } finally {
        this.#page.inert = false;
        if (this.#page.contains(focused)) focused.focus({ preventScroll: true });
      }
    }
  }

  get visible() {
    return this.element.offsetParent !== null;
  }

  #acknowledged(error) {
    const button = this.#alert.querySelector("button");
    this.#alert.querySelector("p").textContent = error.message;
    button.textContent = say(error.final ? "way_on" : "again");
    this.#alert.hidden = false;
    button.focus();
    return new Promise((resolve) => {
      button.onclick = () => {
        this.#alert.hidden = true;
        resolve();
      };
    });
  }
}
