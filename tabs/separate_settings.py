"""What a visitor of the Separate tab can set: alpha, softness, the rule and the model.

All but the model are read by the page where they stand (tabs/static/separate_mask.js), so that a drag is heard at once.
"""

from __future__ import annotations

import gradio as gr

from models.separation import engines, separate
from models.separation.separate import Rule
from tabs.separate_cut import MODELS

SOFTEST = 2.0
RULES: list[tuple[str, Rule]] = [
    ("Complement: the accompaniment is the song minus the vocals", "complement"),
    ("Paper: the accompaniment is where p < 1 - alpha", "paper"),
]
CHANGED = "() => { requestAnimationFrame(() => window.dispatchEvent(new Event('separate-mask'))); }"


def build_folded() -> tuple[gr.Dropdown, gr.Radio]:
    """Create what few will touch, folded away: model and rule."""
    with gr.Accordion("More", open=False):
        model = gr.Dropdown(
            [(MODELS[name][0], name) for name in separate.MODELS],
            value=separate.DEFAULT,
            label="Separated by",
            info=_about(separate.DEFAULT),
            filterable=False,
            elem_id="separate-model",
        )
        if not engines.INSTALLED:
            gr.Markdown(engines.HOW_TO_ADD, elem_classes="separate-demucs")
        rule = gr.Radio(RULES, value="complement", label="Rule", elem_id="separate-rule")
    model.change(
        lambda name: gr.Dropdown(info=_about(name)), model, model, api_visibility="private", show_progress="hidden"
    )
    rule.change(None, None, js=CHANGED, api_visibility="private")
    return model, rule


def build_dials() -> list[gr.Slider]:
    """Create alpha and softness; the stylesheet hides them until there is a song to hear them on."""
    alpha, softness = separate.defaults(separate.DEFAULT)
    with gr.Row(elem_classes="separate-dials"):
        dials = [
            gr.Slider(
                *(0.0, 1.0, alpha),
                step=0.01,
                label="Alpha",
                info="low: more of the song is voice; high: only what is surely voice",
                elem_id="separate-alpha",
                min_width=240,
            ),
            gr.Slider(
                *(0.0, SOFTEST, softness),
                step=0.05,
                label="Softness",
                info="0: each spot is voice or not; higher: it is shared by probability",
                elem_id="separate-softness",
                min_width=240,
            ),
        ]
    gr.on([dial.change for dial in dials], None, js=CHANGED, api_visibility="private")
    return dials


def _about(model: str) -> str:
    """Say what a model is and when a new choice takes effect."""
    return f"{MODELS[model][1]}. A new choice counts from the next Separate on."
