"""The Compose tab: choose, compose, hear and keep a blues."""

from __future__ import annotations

from typing import Any

import gradio as gr

from models.checkpoint import CheckpointError
from models.composition import generate
from models.composition.blues_form import BEBOP, PITCH_CLASSES
from models.composition.metrics import chord_accuracy, roll_in_c, segment_letters
from models.composition.primer import MOST_PRIMER_NOTES, seed_notes, seed_remarks
from models.composition.render import render
from models.composition.score import DEFAULT_INSTRUMENTS, FASTEST, INSTRUMENTS, SLOWEST, Score, read_midi
from tabs import compose_comparison, compose_live, why_lstm
from tabs.compose_take import COMPOSERS, Wishes, composed, stem, view, write_paper, write_sound

LONGEST_TAKE_S = 300  # a browser decodes the whole take: 5 minutes are 100 MB there

INTRODUCTION = """### A neural network that learned the blues
In 2002 Eck and Schmidhuber showed that an LSTM can keep a twelve-bar form where older networks lost the thread. This
one has {parameters} numbers in it. It heard 4096 songs made of 24 one-bar melodies, and now plays on by itself:
it plays these chords from memory and draws a melody note for every eighth.

{chart}

Choose a key and a tempo, give it a few **seed notes** to begin with if you like, and press **Compose**.
It takes a second or two.
"""


def warm_up() -> None:
    """Load the network, and the synthesiser once, so that the first visitor does not wait."""
    render(generate.compose(tempo=FASTEST))
    compose_live.warm_up()


def build() -> None:
    """Lay the tab out and bind its events; without its network the tab says what is wrong and stays empty."""
    try:
        introduction = _introduction()
    except CheckpointError as error:
        gr.Markdown(f"### The composer cannot play\n{error}")
        return
    with gr.Row(equal_height=False, elem_classes="compose-room"):
        with gr.Column(scale=2, min_width=300):
            model = _model()
            settings, midi, notes, button = _settings()
        with gr.Column(scale=3, min_width=300):
            result = _result(introduction)
    with gr.Accordion("Trade fours", open=False):
        compose_live.build()
    with gr.Accordion("Compare the networks", open=False):
        compose_comparison.build(settings)
    if why_lstm.REPORT.is_file():
        with gr.Accordion("Why LSTM?", open=False):
            why_lstm.build()
    button.click(
        _take,
        [model, *settings],
        result,
        api_name="compose",
        api_visibility="public",
        concurrency_limit=2,
        concurrency_id="compose",
        show_progress_on=result[0],
    )
    midi.upload(_notes_of_midi, [midi, settings[0]], notes, api_visibility="private", show_progress="minimal")


def _offered() -> tuple[str, ...]:
    """Name the models that visitors can choose: those that are shipped, in the order of their history."""
    ready = generate.available()
    return tuple(name for name in COMPOSERS if name in ready)


def _model() -> gr.Dropdown:
    """Create the choice of who composes, with a line on the one chosen."""
    choices = [(COMPOSERS[name][0], name) for name in _offered()]
    model = gr.Dropdown(
        choices, value=generate.DEFAULT, label="Composed by", info=COMPOSERS[generate.DEFAULT][1], filterable=False
    )
    model.change(
        lambda name: gr.Dropdown(info=COMPOSERS[name][1]),
        model,
        model,
        api_visibility="private",
        show_progress="hidden",
    )
    return model


def _settings() -> tuple[list[gr.components.Component], gr.UploadButton, gr.HTML, gr.Button]:
    """Create the controls; return those of Wishes in order, the MIDI upload, the seed notes and the button."""
    with gr.Row():
        key = gr.Dropdown(list(PITCH_CLASSES), value="C", label="Key", min_width=90, filterable=False)
        tempo = gr.Slider(SLOWEST, FASTEST, value=120, step=1, label="Tempo (BPM)", min_width=180)
    choruses = gr.Slider(1, generate.MOST_CHORUSES, value=2, step=1, label="Choruses of twelve bars")
    with gr.Row():
        melody = _instrument("melody", "Melody played by")
        chords = _instrument("chords", "Chords played by")
    notes, midi, seed = _seeds()
    threshold, temperature = _advanced()
    button = gr.Button("Compose", variant="primary", size="lg")
    return [key, tempo, choruses, melody, chords, seed, notes, threshold, temperature], midi, notes, button


def _instrument(part: str, label: str) -> gr.Dropdown:
    """Create the choice of a part's instrument."""
    return gr.Dropdown(list(INSTRUMENTS), value=DEFAULT_INSTRUMENTS[part], label=label, min_width=130, filterable=False)


def _seeds() -> tuple[gr.HTML, gr.UploadButton, gr.Number]:
    """Create what a take grows from: seed notes, by keyboard or MIDI file, and the seed number with its dice."""
    notes = gr.HTML(
        value=[],
        html_template='<div class="compose-seed-notes"></div>',
        apply_default_css=False,
        most=MOST_PRIMER_NOTES,
        js_on_load=_mount("mountSeedNotes"),
        elem_id="compose-seed-notes",
    )
    midi = gr.UploadButton("Take seed notes from a MIDI file", file_types=[".mid", ".midi"], size="sm")
    with gr.Row():
        seed = gr.Number(7, precision=0, label="Seed number", info="the same number gives the same take", min_width=140)
        dice = gr.Button("⚄ Roll", scale=0, min_width=110, elem_id="compose-dice")
    dice.click(None, None, seed, js="() => Math.floor(Math.random() * 1000000)", api_visibility="private")
    return notes, midi, seed


