"""What a visitor of the Separate tab can set: alpha, the kind of mask, the rule, the download, and the model."""

from __future__ import annotations

import gradio as gr

from models.separation import separate
from models.separation.separate import Rule
from tabs.separate_cut import MODELS

RULES: list[tuple[str, Rule]] = [
    ("Complement: the accompaniment is the song minus the vocals", "complement"),
    ("Paper: the accompaniment is where p < 1 - alpha", "paper"),
]


def build() -> tuple[gr.Dropdown, list[gr.components.Component]]:
    """Create the choice of model, and what can be changed after it has run, in the order of `cut`."""
    alpha = gr.Slider(
        0.0,
        1.0,
        value=0.5,
        step=0.01,
        label="Alpha",
        info="low: more of the song counts as vocals; high: only what the network is sure of",
        elem_id="separate-alpha",
    )
    soft = gr.Checkbox(False, label="Soft mask: grade each spot by its probability", elem_id="separate-soft")
    with gr.Accordion("More", open=False):
        model = gr.Dropdown(
            [(MODELS[name][0], name) for name in separate.MODELS],
            value=separate.DEFAULT,
            label="Separated by",
            info=_about(separate.DEFAULT),
            filterable=False,
            elem_id="separate-model",
        )
        rule = gr.Radio(RULES, value="complement", label="Rule", elem_id="separate-rule")
        suffix = gr.Radio(["WAV", "FLAC"], value="WAV", label="Download as", elem_id="separate-format")
    model.change(
        lambda name: gr.Dropdown(info=_about(name)), model, model, api_visibility="private", show_progress="hidden"
    )
    alpha.input(
        None,
        alpha,
        js="(alpha) => window.dispatchEvent(new CustomEvent('separate-alpha', { detail: alpha }))",
        api_visibility="private",
    )
    return model, [alpha, soft, rule, suffix]


def _about(model: str) -> str:
    """Say what a model is and when a new choice takes effect."""
    return f"{MODELS[model][1]}. A new choice counts from the next Separate on."
