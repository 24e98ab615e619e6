"""The controls of the Compose tab: who composes, over which form, how it plays, and the phrase it begins with."""

from __future__ import annotations

import gradio as gr

from models.composition import generate
from models.composition.blues_form import FORMS, PITCH_CLASSES, form_named
from models.composition.generate import JOINT
from models.composition.score import DEFAULT_INSTRUMENTS, FASTEST, INSTRUMENTS, SLOWEST
from tabs import compose_phrase
from tabs.compose_take import COMPOSERS, METERS

DEFAULT_MODEL = JOINT
DEFAULT_FORM = "jazz"
STYLES = {"Blues licks": "licks", "Jazz soloists (Weimar)": "weimar"}
FEELS = dict(zip(("Swing, 4/4", "Shuffle, 12/8"), METERS, strict=True))
DENSITIES = {"As it likes": None, "Few notes": 3.0, "Some": 6.0, "Many": 10.0}  # notes per bar
LIMITS = {"5 notes": 5, "8 notes": 8, "12 notes": 12, "Any length": None}

Controls = list[gr.components.Component]


def build() -> tuple[gr.Dropdown, Controls, gr.Button]:
    """Lay the controls out; return the choice of model, the others in the order of Wishes, and the button."""
    model = _model()
    form = gr.Dropdown(
        _forms_of(DEFAULT_MODEL), value=DEFAULT_FORM, label="Form", info=_chart(DEFAULT_FORM), filterable=False
    )
    with gr.Row() as joint:
        style = gr.Dropdown(list(STYLES.items()), value="licks", label="Learned from", min_width=140, filterable=False)
        feel = gr.Dropdown(list(FEELS.items()), value="swing", label="Feel", min_width=140, filterable=False)
    with gr.Row():
        key = gr.Dropdown(list(PITCH_CLASSES), value="C", label="Key", min_width=90, filterable=False)
        tempo = gr.Slider(SLOWEST, FASTEST, value=120, step=1, label="Tempo (BPM)", min_width=180)
    choruses = gr.Slider(1, generate.MOST_CHORUSES, value=2, step=1, label="Choruses")
    seed = _seed()
    button = gr.Button("Compose", variant="primary", size="lg")
    with gr.Accordion("Begin with your own phrase", open=False):
        notes = compose_phrase.build(tempo)
    with gr.Accordion("Instruments and fine tuning", open=False):
        with gr.Row():
            melody = _instrument("melody", "Melody played by")
            chords = _instrument("chords", "Chords played by")
        temperature = _temperature()
        with gr.Row() as of_joint:
            density = gr.Dropdown(
                list(DENSITIES), value="As it likes", label="How many notes", min_width=130, filterable=False
            )
            limit = gr.Dropdown(
                list(LIMITS),
                value="8 notes",
                label="Longest copy",
                info="of what it learned",
                min_width=130,
                filterable=False,
            )
        threshold = _threshold()
    form.change(
        lambda name: gr.Dropdown(info=_chart(name)), form, form, api_visibility="private", show_progress="hidden"
    )
    model.change(
        _for_model,
        [model, form],
        [model, form, joint, of_joint, threshold],
        api_visibility="private",
        show_progress="hidden",
    )
    settings = [key, tempo, choruses, melody, chords, seed, notes, threshold, temperature]
    return model, [*settings, form, style, feel, density, limit], button


def _model() -> gr.Dropdown:
    """Create the choice of who composes, with a line on the one chosen: the shipped ones in the order of history."""
    choices = [(COMPOSERS[name][0], name) for name in COMPOSERS if _forms_of(name)]
    return gr.Dropdown(
        choices, value=DEFAULT_MODEL, label="Composed by", info=COMPOSERS[DEFAULT_MODEL][1], filterable=False
    )


def _for_model(name: str, form: str) -> tuple[gr.Dropdown, gr.Dropdown, gr.Row, gr.Row, gr.Slider]:
    """Show what a model is, the forms that it can play, and the controls that it heeds."""
    forms = _forms_of(name)
    kept = form if form in dict(map(reversed, forms)) else forms[0][1]
    is_joint = name == JOINT
    return (
        gr.Dropdown(info=COMPOSERS[name][1]),
        gr.Dropdown(choices=forms, value=kept, info=_chart(kept)),
        gr.Row(visible=is_joint),
        gr.Row(visible=is_joint),
        gr.Slider(visible=not is_joint),
    )


def _forms_of(model: str) -> list[tuple[str, str]]:
    """Name the forms that a model can play here, as (label, name)."""
    return [(name.replace("-", " ").capitalize(), name) for name in FORMS if model in generate.available(name)]


def _chart(form: str) -> str:
    """Write a form in C, a line between bars."""
    return " | ".join(" ".join(bar) for bar in form_named(form).bars)


def _seed() -> gr.Number:
    """Create the seed number with its dice."""
    with gr.Row():
        seed = gr.Number(7, precision=0, label="Seed number", info="the same number gives the same take", min_width=140)
        dice = gr.Button("⚄ Roll", scale=0, min_width=110, elem_id="compose-dice")
    dice.click(None, None, seed, js="() => Math.floor(Math.random() * 1000000)", api_visibility="private")
    return seed


def _instrument(part: str, label: str) -> gr.Dropdown:
    """Create the choice of a part's instrument."""
    return gr.Dropdown(list(INSTRUMENTS), value=DEFAULT_INSTRUMENTS[part], label=label, min_width=130, filterable=False)


def _temperature() -> gr.Slider:
    """Create the slider of the melody's temperature."""
    return gr.Slider(
        generate.LOWEST_TEMPERATURE,
        generate.HIGHEST_TEMPERATURE,
        value=1.0,
        step=0.1,
        label="Melody temperature",
        info="below 1 the melody keeps to what it knows best, above 1 it strays",
    )


def _threshold() -> gr.Slider:
    """Create the slider of the chord threshold, which the networks of 2002 have."""
    return gr.Slider(
        generate.LOWEST_THRESHOLD,
        generate.HIGHEST_THRESHOLD,
        value=0.5,
        step=0.05,
        label="Chord threshold",
        info="a chord note sounds when the network is surer of it than this; far from 0.5 the form may get lost",
        visible=DEFAULT_MODEL != JOINT,
    )
