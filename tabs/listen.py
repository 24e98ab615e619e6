"""listen tab."""
import gradio as gr

def warm_up() -> None:
    """Load what the first visitor would wait for."""

def build() -> None:
    """Build the tab."""
    gr.Markdown("listen")
