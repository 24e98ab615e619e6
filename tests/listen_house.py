"""The Listen page on a small server of its own, with a study of every kind of trial whose names no page may show.

The routes and the page's modules are those of the app; only the other tabs are missing, so that it starts in a second.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from small_study import rendered, write_small_study

from listening_test import routes, stimuli, study

STATIC = Path(__file__).parent.parent / "tabs" / "static"
# The theme's variables are gradio's; here stand those that carry contrast, and its small type.
PAGE = """<!doctype html><html lang="en"><head><title>Listen</title><link rel="icon" href="data:," />
<link rel="stylesheet" href="/room/style.css"><style>
:root { --body-text-color: #27272a; --border-color-primary: #d4d4d8;
  --background-fill-primary: #fff; --background-fill-secondary: #fafafa; --primary-500: #4f46e5;
  --primary-600: #4338ca; --text-sm: 12px;
  --button-secondary-background-fill: #e4e4e7; --button-secondary-text-color: #27272a;
  --error-border-color: #b91c1c; --error-background-fill: #fef2f2; --error-text-color: #991b1b; }
body { font: 16px sans-serif; margin: 16px; }
</style></head><body><main><h1>The Listening Room</h1><div id="listen"></div></main><script type="module">
import("/room/listen.js").then((m) => m.mount(document.getElementById("listen")));
</script></body></html>"""

# Wherever one of these turns up in what the server gives out, the test is no longer blind.
MATERIAL = "vd5ns6xuzk"
NETS = ("qx7vm2kd", "zr4ht8bn", "wj9fy3gc", "bk6tp6ls")
HUMAN, COPY, BAD, LOW, MID = "hv3nw8rj", "cy5gd2mf", "ub9kx4zt", "lq7js3pw", "md6rb5vh"
LAYERS = ("gz8cn4yx", "fp2wk7dq", "tm5vh9sb")
CANARIES = (MATERIAL, *NETS, HUMAN, COPY, BAD, LOW, MID, *LAYERS)

EVERY_KIND = f"""
name: kinds
version: 1
title: One trial of every kind
instructions: [Listen to every sound., There are no right answers.]
consent: {{version: 3, text: "Your answers are stored without your name.\\n\\nYou may withdraw them at any time."}}
questionnaire:
  - {{id: age, question: "How old are you?", options: [under 30, 30 to 60, over 60]}}
  - {{id: music, question: "Do you make music?", options: ["no", a little, professionally]}}
headphones: record
trials: 7
minimum_seconds: 0.1
practice: 0
repeats: 0
catch_every: 0
break_after: 4
blocks:
  - {{material: {MATERIAL}, trial: preference, question: "Which tone do you prefer?", seeds: [1], tie: true,
     conditions: {{{NETS[0]}: {{}}, {NETS[1]}: {{}}}}, pairs: [[{NETS[0]}, {NETS[1]}]]}}
  - {{material: {MATERIAL}, trial: which-human, question: "Which tone did a person write?", seeds: [1],
     conditions: {{{NETS[0]}: {{}}, {HUMAN}: {{role: human}}}}, pairs: [[{NETS[0]}, {HUMAN}]]}}
  - {{material: {MATERIAL}, trial: rating, question: "How good is each tone?", seeds: [1],
     conditions: {{{NETS[0]}: {{}}, {NETS[1]}: {{}}, {BAD}: {{role: bad-anchor}}}},
     attributes: {{overall: Overall quality}}}}
  - {{material: {MATERIAL}, trial: mushra, question: "How close is each tone to the reference?", seeds: [1],
     conditions: {{{LOW}: {{role: low-anchor}}, {MID}: {{role: mid-anchor}}, {NETS[2]}: {{}},
       {COPY}: {{role: reference}}}},
     attributes: {{overall: Basic audio quality}}}}
  - {{material: {MATERIAL}, trial: abx, question: "Which tone is X?", seeds: [1],
     conditions: {{{NETS[2]}: {{}}, {NETS[3]}: {{}}}}, pairs: [[{NETS[2]}, {NETS[3]}]]}}
  - {{material: {MATERIAL}, trial: adjustment, question: "Set the voice as you like it best.", seeds: [1],
     conditions: {{{LAYERS[0]}: {{}}, {LAYERS[1]}: {{}}, {LAYERS[2]}: {{}}}}}}
  - {{material: {MATERIAL}, trial: triplet, question: "Which tone is closer to X?", seeds: [1],
     conditions: {{{NETS[0]}: {{}}, {NETS[1]}: {{}}, {COPY}: {{role: reference}}}}, pairs: [[{NETS[0]}, {NETS[1]}]]}}
"""

PRACTISED = f"""
name: practised
version: 1
title: Two pairs with practice
instructions: [Listen to both.]
trials: 2
minimum_seconds: 0.1
practice: 1
repeats: 0
catch_every: 0
blocks:
  - {{material: {MATERIAL}, trial: preference, question: "Which tone do you prefer?", seeds: [1, 2],
     conditions: {{{NETS[0]}: {{}}, {NETS[1]}: {{}}}}, pairs: [[{NETS[0]}, {NETS[1]}]]}}
"""


@dataclass(frozen=True)
class House:
    """Where the page is served, and where its studies, stimuli and ratings are kept."""

    url: str
    folder: Path

    @property
    def database(self) -> str:
        return f"sqlite:///{self.folder / 'ratings.sqlite'}"


def prepare(folder: Path, *texts: str) -> list[Path]:
    """Write studies and their stimuli; returns the folders of the studies."""
    folders = []
    for number, text in enumerate(texts):
        folders.append(write_small_study(folder / f"study-{number}", text))
        plan = study.load(folders[-1])
        stimuli.write(stimuli.folder_of(plan, folder), plan, rendered(plan))
    return folders


@contextmanager
def served(folder: Path) -> Iterator[House]:
    """Serve the page with both studies."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()  # who comes before the server is up waits instead of being refused
    house = House(f"http://127.0.0.1:{listener.getsockname()[1]}", folder)
    app = FastAPI()
    app.include_router(routes.router(prepare(folder, EVERY_KIND, PRACTISED), house.database))
    app.mount("/room", StaticFiles(directory=STATIC))
    app.get("/", response_class=HTMLResponse)(lambda: PAGE)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield house
    finally:
        server.should_exit = True
        thread.join()
