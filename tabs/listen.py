"""The Listen tab: a place for the page's listening test, which talks to its own routes and never through gradio."""

from __future__ import annotations

import gradio as gr

PLACE = """<div class="listen-room"><p class="listen-note">Loading the listening test &hellip;</p></div>"""
MOUNT = "import(new URL('room/listen.js', document.baseURI)).then((m) => m.mount(element));"


def warm_up() -> None:
    """Nothing to load: no model runs in a listening test, its sounds are rendered beforehand."""


def build() -> None:
    """Lay the tab out."""
    gr.HTML(PLACE, js_on_load=MOUNT, apply_default_css=False, elem_id="listen")
