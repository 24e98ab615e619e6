"""The Separate tab: a song in; vocals and accompaniment out, on one clock, with a live threshold alpha."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from models.separation import separate
from models.separation.overview import overview
from models.separation.separate import Probabilities
from tabs import separate_curves, separate_download, separate_report, separate_settings
from tabs.separate_cut import MODELS, Separated, view
from tabs.separate_progress import waiting
from tabs.separate_song import example_stems, read_song, read_stems

KEPT_S = 3600  # as long as Gradio keeps the files
SONG, APART = "song", "stems"
SOURCES = [("A song", SONG), ("Its stems: vocals and accompaniment", APART)]
# Whatever takes seconds runs one at a time.
JOB = {"api_visibility": "private", "concurrency_limit": 1, "concurrency_id": "separation"}
PREDICTING = 0.75  # share of the time after reading that a network takes; the picture and the files take the rest
INTRODUCTION = """### Vocals on one side, the band on the other
A network says, for every spot of a song's spectrogram, how **probable** it is that the voice dominates there. It runs
once per song. Then **alpha** decides how sure it must be before a spot counts as voice: drag it while the song plays.

Bring a song of up to 10 minutes (WAV, FLAC, OGG or MP3, up to 100 MB), sing into the microphone, or try the example.
If you have the song's **stems**, vocals and accompaniment apart, bring these: their sum is separated, and the page
measures how well that went.

