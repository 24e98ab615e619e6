"""`make space`: assemble what a Hugging Face Space gets, check it, and start it from nothing as a Space does.

In an empty environment: a new virtual environment from the two files of requirements, nothing of this machine's
settings, an empty disk. Then the three jobs: compose through the API, separate in the page, rate over the routes.
Then the Space is restarted with an empty disk, and the rating has to come back from its mirror.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import soundfile
import space_tree
from conftest import CHROMIUM, CHROMIUM_ARGS
from gradio_client import Client
from http_listener import HttpListener
from hub_stand_in import Hub
from playwright.sync_api import sync_playwright

PLACE = space_tree.ROOT / "runs" / "space"
REPO, TOKEN = "owner/ratings", "hf_of_the_stand_in"
STUDY = "blues"
HEARD_MS = 5_000
PATIENCE_S = 900  # for the stimuli, which are rendered at low priority


def install(python: Path) -> None:
    """Make the virtual environment of the Space: first what is to be there first, then the rest."""
    keep = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}  # how pip reaches its index
    environment = {"PATH": os.defpath, "HOME": str(PLACE), **keep}
    subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True, env=environment)
    for name in ("pre-requirements.txt", "requirements.txt"):
        command = [python, "-m", "pip", "install", "--quiet", "--retries", "0", "-r", PLACE / "tree" / name]
        subprocess.run(command, check=True, env=environment)
    listed = subprocess.run(
        [python, "-m", "pip", "freeze"], check=True, env=environment, capture_output=True, text=True
    )
    assert "nvidia" not in listed.stdout, "torch brought CUDA"


@contextmanager
def space(python: Path, hub: Hub, log: Path) -> Iterator[str]:
    """Start the tree as a Space does, with its variables and secrets; stop it as a Space does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **{"PATH": os.defpath, "HOME": str(PLACE), "SPACE_ID": "owner/listening-room"},
        **{"GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)},
        **{"RATINGS_DATASET": REPO, "HF_TOKEN": TOKEN, "HF_ENDPOINT": hub.endpoint},
    }
    shutil.rmtree(PLACE / "tree" / "data", ignore_errors=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [python, "app.py"], cwd=PLACE / "tree", env=environment, stdout=output, stderr=output
        )
    try:
        address, began = f"http://127.0.0.1:{port}", time.monotonic()
        wait_until(lambda: httpx.get(address).status_code == 200, process)
        print(f"first page after {time.monotonic() - began:.1f} s", flush=True)
        wait_until(lambda: httpx.get(f"{address}/healthz").json()["models"] == "ready", process)
        print(f"models ready after {time.monotonic() - began:.1f} s", flush=True)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def wait_until(is_so: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    """Ask until it is so."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process is None or process.poll() is None, "the app has stopped"
        try:
            if is_so():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"nothing after {PATIENCE_S} s")


def compose(address: str) -> None:
    """Compose with the settings that the page begins with."""
    answer = flat(Client(address, verbose=False).predict(api_name="/compose"))
    files = [part for part in answer if part.endswith(".wav") and Path(part).is_file()]
    sound, rate = soundfile.read(files[0])
    assert len(sound) > 10 * rate and abs(sound).max() > 0.05, "the take is short or silent"
    print(f"composed {len(sound) / rate:.1f} s of sound", flush=True)


def flat(value: object) -> list[str]:
    """Every text in what an endpoint returns."""
    if isinstance(value, dict | list | tuple):
        return [text for each in (value.values() if isinstance(value, dict) else value) for text in flat(each)]
    return [value] if isinstance(value, str) else []


def separate(address: str) -> None:
    """Separate the example in a browser, which waits for both stems."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        page = browser.new_page()
        page.goto(address)
        page.get_by_role("tab", name="Separate").click()
        page.locator("#separate-example").click()
        page.locator(".separate-view > div[aria-busy='false']").wait_for(timeout=120_000)
        browser.close()
    print("separated the example", flush=True)


def rate(client: httpx.Client) -> HttpListener:
    """Answer the first trial of the study that ships."""
    listener = HttpListener(client, STUDY, HEARD_MS)
    listener.enter()
    trial = listener.get("trial")
    sounds = [*trial["sounds"], *([trial["reference"]] if trial["reference"] else [])]
    for sound in sounds:
        listener.request("GET", sound)
    time.sleep(len(sounds) * HEARD_MS / 1000)
    listener.answer(trial)
    print("rated a pair", flush=True)
    return listener


def study_is_ready(address: str) -> bool:
    studies = httpx.get(f"{address}/listen/studies").json()["studies"]
    return next(each for each in studies if each["name"] == STUDY)["state"] == "ready"


def main() -> None:
    """Do it all; the first fault ends it."""
    shutil.rmtree(PLACE, ignore_errors=True)
    space_tree.assemble(PLACE / "tree")
    if found := space_tree.faults(PLACE / "tree"):
        raise SystemExit("\n".join(found))
    size = sum(path.stat().st_size for path in space_tree.files(PLACE / "tree"))
    print(f"{PLACE.relative_to(space_tree.ROOT)}/tree: {size / 2**20:.1f} MiB, without a fault", flush=True)
    python, log = PLACE / "environment" / "bin" / "python", PLACE / "app.log"
    install(python)
    with Hub() as hub:
        with space(python, hub, log) as address, httpx.Client(base_url=address, timeout=60) as client:
            compose(address)
            separate(address)
            wait_until(lambda: study_is_ready(address))
            listener = rate(client)
        with space(python, hub, log) as address, httpx.Client(base_url=address, timeout=60) as client:
            wait_until(lambda: study_is_ready(address))
            again = HttpListener(client, STUDY, code=listener.code)
            assert again.get("trial")["number"] == 2, "the rating did not survive the restart"
    written = log.read_text()
    assert "Traceback" not in written and TOKEN not in written, written
    print("restarted with an empty disk: the rating is there. make space: no fault")


if __name__ == "__main__":
    main()