def _advanced() -> tuple[gr.Slider, gr.Slider]:
    """Create the sliders of threshold and temperature."""
    with gr.Accordion("Advanced", open=False):
        threshold = gr.Slider(
            generate.LOWEST_THRESHOLD,
            generate.HIGHEST_THRESHOLD,
            value=0.5,
            step=0.05,
            label="Chord threshold",
            info="a chord note sounds when the network is surer of it than this; far from 0.5 the form may get lost",
        )
        temperature = gr.Slider(
            generate.LOWEST_TEMPERATURE,
            generate.HIGHEST_TEMPERATURE,
            value=1.0,
            step=0.1,
            label="Melody temperature",
            info="below 1 the melody keeps to what it knows best, above 1 it strays",
        )
    return threshold, temperature


def _result(introduction: str) -> list[gr.components.Component]:
    """Create the outputs of `_take` in order: text, piano roll with player, three downloads."""
    text = gr.Markdown(introduction, elem_id="compose-text")
    roll = gr.HTML(
        html_template='<div class="compose-take"></div>',
        apply_default_css=False,
        js_on_load=_mount("mountTake"),
        elem_id="compose-take",
    )
    with gr.Row():
        kinds = ("WAV", "MIDI", "MusicXML")
        downloads = [gr.DownloadButton(f"Download {kind}", visible=False, min_width=120) for kind in kinds]
    return [text, roll, *downloads]


def _introduction() -> str:
    """Say what the network is, with the chart that it plays."""
    network, _ = generate.trained("lstm")
    cells = [f"<td>{' '.join(bar)}</td>" for bar in BEBOP.bars]
    rows = "".join(f"<tr>{''.join(cells[first : first + 4])}</tr>" for first in range(0, len(cells), 4))
    chart = f'<table class="compose-chart"><tbody>{rows}</tbody></table>'
    return INTRODUCTION.format(parameters=f"{network.parameter_count():,}", chart=chart)


def _mount(function: str) -> str:
    """Write the script that mounts a view of compose.js."""
    return f"import(new URL('room/compose.js', document.baseURI)).then((m) => m.{function}(element, props, watch));"


def _take(
    model: str,
    key: str,
    tempo: float,
    choruses: int,
    melody: str,
    chords: str,
    seed: int | None,
    notes: Any,
    threshold: float,
    temperature: float,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 (Gradio finds it by this default)
) -> tuple[str, dict[str, Any], gr.DownloadButton, gr.DownloadButton, gr.DownloadButton]:
    """Compose, render and write a take; on bad input raise gr.Error, which leaves the take before in place."""
    try:
        wishes = Wishes(key, tempo, choruses, melody, chords, seed, notes, threshold, temperature)
        _refuse_long(wishes)
        progress(0.1, "Composing")
        score = composed(model, wishes)
        progress(0.3, "Playing")
        name = stem(model, score, wishes.seed)
        wav = write_sound(name, score, wishes.instruments)
        midi, sheet = write_paper(name, score, wishes.instruments)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error
    downloads = (gr.DownloadButton(value=str(path), visible=True) for path in (wav, midi, sheet))
    return _description(model, score, wishes.seed), view(score, len(wishes.primer), wav), *downloads


def _refuse_long(wishes: Wishes) -> None:
    """Raise ValueError for a take that is too long for the page."""
    if wishes.seconds > LONGEST_TAKE_S:
        raise ValueError(
            f"{wishes.choruses} choruses at {wishes.tempo:g} beats per minute last {wishes.seconds / 60:.1f} minutes; "
            f"the page plays up to {LONGEST_TAKE_S // 60}. Choose fewer choruses or a faster tempo"
        )


def _description(model: str, score: Score, seed: int) -> str:
    """Say what the take is and how far the model kept to what it learned."""
    kept = chord_accuracy(roll_in_c(score), BEBOP)
    form = "It kept the twelve-bar form throughout." if kept == 1 else f"It kept to the form {kept:.0%} of the time."
    title = COMPOSERS[model][0]
    return f"### {title}: blues in {score.key}, {score.tempo:g} beats per minute, seed {seed}\n{form} {_known(score)}"


def _known(score: Score) -> str:
    """Say how many bars of the melody are segments of the training songs."""
    if not score.part("melody").notes:
        return "It plays no melody."
    _, segments = generate.trained("lstm")
    letters = segment_letters(roll_in_c(score), segments)
    known = len(letters) - letters.count("?")
    rest = "." if known == len(letters) else ", the rest is its own."
    return f"{known} of {len(letters)} bars are melodies of the songs that the networks learned{rest}"


def _notes_of_midi(path: str, key: str) -> list[int]:
    """Read seed notes from an uploaded MIDI file, and say what is left out or moved."""
    try:
        score = read_midi(path)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error
    for remark in seed_remarks(score, key):
        gr.Info(f"{remark[0].upper()}{remark[1:]}.")
    return list(seed_notes(score))