The idea is that of Simpson, Roma and Plumbley (2015); their own kind of network can be chosen under "More".
"""


def warm_up() -> None:
    """Load the network before the first visitor needs it."""
    separate.predictor(separate.DEFAULT)


def build() -> None:
    """Lay the tab out and bind its events."""
    kept = gr.State(None, time_to_live=KEPT_S)
    with gr.Row(equal_height=False, elem_classes="separate-room"):
        with gr.Column(scale=2, min_width=300):
            source, columns, sounds = _sources()
            start, cancel, status, example = _buttons()
            model, rule = separate_settings.build_folded()
        with gr.Column(scale=3, min_width=300):
            text = gr.Markdown(INTRODUCTION, elem_id="separate-text")
            dials = separate_settings.build_dials()
            result = _result()
            curves, baseline = separate_curves.build()
    if separate_report.REPORT.is_file():
        with gr.Accordion("How good is it?", open=False):
            separate_report.build()
    _bind_downloads(kept, [*dials, rule], result)
    measured = _bind_measuring(kept, baseline, [dials[1], rule], [cancel, status, curves])
    # Bound before what these clicks start: Gradio's page takes the listeners of a click one after the other.
    gr.on([start.click, example.click], None, cancels=measured, api_visibility="private")
    start.click(None, None, status, js="() => 'In line: one song is separated at a time'", api_visibility="private")
    example.click(None, None, status, js="() => 'Composing and singing'", api_visibility="private")
    composed = example.click(_example, None, [source, *columns, *sounds[1:]], **JOB)
    outputs = [kept, cancel, status, curves, text, result, *dials]
    separated = [
        event(_separate, [source, *sounds, model, kept], outputs, **_told(status))
        for event in (start.click, composed.success)
    ]
    _bind_cancel(cancel, status, [composed, *separated], measured)


def _buttons() -> tuple[gr.Button, gr.Button, gr.HTML, gr.Button]:
    """Create the buttons that start and stop, the place of the progress, and the example."""
    with gr.Row():
        start = gr.Button("Separate", variant="primary", size="lg", min_width=120)
        cancel = gr.Button("Cancel", variant="stop", size="lg", min_width=90, interactive=False)
    status = gr.HTML(elem_id="separate-status", padding=False)
    example = gr.Button("Try the example: a composed blues with a synthesised singer", elem_id="separate-example")
    return start, cancel, status, example


def _sources() -> tuple[gr.Radio, list[gr.Column], list[gr.Audio]]:
    """Create the choice between a song and two stems, the column of each, and the three sounds."""
    source = gr.Radio(SOURCES, value=SONG, label="You bring", elem_id="separate-source")
    with gr.Column() as whole:
        song = _sound("Your song", "song", ["upload", "microphone"])
    with gr.Column(visible=False) as apart:
        vocals = _sound("Vocals", "vocals", ["upload"])
        accompaniment = _sound("Accompaniment", "accompaniment", ["upload"])
    columns = [whole, apart]
    source.input(_shown, source, columns, api_visibility="private", show_progress="hidden", queue=False)
    return source, columns, [song, vocals, accompaniment]


def _sound(label: str, name: str, sources: list[Any]) -> gr.Audio:
    """Create the place of one sound; without the "share" button, which would send it to another host."""
    return gr.Audio(sources=sources, type="filepath", label=label, buttons=["download"], elem_id=f"separate-{name}")


def _shown(source: str) -> list[gr.Column]:
    """Show what belongs to the chosen source."""
    return [gr.Column(visible=source == name) for _, name in SOURCES]


def _result() -> gr.HTML:
    """Create the view: player, picture, mixer and downloads."""
    return gr.HTML(
        html_template='<div class="separate-view"></div>',
        apply_default_css=False,
        js_on_load=(
            "import(new URL('room/separate.js', document.baseURI))"
            ".then((m) => m.mount(element, props, watch, (wish) => trigger('download', wish)));"
        ),
        elem_id="separate-view",
    )


def _bind_downloads(kept: gr.State, mask: list[gr.components.Component], result: gr.HTML) -> None:
    """Write what the view asks for and hand it to the browser."""
    delivery = gr.HTML(
        html_template="",
        apply_default_css=False,
        js_on_load=(
            "import(new URL('room/separate_download.js', document.baseURI)).then((m) => m.mountDelivery(props, watch));"
        ),
    )
    result.download(
        separate_download.deliver,
        [kept, *mask],
        delivery,
        api_visibility="private",
        concurrency_limit=2,
        concurrency_id="download",
        show_progress="hidden",
    )


def _bind_measuring(
    kept: gr.State, baseline: gr.Dropdown, kind: list[gr.components.Component], outputs: list[Any]
) -> Any:
    """Measure whatever was separated last, and again when the baseline or the kind of mask changes."""
    softness, rule = kind
    return gr.on(
        [kept.change, baseline.input, softness.release, rule.input],
        separate_curves.measure,
        [kept, baseline, softness, rule],
        outputs,
        trigger_mode="always_last",
        **_told(outputs[1]),
    )


def _bind_cancel(cancel: gr.Button, status: gr.HTML, jobs: list[Any], measured: Any) -> None:
    """Stop everything, and wipe once more what a job said on its way, which may come after the answer to the click.

    On a busy machine Gradio's page may even mark a cancelled job as an error; what comes after takes the mark away.
    """

    def over() -> list[Any]:
        return _running(None)[1:3]

    cancel.click(over, None, [cancel, status], cancels=[*jobs, measured], api_visibility="private")
    for job in jobs:
        job.failure(over, None, [cancel, status], api_visibility="private")
    # A new song stops the measuring as well, and what is said of the song is to stay.
    measured.failure(separate_curves.wiped, status, status, api_visibility="private", show_progress="hidden")


def _told(status: gr.HTML) -> dict[str, Any]:
    """Let a generator tell its progress itself, for Gradio draws no bar for it; errors are marked there as well."""
    return {**JOB, "show_progress": "hidden", "show_progress_on": status}


def _separate(
    source: str,
    path: str | None,
    vocals: str | None,
    accompaniment: str | None,
    model: str,
    kept: Separated | None,
) -> Iterator[Any]:
    """Run the model, yielding after every block, where Gradio can cancel, and at the end show the song.

    A model that was not heard before brings its own alpha and softness. On bad input gr.Error is raised, which leaves
    the last result in place.
    """
    yield _running(waiting("Reading", 0.0, time.monotonic()))
    try:
        song = read_song(path) if source == SONG else read_stems(vocals, accompaniment)
        blocks = []
        for done, block in separate.predicted_blocks(song.sound, model):
            share = PREDICTING * done
            if not blocks:  # reading is over: from here on one block takes as long as another
                began, before = time.monotonic(), share
            blocks.append(block)
            yield _running(waiting("Listening for the voice", share, began, before))
        probabilities = Probabilities(np.concatenate(blocks, axis=1), model)
        picture = overview(song.sound, probabilities)
        truth = song.truth and separate_curves.strongest(song.truth)
        separated = Separated.keep(song, probabilities, truth)
        shown = view(song, probabilities, picture)
        heard = kept.model if kept else separate.DEFAULT
        dials = [gr.skip()] * 2 if model == heard else separate.defaults(model)
        title = f"### {song.name}\n{MODELS[model][0]}"
        yield [separated, *_running(None)[1:3], None, title, shown, *dials]  # no curves yet
    except ValueError as error:
        yield _running(None)
        raise gr.Error(str(error), print_exception=False) from error


def _running(progress: str | None) -> list[Any]:
    """Return the outputs of a job that change only the Cancel button and the progress; None when it is over."""
    return [gr.skip(), gr.Button(interactive=progress is not None), progress or "", *[gr.skip()] * 5]


def _example() -> list[Any]:
    """Bring the stems of the example song."""
    try:
        return [APART, *_shown(APART), *example_stems()]
    except ValueError as error:  # a missing sound font says how to install it
        raise gr.Error(str(error), print_exception=False) from error
