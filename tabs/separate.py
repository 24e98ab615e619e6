"""The Separate tab: a song in; vocals and accompaniment out, on one clock, with a live threshold alpha."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr
import numpy as np

import audio
from audio import Audio, AudioError
from models.example_song import example_song
from models.separation.overview import Overview, overview
from models.separation.separate import DEFAULT, Probabilities, Rule, common_gain, predicted_blocks, predictor, split

LONGEST_SONG_S = 600
QUIETEST_PEAK = 1e-4  # -80 dB: below it there is nothing to separate
KEPT_S = 3600  # as long as Gradio keeps the files
STEMS = ("song", "vocals", "accompaniment")
RULES: list[tuple[str, Rule]] = [
    ("Complement: the accompaniment is the song minus the vocals", "complement"),
    ("Paper: the accompaniment is where p < 1 - alpha", "paper"),
]
INTRODUCTION = """### Vocals on one side, the band on the other
In 2015 Simpson, Roma and Plumbley trained a network to say, for every spot of a song's spectrogram, how
**probable** it is that the voice dominates there. This small sibling of theirs does the same. It runs once per
song; then you choose with **alpha** how sure it must be before a spot counts as voice.

Bring a song of up to 10 minutes (WAV, FLAC, OGG or MP3, up to 100 MB), sing into the microphone, or try the example.
"""


@dataclass(frozen=True)
class Separated:
    """What a visitor's session keeps of a song, so that alpha can move without the network."""

    path: str
    name: str
    probabilities: Probabilities
    picture: Overview


def warm_up() -> None:
    """Load the network before the first visitor needs it."""
    predictor(DEFAULT)


def build() -> None:
    """Lay the tab out and bind its events."""
    kept = gr.State(None, time_to_live=KEPT_S)
    with gr.Row(equal_height=False, elem_classes="separate-room"):
        with gr.Column(scale=2, min_width=300):
            song = gr.Audio(
                sources=["upload", "microphone"],
                type="filepath",
                label="Your song",
                buttons=["download"],  # without "share", which would send the song to another host
                elem_id="separate-song",
            )
            with gr.Row():
                start = gr.Button("Separate", variant="primary", size="lg", min_width=120)
                cancel = gr.Button("Cancel", variant="stop", size="lg", min_width=90, interactive=False)
            status = gr.HTML(elem_id="separate-status")
            example = gr.Button(
                "Try the example: a composed blues with a synthesised singer", elem_id="separate-example"
            )
            settings = _settings()
        with gr.Column(scale=3, min_width=300):
            result = _result()
    _bind(kept, song, start, example, cancel, status, settings, result)


def _settings() -> list[gr.components.Component]:
    """Create what can be changed after the network has run; the order is that of `_stems`."""
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
        rule = gr.Radio(RULES, value="complement", label="Rule", elem_id="separate-rule")
        suffix = gr.Radio(["WAV", "FLAC"], value="WAV", label="Download as", elem_id="separate-format")
    alpha.input(
        None,
        alpha,
        js="(alpha) => window.dispatchEvent(new CustomEvent('separate-alpha', { detail: alpha }))",
        api_visibility="private",
    )
    return [alpha, soft, rule, suffix]


def _result() -> list[gr.components.Component]:
    """Create text, view and the two downloads."""
    text = gr.Markdown(INTRODUCTION, elem_id="separate-text")
    view = gr.HTML(
        html_template='<div class="separate-view"></div>',
        apply_default_css=False,
        js_on_load="import(new URL('room/separate.js', document.baseURI)).then((m) => m.mount(element, props, watch));",
        elem_id="separate-view",
    )
    with gr.Row():
        downloads = [gr.DownloadButton(f"Download {stem}", interactive=False, min_width=150) for stem in STEMS[1:]]
    return [text, view, *downloads]


def _bind(
    kept: gr.State,
    song: gr.Audio,
    start: gr.Button,
    example: gr.Button,
    cancel: gr.Button,
    status: gr.HTML,
    settings: list[gr.components.Component],
    result: list[gr.components.Component],
) -> None:
    """Bind the network to the two buttons, and the threshold to everything that can change afterwards."""
    composed = example.click(
        _example, None, song, api_visibility="private", concurrency_limit=1, concurrency_id="separation"
    )
    running = [composed] + [
        event(
            _separate,
            [song, *settings],
            [kept, cancel, status, *result],
            api_visibility="private",
            concurrency_limit=1,
            concurrency_id="separation",
            show_progress="hidden",  # Gradio draws no bar for a generator; `status` does
            show_progress_on=status,
        )
        for event in (start.click, composed.success)
    ]
    cancel.click(lambda: _running(None)[1:3], None, [cancel, status], cancels=running, api_visibility="private")
    alpha, soft, rule, suffix = settings
    gr.on(
        [alpha.release, soft.input, rule.input, suffix.input],
        _again,
        [kept, *settings],
        result,
        api_visibility="private",
        trigger_mode="always_last",
        concurrency_limit=2,
        concurrency_id="threshold",
        show_progress="minimal",
    )


