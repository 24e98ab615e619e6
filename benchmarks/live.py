"""Visitors who trade with the network at once: are keys heard at once, answers there in time, notes on the clock?

    python -m benchmarks.live --exchanges 100

The app is the real one in a process of its own. Each visitor is a page in Chromium at 200 beats per minute, whose turns
are one bar long and whose MIDI keyboard plays by itself (live_probe.js, live_visitor.js). Measured are the milliseconds
from each key to its sound handed to the audio thread; those by which each answer is there before its bar line; and how
far from a whole tick of the clock each note of the band and of the network comes out of the mixing desk. Written to
benchmarks/results/live.json with the number of cores and the load of the machine before it began.
"""

import argparse
import json
import os
import statistics
import tempfile
from bisect import bisect
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.visitors import ROOT, app

SCRIPTS = ("live_probe.js", "live_visitor.js")
RESULT = ROOT / "benchmarks" / "results" / "live.json"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
TEMPO, BARS = 200, 1
TICK_S = 60 / TEMPO / 12
ANSWERED = ("network", "band")  # whose turn it can be when the visitor's is over
FULL_S = 300  # a session ends by itself
PATIENCE_MS = 120_000  # with a page on a busy machine
LATEST_KEY_MS, LARGEST_ERROR_MS = 20.0, 5.0
HEARD_S = 0.5  # from a note handed over to its arrival in the list of what was heard, at most


def enter(page: Page, url: str) -> None:
    """Go to the part, set it up, and take the keyboard that plays by itself."""
    page.set_default_timeout(PATIENCE_MS)
    for script in SCRIPTS:
        page.add_init_script(path=Path(__file__).parent / script)
    page.goto(url)
    page.get_by_role("button", name="Trade fours").click()
    room = page.locator(".live-view")
    room.get_by_label("Bars per turn").select_option(str(BARS))
    room.get_by_label("Tempo").fill(str(TEMPO))
    room.get_by_role("button", name="Connect a MIDI keyboard").click()
    room.get_by_text("Connected: Probe keyboard.").wait_for()


def start(page: Page) -> None:
    """Begin a session; the keyboard plays on for good."""
    page.locator(".live-view").get_by_role("button", name="Start").click()
    page.locator(".live-view[data-turn=you]").wait_for()
    page.evaluate("probe.improvise()")


def await_exchanges(page: Page, exchanges: int) -> None:
    """Wait until so many answers are due, or the session would have ended by itself."""
    count = "([turns, n]) => probe.turns.filter(({turn}) => turns.includes(turn)).length >= n"
    page.wait_for_function(count, arg=[ANSWERED, exchanges], timeout=FULL_S * 1000, polling=1000)


def onset_errors_ms(probe: dict[str, Any]) -> list[float]:
    """Measure how far the notes of the band and of the network came from a whole tick after the first click.

    The visitor's own notes, which begin at once, are left out, and the last notes, which may not have been heard yet.
    """
    sounds = [sound["at"] for sound in probe["sounds"] if not sound["struck"]]
    first, last = sounds[0], max(probe["onsets"]) - HEARD_S
    heard = sorted(probe["onsets"])
    errors = []
    for due in (first + round((at - first) / TICK_S) * TICK_S for at in sounds if at < last):
        after = bisect(heard, due)
        errors.append(min(abs(onset - due) for onset in heard[max(after - 1, 0) : after + 1]) * 1000)
    return errors


def figures(probes: list[dict[str, Any]]) -> dict[str, Any]:
    """Sum the visitors up, in milliseconds."""
    turns = [turn for probe in probes for turn in probe["turns"] if turn["turn"] in ANSWERED]
    margins = [turn["margin"] * 1000 for turn in turns if turn["turn"] == "network"]
    keys = [key for probe in probes for key in probe["keys"]]
    errors = [error for probe in probes for error in onset_errors_ms(probe)]
    return {
        "visitors": len(probes),
        "exchanges": len(turns),
        "answered_in_time": len(margins),
        "answer_ms_before_bar_line": {"least": round(min(margins)), "median": round(statistics.median(margins))},
        "keys": len(keys),
        "key_to_sound_ms": spread(keys, LATEST_KEY_MS),
        "notes": len(errors),
        "notes_left_out": sum(probe["turns"][-1]["skipped"] for probe in probes),
        "onset_error_ms": spread(errors, LARGEST_ERROR_MS),
    }


def spread(values: list[float], limit: float) -> dict[str, float]:
    """Sum values up: median, 99th percentile, most, and how many exceed a limit."""
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 3),
        "p99": round(ordered[int(0.99 * (len(ordered) - 1))], 3),
        "most": round(ordered[-1], 3),
        f"above_{limit:g}": sum(value > limit for value in ordered),
    }


def trade(visitors: int, exchanges: int) -> dict[str, Any]:
    """Let so many visitors trade so often, all at once."""
    with tempfile.TemporaryDirectory() as room, app(Path(room)) as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        pages = [browser.new_context().new_page() for _ in range(visitors)]
        for page in pages:
            enter(page, served.url)
        for page in pages:
            start(page)
        for page in pages:
            await_exchanges(page, exchanges)
        kept = "({turns, keys, sounds, onsets}) => ({turns, keys, sounds, onsets})"
        probes = [page.evaluate(f"({kept})(probe)") for page in pages]
        browser.close()
    return figures(probes)


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=2, help="at once (%(default)s)")
    parser.add_argument("--exchanges", type=int, default=100, help="of each visitor, 1 to 120 (%(default)s)")
    options = parser.parse_args()
    machine = {"cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    result = {"tempo": TEMPO, "bars": BARS, **trade(options.visitors, options.exchanges), **machine}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
