"""The curves of the Separate tab: SDR, SIR and SAR over alpha where the stems are known, one model beside another.

Measured is one excerpt, as if it were a song of its own, with the rule and the softness that the visitor has chosen.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import gradio as gr
import numpy as np

from audio import Audio
from models.separation import separate
from models.separation.bss_eval import References
from models.separation.separate import Rule
from models.separation.sweep import ALPHAS, VOCALS, Curve, best_alpha, like_to_like, prepared, scored
from tabs.separate_cut import MODELS, Separated
from tabs.separate_progress import waiting
from tabs.separate_song import Stems

EXCERPT_S = 20.0
BLOCK_S = 0.1  # the excerpt begins at a multiple of this
ALONE = "none"
RIVAL = "nmf"  # of the paper
MEASURES = ("sdr", "sir", "sar")


def strongest(stems: Stems, seconds: float = EXCERPT_S) -> Stems:
    """Cut the part in which the vocals have the most energy; a shorter song comes back whole."""
    vocals = stems[0]
    block = round(BLOCK_S * vocals.sample_rate)
    power = np.einsum("cs,cs->s", vocals.samples, vocals.samples)
    energies = np.add.reduceat(power, np.arange(0, len(power), block), dtype=np.float64)
    length = min(round(seconds / BLOCK_S), len(energies))
    start = int(np.convolve(energies, np.ones(length), "valid").argmax()) * block
    part = slice(start, start + length * block)
    vocals, accompaniment = (Audio(stem.samples[:, part].copy(), stem.sample_rate) for stem in stems)
    return vocals, accompaniment


def build() -> tuple[gr.HTML, gr.Dropdown]:
    """Create the curves and the choice of a baseline; the stylesheet hides both until there is something to show."""
    with gr.Column(elem_classes="separate-panel"):
        curves = gr.HTML(
            html_template='<div class="separate-curves"></div>',
            apply_default_css=False,
            js_on_load=(
                "import(new URL('room/separate_curves.js', document.baseURI))"
                ".then((m) => m.mount(element, props, watch));"
            ),
            elem_id="separate-curves",
        )
        baseline = gr.Dropdown(
            [*((MODELS[name][0], name) for name in separate.MODELS), ("nothing", ALONE)],
            value=RIVAL,
            label="Compare with",
            filterable=False,
            elem_id="separate-baseline",
        )
    return curves, baseline


def measure(separated: Separated | None, baseline: str, softness: float, rule: Rule) -> Iterator[Any]:
    """Sweep alpha for the model of the song and for the baseline; yield after each alpha, where Gradio can cancel.

    Yields:
        Values of the Cancel button, the status and the curves.
    """
    if separated is None or separated.excerpt_rate is None:
        yield [gr.skip(), gr.skip(), None]
        return
    began, drawn = time.monotonic(), []
    names = [name for name in dict.fromkeys((separated.model, baseline)) if name != ALONE]
    idle = [gr.Button(interactive=False), "", gr.skip()]
    try:
        truth = separated.truth()
        references = prepared(truth)
        for position, name in enumerate(names):
            doing = f"Measuring {MODELS[name][0]}"
            yield [gr.Button(interactive=True), waiting(doing, position / len(names), began), gr.skip()]
            for measured in _swept(truth, references, name, softness, rule):
                drawn[position:] = [(name, measured)]
                done = (position + len(measured.alphas) / len(ALPHAS)) / len(names)
                yield [gr.skip(), waiting(doing, done, began), _view(truth, drawn, softness, rule)]
        yield idle
    except ValueError as error:
        yield idle
        raise gr.Error(f"There are no curves of this song: {error}", print_exception=False) from error


def wiped(said: str | None) -> str:
    """Return what the status says unless that is the progress of `measure`."""
    return "" if said is None or "Measuring" in said else said


def _swept(truth: Stems, references: References, model: str, softness: float, rule: Rule) -> Iterator[Curve]:
    """Yield the curve of one model as it grows, from one alpha to all of them."""
    vocals, accompaniment = truth
    song = Audio(vocals.samples + accompaniment.samples, vocals.sample_rate)
    probabilities = separate.predict(song, model)
    pairs = []
    for pair in scored(truth, probabilities, rule=rule, softness=softness, references=references):
        pairs.append(pair)
        yield Curve.of(ALPHAS[: len(pairs)], pairs)


def _view(truth: Stems, drawn: list[tuple[str, Curve]], softness: float, rule: Rule) -> dict[str, Any]:
    """Pack what the page draws; the best alpha, that of the first model, once its curve is whole."""
    complete = len(drawn[0][1].alphas) == len(ALPHAS)
    return {
        "seconds": truth[0].duration,
        "softness": softness,
        "rule": rule,
        "models": [packed(MODELS[name][0], measured) for name, measured in drawn],
        "best": best_alpha(drawn[0][1]) if complete else None,
        "alike": _alike(drawn) if complete else "",
    }


def _alike(drawn: list[tuple[str, Curve]]) -> str:
    """Compare two whole curves as the paper does: the vocals' SAR where their SIR is equal."""
    if len(drawn) < 2 or len(drawn[1][1].alphas) < len(ALPHAS):
        return ""
    (first, first_curve), (second, second_curve) = drawn
    sir, more = like_to_like(first_curve, second_curve, VOCALS)
    if not len(sir):
        return f"The vocals of {MODELS[first][0]} and {MODELS[second][0]} have no SIR in common."
    gain = float(np.median(more))
    return (
        f"At equal SIR the vocals of {MODELS[first][0]} have {abs(gain):.1f} dB {'more' if gain >= 0 else 'less'} SAR "
        f"than those of {MODELS[second][0]} (median from {sir[0]:.0f} to {sir[-1]:.0f} dB of SIR)."
    )


def packed(title: str, measured: Curve) -> dict[str, Any]:
    """Pack a curve for the page: lists per stem; None where a stem is silent."""
    stems = [{name: _numbers(getattr(measured, name)[stem]) for name in MEASURES} for stem in (0, 1)]
    return {"title": title, "alphas": measured.alphas.tolist(), "stems": stems}


def _numbers(values: Any) -> list[float | None]:
    """Replace NaN, which JSON does not know."""
    return [round(float(value), 2) if np.isfinite(value) else None for value in values]