def _separate(
    path: str | None,
    alpha: float,
    soft: bool,
    rule: Rule,
    suffix: str,
) -> Iterator[Any]:
    """Run the network, yielding after every block, where Gradio can cancel, and at the end show the stems.

    On bad input gr.Error is raised, which leaves the last result in place.
    """
    yield _running(0.0)
    try:
        song = _song(path)
        blocks = []
        for done, block in predicted_blocks(song):
            blocks.append(block)
            yield _running(0.8 * done)  # the rest is for writing
        probabilities = Probabilities(np.concatenate(blocks, axis=1), DEFAULT)
        separated = Separated(str(path), Path(str(path)).stem, probabilities, overview(song, probabilities))
        yield [separated, *_running(None)[1:3], *_stems(song, separated, alpha, soft, rule, suffix)]
    except ValueError as error:
        yield _running(None)
        raise gr.Error(str(error), print_exception=False) from error


def _running(done: float | None) -> list[Any]:
    """Return the outputs of a job that change only the Cancel button and the progress bar; None when it is over."""
    bar = "" if done is None else f'<progress value="{done:.2f}" aria-label="progress"></progress>'
    text = "" if done is None else f"Listening for the voice: {done:.0%}"
    return [gr.skip(), gr.Button(interactive=done is not None), bar + text, *[gr.skip()] * 4]


def _example() -> str:
    """Compose, sing and write the example song."""
    try:
        vocals, accompaniment = example_song()
    except ValueError as error:  # a missing sound font says how to install it
        raise gr.Error(str(error), print_exception=False) from error
    path = _folder() / "example-blues.wav"
    audio.write(path, Audio(vocals.samples + accompaniment.samples, vocals.sample_rate))
    return str(path)


def _song(path: str | None) -> Audio:
    """Read a visitor's song; refuse what is too long, before decoding, and what is silent."""
    if path is None:
        raise AudioError("choose a song first, record one, or try the example")
    song = audio.read(path, longest=LONGEST_SONG_S)
    if np.abs(song.samples).max() < QUIETEST_PEAK:
        raise AudioError(f"{Path(path).name} is silent; there is nothing to separate")
    return song


def _again(separated: Separated | None, alpha: float, soft: bool, rule: Rule, suffix: str) -> Any:
    """Cut the same song at another alpha, from the stored probabilities."""
    if separated is None:
        return gr.skip()
    try:
        return _stems(audio.read(separated.path), separated, alpha, soft, rule, suffix)
    except ValueError as error:
        raise gr.Error(str(error), print_exception=False) from error


def _stems(song: Audio, separated: Separated, alpha: float, soft: bool, rule: Rule, suffix: str) -> list[Any]:
    """Split, write song and stems at one gain, and return the values of `_result`."""
    stems = split(song, separated.probabilities, alpha, rule=rule, softness=1.0 if soft else 0.0)
    gain = common_gain(song, *stems)
    folder = _folder()
    paths = [folder / f"{separated.name}-{stem}.{suffix.lower()}" for stem in STEMS]
    for path, sound in zip(paths, (song, *stems), strict=True):
        audio.write(path, Audio(sound.samples * np.float32(gain), sound.sample_rate))
    energies = [float(np.square(stem.samples, dtype=np.float64).sum()) for stem in stems]
    view = _view(separated, paths) | {"alpha": alpha, "soft": soft, "rule": rule}
    downloads = [gr.DownloadButton(value=str(path), interactive=True) for path in paths[1:]]
    return [_description(separated, energies, gain), view, *downloads]


def _folder() -> Path:
    """Make a fresh folder in Gradio's cache, which serves it and clears it."""
    cache = os.environ["GRADIO_TEMP_DIR"]
    os.makedirs(cache, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="stems-", dir=cache))


def _view(separated: Separated, paths: list[Path]) -> dict[str, Any]:
    """Pack what the view plays and draws."""
    picture = separated.picture
    planes = {"loudness": picture.loudness, "levels": picture.levels}
    return {
        "song": separated.path,
        "sounds": [f"gradio_api/file={quote(str(path))}" for path in paths],
        "rowsHz": picture.rows_hz,
        "columns": picture.levels.shape[1],
        "seconds": picture.seconds,
        **{name: base64.b64encode(plane.tobytes()).decode() for name, plane in planes.items()},
    }


def _description(separated: Separated, energies: list[float], gain: float) -> str:
    """Say how much energy goes where, and whether anything was turned down."""
    total = sum(energies) or 1.0
    vocals, accompaniment = (energy / total for energy in energies)
    note = f" All sounds are turned down to {gain:.0%}, or a stem would clip." if gain < 1.0 else ""
    return (
        f"### {separated.name}\n**{vocals:.0%}** of the energy goes to the vocals, **{accompaniment:.0%}** to the "
        f"accompaniment.{note}"
    )
