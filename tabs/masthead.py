"""The head of the page: its name, what it is about, and the way to its other language."""

import gradio as gr

MOUNT = "import(new URL('room/masthead.js', document.baseURI)).then((m) => m.mount(element));"


def build() -> None:
    """Lay the head out; the page fills in the link."""
    gr.Markdown("# The Listening Room\nNeural music, judged by ears, blind.", elem_classes="masthead")
    gr.HTML('<a translate="no"></a>', js_on_load=MOUNT, elem_id="language", apply_default_css=False)
