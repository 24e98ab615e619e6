"""The curves of the Separate tab: what is measured, how it is drawn, and how a visitor uses it."""

import re
from collections.abc import Callable
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from playwright.sync_api import Page, expect

import audio
from audio import Audio
from models.separation.engines import INSTALLED
from models.separation.separate import MODELS, Probabilities, predict
from models.separation.spectrogram import BINS
from models.separation.sweep import ALPHAS, Curve, best_alpha, sweep
from tabs.separate_curves import ALONE, measure, packed, strongest
from tabs.separate_cut import Separated
from tabs.separate_song import Song, Stems

RATE = 22_050
CHARTS = "import(new URL('room/separate_chart.js', document.baseURI))"


def stems(seconds: float) -> tuple[Audio, Audio]:
    """A voice-like tone with vibrato that comes and goes, and a chord that is struck every half second."""
    time = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (220 * time + 1.5 * np.sin(2 * np.pi * 5.5 * time))
    voice = sum(np.sin(k * phase) / k for k in range(1, 9)) * (np.sin(2 * np.pi * 0.7 * time) > -0.5)
    chord = sum(np.sin(2 * np.pi * hertz * time) for hertz in (131.0, 165.0, 196.0, 524.0)) * np.exp(-4 * (time % 0.5))
    return tuple(Audio(np.tile((0.2 * wave).astype(np.float32), (2, 1)), RATE) for wave in (voice, chord))


def test_the_excerpt_is_where_the_vocals_have_most_energy():
    quiet = 0.01 * np.random.default_rng(0).standard_normal((2, 30 * RATE)).astype(np.float32)
    vocals = quiet.copy()
    vocals[:, 12 * RATE : 17 * RATE] *= 30
    place = np.broadcast_to(np.arange(30 * RATE, dtype=np.float32), quiet.shape).copy()  # says where a sample was
    excerpt, marked = strongest((Audio(vocals, RATE), Audio(place, RATE)), seconds=5.0)
    assert excerpt.samples.shape == (2, 5 * RATE)
    assert marked.samples[0, 0] == 12 * RATE
    np.testing.assert_array_equal(excerpt.samples, vocals[:, 12 * RATE : 17 * RATE])


