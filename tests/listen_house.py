"""The Listen page on a small server of its own, with a study of every kind of trial whose names no page may show.

The routes and the page's modules are those of the app; only the other tabs are missing, so that it starts in a second.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from small_study import rendered, write_small_study

from listening_test import routes, stimuli, study

STATIC = Path(__file__).parent.parent / "tabs" / "static"
# The theme's variables are gradio's; here stand those that carry contrast.
PAGE = """<!doctype html><html lang="en"><head><title>Listen</title>
<link rel="stylesheet" href="/room/style.css"><style>:root { --body-text-color: #27272a; --body-text-color-subdued: #52525b;
--background-fill-primary: #fff; --background-fill-secondary: #fafafa; --border-color-primary: #d4d4d8;
--primary-500: #4f46e5; --primary-600: #4338ca; --button-primary-background-fill: #4338ca;
--button-primary-text-color: #fff; --button-secondary-background-fill: #e4e4e7; --button-secondary-text-color: #27272a;
--radius-sm: 4px; --radius-md: 6px; --radius-lg: 8px; --text-sm: 13px; --text-lg: 17px; --text-xl: 22px;
--error-border-color: #b91c1c; --error-background-fill: #fef2f2; --error-text-color: #991b1b; }
body { font: 16px sans-serif; margin: 16px; }</style></head>
<body><main><h1>The Listening Room</h1><div id="listen"></div></main>
<script type="module">import("/room/listen.js").then((m) => m.mount(document.getElementById("listen")));</script></body></html>"""

# Wherever one of these turns up in what the server gives out, the test is no longer blind.
CANARIES = tuple(f"{first}{second}" for first in ("qx7v", "zr4h", "wj9f") for second in ("m2kd", "t8bn", "y3gc", "p6ls"))
MATERIAL = "vd5ns6xuzk"
A, B, C, D, E, F, G, H, I, J, K, L = CANARIES

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
  - {{material: {MATERIAL}, trial: preference, question: "Which tone do you prefer?", seeds: [1, 2], tie: true,
     conditions: {{{A}: {{}}, {B}: {{}}}}, pairs: [[{A}, {B}]]}}
  - {{material: {MATERIAL}, trial: which-human, question: "Which tone did a person write?", seeds: [1, 2],
     conditions: {{{A}: {{}}, {C}: {{role: human}}}}, pairs: [[{A}, {C}]]}}
  - {{material: {MATERIAL}, trial: rating, question: "How good is each tone?", seeds: [1, 2],
     conditions: {{{A}: {{}}, {B}: {{}}, {D}: {{role: bad-anchor}}}}, attributes: {{overall: Overall quality}}}}
  - {{material: {MATERIAL}, trial: mushra, question: "How close is each tone to the reference?", seeds: [1, 2],
     conditions: {{{E}: {{role: low-anchor}}, {F}: {{role: mid-anchor}}, {G}: {{}}, {H}: {{role: reference}}}},
     attributes: {{overall: Basic audio quality}}}}
  - {{material: {MATERIAL}, trial: abx, question: "Which tone is X?", seeds: [1, 2],
     conditions: {{{G}: {{}}, {I}: {{}}}}, pairs: [[{G}, {I}]]}}
  - {{material: {MATERIAL}, trial: adjustment, question: "Set the voice as you like it best.", seeds: [1, 2],
     conditions: {{{J}: {{}}, {K}: {{}}, {L}: {{}}}}}}
  - {{material: {MATERIAL}, trial: triplet, question: "Which tone is closer to X?", seeds: [1, 2],
     conditions: {{{A}: {{}}, {B}: {{}}, {H}: {{role: reference}}}}, pairs: [[{A}, {B}]]}}
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
     conditions: {{{A}: {{}}, {B}: {{}}}}, pairs: [[{A}, {B}]]}}
"""


def prepare(folder: Path, *texts: str) -> list[Path]:
    """Write studies and their stimuli beside one database; returns the folders of the studies."""
    folders = []
    for number, text in enumerate(texts):
        folders.append(write_small_study(folder / f"study-{number}", text))
        plan = study.load(folders[-1])
        stimuli.write(stimuli.folder_of(plan, folder), plan, rendered(plan))
    return folders


@contextmanager
def served(folder: Path, *texts: str) -> Iterator[str]:
    """Serve the page with these studies; gives its address."""
    app = FastAPI()
    app.include_router(routes.router(prepare(folder, *texts), f"sqlite:///{folder / 'ratings.sqlite'}"))
    app.mount("/room", StaticFiles(directory=STATIC))
    app.get("/", response_class=HTMLResponse)(lambda: PAGE)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
