"""From a drag of alpha to the changed sound, in Chromium: how many milliseconds?

    python -m benchmarks.alpha_drag --drags 40

A song of a minute plays in the Separate tab's own view, on the live audio graph. A pointer takes alpha from one end of
the slider to the other and back; a listener behind the player notes the quantum in which the sound sets in (towards 0:
everything is vocals) or has ended (towards 1: nothing is). Counted is from the time stamp of the pointer's event to
the moment at which the browser says that quantum leaves for the sound device. Written to
benchmarks/results/alpha_drag.json with the number of cores and the load of the machine.
"""

import argparse
import base64
import gzip
import io
import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright
from scipy.io import wavfile

from models.separation.spectrogram import BINS, SAMPLE_RATE, frames

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "alpha_drag.json"
SECONDS = 60
ROWS, COLUMNS = 160, 800  # of the picture, as in the tab

TAP = """registerProcessor("tap", class extends AudioWorkletProcessor {
  #silent = true;
  process([input]) {
    const silent = !(input[0] ?? []).some((sample) => sample !== 0);
    if (silent !== this.#silent) this.port.postMessage({ silent, at: currentTime });
    this.#silent = silent;
    return true;
  }
});"""
# Every player's output also goes to a tap; its reports and the pointer's events are kept with their times.
LISTEN = """
(tap) => {
  window.turns = [];
  window.drags = [];
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target === this.context.destination) {
      const module = URL.createObjectURL(new Blob([tap], { type: "text/javascript" }));
      this.context.audioWorklet.addModule(module).then(() => {
        const node = new AudioWorkletNode(this.context, "tap", { numberOfOutputs: 0 });
        node.port.onmessage = ({ data }) => {
          const { contextTime, performanceTime } = this.context.getOutputTimestamp();
          window.turns.push({ silent: data.silent, at: performanceTime + 1000 * (data.at - contextTime) });
        };
        connect.call(this, node);
      });
    }
    return connect.call(this, target, ...rest);
  };
  document.addEventListener("input", (event) => window.drags.push(event.timeStamp), { capture: true });
}
"""
OPEN = """
async ({ value, files }) => {
  const url = (text) => URL.createObjectURL(new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]));
  value.sources = Object.fromEntries(Object.entries(files).map(([name, text]) => [name, url(text)]));
  document.body.innerHTML = `<div id="separate-text"></div><div id="separate-alpha"><input style="width: 400px"
    type="range" min="0" max="1" step="0.01" value="1"></div><div id="view"><div class="separate-view"></div></div>`;
  const { mount } = await import("/separate.js");
  mount(document.querySelector("#view"), { value }, () => {}, () => {});
}
"""


class Modules(SimpleHTTPRequestHandler):
    """The page's modules, served without a line for each."""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


def song() -> dict[str, Any]:
    """A tone, and levels at which alpha = 0 keeps all of it and alpha = 1 nothing, as the view takes them."""
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE)
    sound = io.BytesIO()
    wavfile.write(sound, SAMPLE_RATE, np.round(32_767 * wave).astype(np.int16))
    levels = gzip.compress(np.full((frames(len(wave)), BINS), 127, np.uint8).tobytes(), 1)
    plane = base64.b64encode(np.full((ROWS, COLUMNS), 127, np.uint8).tobytes()).decode()
    files = {"sound": sound.getvalue(), "levels": levels}
    value = {
        "song": "tone",
        "energies": [1 / 256] * 256,
        "rowsHz": np.geomspace(60, 16_000, ROWS).tolist(),
        "columns": COLUMNS,
        "seconds": SECONDS,
        "planes": {"loudness": plane, "levels": plane},
    }
    return {"value": value, "files": {name: base64.b64encode(data).decode() for name, data in files.items()}}


def latencies(page: Page, n_drags: int) -> dict[str, list[float]]:
    """Drag to and fro and return the milliseconds until the sound had set in, and until it had ended."""
    page.locator(".separate-play:enabled").click(timeout=90_000)
    page.wait_for_timeout(1_000)
    box = page.locator("#separate-alpha input").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    ends = {"set in": box["x"] + 2, "ended": box["x"] + box["width"] - 2}
    page.mouse.move(ends["ended"], y)
    page.mouse.down()
    found: dict[str, list[float]] = {"set in": [], "ended": []}
    for drag in range(n_drags):
        name = "set in" if drag % 2 == 0 else "ended"
        page.evaluate("window.turns.length = window.drags.length = 0")
        page.mouse.move(ends[name], y)
        page.wait_for_function("window.turns.length > 0")
        page.wait_for_timeout(150 + 7 * drag % 20)  # another phase of the quantum and of the frame each time
        turns, drags = page.evaluate("[window.turns, window.drags]")
        assert [turn["silent"] for turn in turns] == [name == "ended"]
        found[name].append(turns[0]["at"] - drags[0])
    return found


def measure(n_drags: int) -> dict[str, Any]:
    """Serve the page's modules, open the view in Chromium and measure."""
    handler = partial(Modules, directory=ROOT / "tabs" / "static")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/style.css")
        page.evaluate(LISTEN, TAP)
        page.evaluate(OPEN, song())
        found = latencies(page, n_drags)
        browser.close()
        server.shutdown()
    figures = {
        name: {"median_ms": round(float(np.median(times)), 1), "p95_ms": round(float(np.quantile(times, 0.95)), 1)}
        for name, times in found.items()
    }
    return {**figures, "drags": n_drags, "cores": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}


def main() -> None:
    """Measure, print and store the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--drags", type=int, default=40)
    result = measure(parser.parse_args().drags)
    print(json.dumps(result))
    RESULT.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