def test_a_short_song_is_measured_whole():
    truth = stems(2.345)
    assert [stem.samples.shape for stem in strongest(truth)] == [stem.samples.shape for stem in truth]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Stems | None], Separated]:
    """What a session keeps of a song that "deep-karaoke" separated."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    song = Song(Audio(np.zeros((2, RATE), np.float32), RATE), tmp_path / "tune.wav", "tune", "tune.wav")
    probabilities = Probabilities(np.zeros((BINS, 1), np.uint8), "deep-karaoke")
    return lambda truth: Separated.keep(song, probabilities, truth)


def test_curves_grow_alpha_by_alpha_and_end_as_the_sweep_of_both_models(kept):
    truth = stems(2.0)
    separated = kept(truth)
    yielded = [view for *_, view in measure(separated, "hpss", 1.0, "paper") if "models" in view]
    lengths = [[len(model["alphas"]) for model in view["models"]] for view in yielded]
    n = len(ALPHAS)
    assert lengths == [[i] for i in range(1, n + 1)] + [[n, i] for i in range(1, n + 1)]
    song = Audio(truth[0].samples + truth[1].samples, RATE)
    curves = [sweep(truth, predict(song, name), rule="paper", softness=1.0) for name in ("deep-karaoke", "hpss")]
    last = yielded[-1]
    titles = ("Deep Karaoke", "HPSS")
    assert last["models"] == [packed(title, curve) for title, curve in zip(titles, curves, strict=True)]
    assert last["best"] == best_alpha(curves[0])
    assert (yielded[n - 2]["best"], last["softness"], last["rule"]) == (None, 1.0, "paper")


def test_without_stems_nothing_is_measured_and_old_curves_go(kept):
    for separated in (None, kept(None)):
        assert [view for *_, view in measure(separated, ALONE, 0.0, "paper")] == [None]


def test_an_excerpt_without_accompaniment_has_no_curves_and_says_so(kept):
    vocals, accompaniment = stems(2.0)
    truth = vocals, Audio(0 * accompaniment.samples, RATE)
    with pytest.raises(gr.Error, match="There are no curves of this song: reference 1 is silent"):
        list(measure(kept(truth), ALONE, 0.0, "paper"))


def test_a_silent_stem_is_packed_as_none():
    row = np.array([[1.0, np.nan], [2.0, 3.0]])
    assert packed("x", Curve(np.array([0.0, 1.0]), row, row, row))["stems"][0]["sdr"] == [1.0, None]


def test_scores_between_alphas_are_interpolated_and_never_towards_what_has_no_limit(page: Page) -> None:
    measured = [[0, 0.5, 1], [200, 10, None]], [[0, 0.1, 0.2], [4, 6, 10]]
    asked = [(0, 0), (0, 0.25), (0, 0.5), (0, 0.75), (0, 1), (1, 0.05), (1, 0.1), (1, 0.175), (1, 0.3)]
    found = page.evaluate(
        f"async ([curves, asked]) => {{ const {{ scoreAt }} = await {CHARTS};"
        " return asked.map(([curve, alpha]) => scoreAt(...curves[curve], alpha)); }",
        [measured, asked],
    )
    assert found == [200, None, 10, None, None, 5, 6, pytest.approx(9), None]


def separate_stems(page: Page, folder: Path, truth: tuple[Audio, Audio]) -> None:
    page.get_by_role("tab", name="Separate").click()
    page.get_by_label("Its stems: vocals and accompaniment").click()
    for name, stem in zip(("vocals", "accompaniment"), truth, strict=True):
        audio.write(folder / f"tune-{name}.wav", stem)
        page.locator(f"#separate-{name} input[type=file]").set_input_files(folder / f"tune-{name}.wav")
        page.locator(f"#separate-{name}").get_by_label("Clear").wait_for()
    page.get_by_role("button", name="Separate", exact=True).click()


def test_a_visitor_reads_the_curves_and_takes_the_best_alpha(page: Page, tmp_path: Path) -> None:
    assert not page.locator(".separate-panel").is_visible()
    separate_stems(page, tmp_path, stems(3.0))
    alike = page.locator(".separate-alike")
    expect(alike).to_contain_text(re.compile("SIR"), timeout=60_000)  # both models are measured
    expect(page.locator(".separate-charts svg")).to_have_count(2)
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()

    table, slider = page.locator(".separate-scores table"), page.locator("#separate-alpha input[type=range]")
    start = float(slider.input_value())
    expect(table).to_contain_text(f"dB at alpha {start:.2f}")
    there = 0.8 if start < 0.7 else 0.3
    expect(table.locator("tbody tr")).to_have_count(4)
    cursor = page.locator(".separate-charts .separate-cursor").first
    before, scores = float(cursor.get_attribute("x1")), table.inner_text()
    slider.evaluate(
        "(range, alpha) => { range.value = alpha; range.dispatchEvent(new Event('input', { bubbles: true })); }", there
    )
    expect(table).to_contain_text(f"dB at alpha {there:.2f}")  # while the pointer is still down
    assert (float(cursor.get_attribute("x1")) > before) == (there > start)
    assert table.inner_text() != scores

    mark = page.locator("#separate-alpha .separate-best-mark")
    best = float(re.search(r"best (\d\.\d+)", mark.inner_text())[1])
    place, track = mark.bounding_box(), slider.bounding_box()
    at = (place["x"] + place["width"] / 2 - track["x"]) / track["width"]
    assert at == pytest.approx(best, abs=0.04)
    page.get_by_role("button", name=f"Use alpha {best:.2f}").click()
    expect(table).to_contain_text(f"dB at alpha {best:.2f}")
    expect(slider).to_have_value(re.compile(rf"^{best:g}$"))

    page.get_by_label("Compare with").click()
    page.get_by_role("option", name="nothing").click()
    expect(table.locator("tbody tr")).to_have_count(2, timeout=60_000)
    expect(page.locator("#separate-status")).to_have_text("", timeout=60_000)

    page.get_by_label("A song").click()
    page.locator("#separate-song input[type=file]").set_input_files(tmp_path / "tune-vocals.wav")
    page.locator("#separate-song").get_by_label("Clear").wait_for()
    page.get_by_role("button", name="Separate", exact=True).click()
    expect(page.locator("#separate-text")).to_contain_text("tune-vocals", timeout=60_000)
    expect(page.locator(".separate-panel")).to_be_hidden(timeout=30_000)
    expect(mark).to_be_hidden()


def test_another_model_separates(page: Page, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Separate").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_label("Separated by").click()
    expect(page.get_by_role("option")).to_have_count(len(MODELS))
    expect(page.get_by_text("pip install demucs")).to_have_count(0 if INSTALLED else 1)
    page.get_by_role("option", name="HPSS").click()
    audio.write(tmp_path / "tune.wav", stems(2.0)[0])
    page.locator("#separate-song input[type=file]").set_input_files(tmp_path / "tune.wav")
    page.locator("#separate-song").get_by_label("Clear").wait_for()
    page.get_by_role("button", name="Separate", exact=True).click()
    expect(page.locator("#separate-text")).to_contain_text("HPSS", timeout=60_000)
