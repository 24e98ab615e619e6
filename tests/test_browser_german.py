"""The page in German: Compose and Separate say nothing in English, and in English nothing of it runs."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from conftest import ROOT, watched_page
from playwright.sync_api import Browser, Page, expect

import audio
from audio import Audio

TEXTS = json.loads((ROOT / "tabs" / "static" / "texts.json").read_text(encoding="utf-8"))
COMMON = {
    *(
        "the",
        "of",
        "and",
        "with",
        "is",
        "are",
        "be",
        "to",
        "your",
        "you",
        "it",
        "its",
        "this",
        "that",
        "by",
        "for",
        "from",
    ),
    *("not", "what", "which", "who", "how", "one", "or", "has", "have", "many", "choose", "play", "plays", "download"),
    *("compose", "separate", "song", "songs", "notes", "bar", "bars", "network", "voice"),
}
NAMES = re.compile("The Listening Room|Blue Notes")
# All that is said outside the Listen tab, seen or not, but for what is English in both languages.
SAID = """() => {
  const value = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").get;
  const alone = (node) => node.nodeType === Node.ELEMENT_NODE && node.matches("#listen, script, style, cite");
  const kinds = NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT;
  const filter = (node) => (alone(node) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
  const walker = document.createTreeWalker(document.body, kinds, filter);
  const said = new Set();
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (node.nodeType === Node.TEXT_NODE) said.add(node.data.replace(/\\s+/g, " ").trim());
    else {
      const names = ["aria-label", "title", "placeholder", "aria-valuetext"];
      for (const name of names) said.add(node.getAttribute(name) ?? "");
      if (node.matches("input[readonly]")) said.add(value.call(node));
    }
  }
  return [...said];
}"""
UNTRANSLATED = """async (texts) => {
  const { german } = await import(new URL("room/translation.js", document.baseURI));
  return texts.filter((text) => german(text) !== null);
}"""


@contextmanager
def visiting(browser: Browser, address: str, width: int, **options: str) -> Iterator[Page]:
    """A fresh visitor, who finds nothing wrong."""
    faults: list[str] = []
    context = browser.new_context(viewport={"width": width, "height": 800}, **options)
    page = watched_page(context, address.split("?")[0], faults)
    try:
        page.goto(address)
        yield page
    finally:
        context.close()
    assert not faults, faults


def english(page: Page) -> list[str]:
    """What the page says in English."""
    said = {NAMES.sub("", text) for text in page.evaluate(SAID)}
    common = [text for text in said if COMMON & {*re.findall(r"[a-z]+", text.lower())}]
    return sorted({*common, *page.evaluate(UNTRANSLATED, sorted(said))})


def open_all(page: Page) -> None:
    for fold in page.locator("button.label-wrap:visible").all():
        fold.click()


def test_compose_speaks_german(browser: Browser, app_url: str) -> None:
    with visiting(browser, app_url, 1280, locale="de-DE") as page:
        form = page.get_by_label("Form", exact=True).first
        expect(form).to_have_value("Jazz")
        form.click()
        page.get_by_role("option", name="Acht Takte").click()
        expect(form).to_have_value("Acht Takte")  # and the server is asked for "eight-bar":
        page.get_by_role("button", name="Komponieren").click()
        expect(page.locator("#compose-text h3")).to_contain_text("Blues (acht Takte) in C, 120 Schläge pro Minute")
        expect(page.locator(".compose-take .compose-play")).to_be_enabled()
        open_all(page)
        expect(page.get_by_text("Das Schema „bebop“")).to_be_visible()
        page.get_by_role("button", name="Start", exact=True).click()
        expect(page.locator(".live-status")).to_have_text("Sie sind dran: 4 Takte")
        assert english(page) == []
        page.get_by_role("button", name="Stopp", exact=True).click()
        expect(page.locator(".live-status")).to_have_text("Angehalten.")
        assert page.evaluate("document.documentElement.lang") == "de"


def test_separate_speaks_german(browser: Browser, app_url: str, tmp_path: Path) -> None:
    with visiting(browser, app_url, 375, locale="de-DE") as page:
        page.get_by_role("tab", name="Trennen").click()
        open_all(page)
        expect(page.get_by_text("Ideale binäre Maske").first).to_be_visible()
        no_song = tmp_path / "Vocals.wav"
        no_song.write_text("no song")
        page.locator("#separate-song input[type=file]").set_input_files(no_song)
        expect(page.locator("#separate-song a[download]")).to_be_attached()
        page.get_by_role("button", name="Trennen", exact=True).click()
        expect(page.get_by_text("Vocals.wav lässt sich nicht als Ton lesen")).to_be_visible()
        assert english(page) == []
        page.locator("#separate-example").click()
        page.locator(".separate-view > div[aria-busy='false']").wait_for(timeout=90_000)
        expect(page.locator("#separate-status")).to_contain_text("wird gemessen")
        assert english(page) == []
        expect(page.locator("#separate-status")).not_to_contain_text("wird gemessen", timeout=120_000)
        assert english(page) == []
        page.get_by_label("Ein Lied").check()
        audio.write(no_song, Audio(np.full((1, 88_200), 0.1, np.float32), 44_100))
        page.locator("#separate-song").get_by_label("Löschen").click()
        page.locator("#separate-song input[type=file]").set_input_files(no_song)
        expect(page.locator("#separate-song a[download]")).to_be_attached()
        page.get_by_role("button", name="Trennen", exact=True).click()
        expect(page.locator("#separate-text h3")).to_have_text("Vocals")  # the visitor has called it so
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_german_is_chosen_in_the_masthead_and_in_english_nobody_watches_the_page(
    browser: Browser, app_url: str
) -> None:
    with visiting(browser, app_url, 1280) as page:
        page.add_init_script("""
          window.watched = [];
          const observe = MutationObserver.prototype.observe;
          MutationObserver.prototype.observe = function (node, options) {
            watched.push(options.attributeFilter ?? []);
            return observe.call(this, node, options);
          };
        """)
        page.reload()
        watching = "watched.flat().includes('aria-valuetext')"
        expect(page.get_by_role("tab", name="Compose")).to_be_visible()
        page.get_by_role("link", name="Deutsch").press("Enter")
        expect(page.get_by_role("tab", name="Komponieren")).to_be_visible()
        assert page.evaluate(watching)
        page.reload()
        page.get_by_role("link", name="English").press("Enter")
        expect(page.get_by_role("tab", name="Compose")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "en"
        assert not page.evaluate(watching)


def test_no_frame_of_the_page_is_english_first(browser: Browser, app_url: str) -> None:
    with visiting(browser, app_url, 1280, locale="de-DE") as page:
        page.add_init_script("""
          window.seen = new Set();
          const look = () => {
            for (const word of ["Compose", "Komponieren"]) if (document.body?.innerText.includes(word)) seen.add(word);
            requestAnimationFrame(look);
          };
          look();
        """)
        page.reload()
        expect(page.get_by_role("tab", name="Komponieren")).to_be_visible()
        page.wait_for_function("seen.has('Komponieren')")
        assert page.evaluate("[...seen]") == ["Komponieren"]


def test_gradio_follows_the_choice_in_its_own_words(browser: Browser, app_url: str) -> None:
    with visiting(browser, f"{app_url}/?language=en", 1280, locale="de-DE") as page:
        page.get_by_role("tab", name="Separate").click()
        expect(page.locator("#separate-song")).to_contain_text("Click to Upload")


def test_no_german_text_is_translated_again(page: Page) -> None:
    german = [text["de"] for key, text in TEXTS.items() if re.match(r"(page|compose|separate|gradio)\.", key)]
    filled = [re.sub(r"\{\w+\}", "3", text) for text in german]
    assert page.evaluate(UNTRANSLATED, filled) == []
