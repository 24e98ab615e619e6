"""Evaluation and report: what is cut out of songs, bad input through the command, statistics in closed form."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import audio
from audio import Audio
from models import checkpoint
from models.separation.sweep import Curve
from training import pages
from training.separation import measure, tables
from training.separation.evaluate import Plan, evaluate
from training.separation.excerpts import balanced, read_clip, read_song, strongest
from training.separation.summary import FEWEST_SONGS, comparison, group, interval, spread, summary

ROOT = Path(__file__).parent.parent
RATE = 16_000
REPORT = ROOT / "training" / "separation" / "report.json"


def noise(seconds: float = 3.0, seed: int = 0, channels: int = 1, rate: int = RATE) -> Audio:
    rng = np.random.default_rng(seed)
    return Audio((0.1 * rng.standard_normal((channels, round(seconds * rate)))).astype(np.float32), rate)


def write_song(folder: Path, vocals: Audio, accompaniment: Audio) -> Path:
    folder.mkdir(parents=True)
    audio.write(folder / "vocals.wav", vocals)
    audio.write(folder / "accompaniment.wav", accompaniment)
    return folder


def run(module: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"training.separation.{module}", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


def test_excerpts_are_the_strongest_vocals_apart_from_each_other_at_the_balance_asked_for(tmp_path: Path) -> None:
    vocals, accompaniment = noise(10.0), noise(10.0, seed=1)
    gains = np.full(10, 0.1, np.float32)
    gains[[2, 3, 7]] = 0.5, 0.6, 1.0
    vocals.samples[:] *= np.repeat(gains, RATE)
    song = write_song(tmp_path / "songs" / "one", vocals, accompaniment)
    found = read_song(song, count=3, seconds=1.0)
    assert [(e.group, e.song, e.name) for e in found] == [
        ("songs", "one", name) for name in ("at 2.0 s", "at 3.0 s", "at 7.0 s")
    ]
    stems = [balanced(excerpt, -3.0).truth for excerpt in found]
    levels = [[float(np.sqrt((stem.samples**2).mean())) for stem in pair] for pair in stems]
    assert [20 * np.log10(v / a) for v, a in levels] == pytest.approx([-3.0] * 3, abs=1e-3)
    assert all(pair[0].duration == pytest.approx(1.0) for pair in stems)


def test_silence_of_either_stem_is_never_an_excerpt() -> None:
    vocals, accompaniment = noise(6.0), noise(6.0, seed=1)
    vocals.samples[:, : 2 * RATE] = 0.0
    accompaniment.samples[:, 4 * RATE :] = 0.0
    assert strongest(vocals, accompaniment, count=9, seconds=1.0) == [2 * RATE, 38 * RATE // 10]


def test_a_clip_has_the_accompaniment_on_the_left(tmp_path: Path) -> None:
    both = np.concatenate([noise(1.0).samples, 0.5 * noise(1.0, seed=1).samples])
    audio.write(tmp_path / "amy_3_07.wav", Audio(both, RATE))
    (excerpt,) = read_clip(tmp_path / "amy_3_07.wav")
    assert (excerpt.song, excerpt.name) == ("amy", "amy_3_07")
    assert np.abs(excerpt.truth[0].samples - both[1]).max() < 1e-4


def test_the_command_names_each_bad_song_in_one_line_and_scores_the_rest(tmp_path: Path) -> None:
    songs, out = tmp_path / "songs", tmp_path / "scores.json"
    write_song(songs / "good", noise(), noise(seed=1))
    write_song(songs / "length", noise(2.0), noise(seed=1))
    write_song(songs / "rate", noise(rate=8_000), noise(seed=1))
    write_song(songs / "mono", noise(), noise(seed=1, channels=2))
    write_song(songs / "silent", Audio(0 * noise().samples, RATE), noise(seed=1))
    write_song(songs / "brief", noise(0.02), noise(0.02, seed=1))
    (songs / "alone").mkdir()
    audio.write(songs / "alone" / "guitar.wav", noise())
    (songs / "text").mkdir()
    (songs / "text" / "vocals.wav").write_text("no sound")
    (songs / "text" / "accompaniment.wav").write_text("no sound")
    done = run("evaluate", "--data", songs, "--models", "mixture,ibm", "--seconds", "2", "--json", out)
    assert done.returncode == 2
    lines = dict(line.split(": ", 1) for line in done.stderr.splitlines())
    assert set(lines) == {"length", "rate", "mono", "silent", "brief", "alone", "text"}
    assert "accompaniment.wav lasts 3.00 s, vocals.wav 2.00 s; export all stems from the same" in lines["length"]
    assert "accompaniment.wav has 16000 Hz, vocals.wav 8000 Hz; use one rate" in lines["rate"]
    assert "a mono stem beside a stereo one counts for both sides" in lines["mono"]
    assert "the vocals are silent throughout" in lines["silent"]
    assert "too short" in lines["brief"]
    assert "needs vocals and accompaniment" in lines["alone"]
    assert "cannot be read as audio" in lines["text"]
    assert {row["song"] for row in json.loads(out.read_text())["rows"]} == {"good", "mono"}


def test_the_command_scores_models_ceilings_and_clips_and_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    song = write_song(tmp_path / "songs" / "one", noise(), noise(seed=1))
    clips = tmp_path / "clips"
    clips.mkdir()
    audio.write(clips / "amy_1_01.wav", Audio(np.concatenate([noise(1.0).samples, noise(1.0, 2).samples]), RATE))
    files = [tmp_path / "scores.json", tmp_path / "scores.csv", tmp_path / "runs"]
    given = ("--seconds", "1", "--data", song, "--clips", clips, "--json", files[0], "--csv", files[1])
    done = run("evaluate", "--models", "hpss,mixture,ibm", *given, "--runs", files[2])
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(files[0].read_text())
    rows = {(row["group"], row["model"], row["alpha"]): row for row in report["rows"]}
    assert len([key for key in rows if key[1] == "hpss"]) == 2 * len(measure.ALPHAS)
    for name in ("songs", "clips"):
        assert rows[name, "ibm", None]["vocals_sdr"] > rows[name, "mixture", None]["vocals_sdr"] + 3
        assert rows[name, "hpss", 1.0]["vocals_sdr"] is None
        assert report["summary"][name]["models"]["hpss"]["silent"]["vocals"][-1] == 1
        assert report["summary"][name]["judged"]["largest_difference_db"] < 1e-3
    with files[1].open() as file:
        assert len(list(csv.DictReader(file))) == len(report["rows"])
    for kept in files[2].glob("mixture-*.json"):
        kept.write_text(json.dumps(json.loads(kept.read_text()) | {"sdr": [[77.0], [0.0]]}))
    assert run("evaluate", "--models", "mixture", *given, "--runs", files[2]).returncode == 0
    assert [row["vocals_sdr"] for row in json.loads(files[0].read_text())["rows"]] == [77.0, 77.0]


@pytest.mark.parametrize(
    ("folder", "changes", "message"),
    [
        ("data", {"models": ("hpss", "nope")}, "there is no model nope; choose from"),
        ("data", {}, "no sound file below"),
        ("clips", {}, "no sound file in"),
        (None, {}, "give --data or --clips"),
        ("data", {"excerpts": 0}, "at least 1 excerpt"),
    ],
)
def test_plans_that_cannot_be_done_are_refused_in_words(
    folder: str | None, changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    plan = {"data": (), "clips": (), "models": ("mixture",), "excerpts": 1, "seconds": 1.0}
    with pytest.raises(ValueError, match=message):
        evaluate(
            Plan(**{**plan, "balance_db": None, "runs": None, **({folder: (tmp_path,)} if folder else {}), **changes})
        )


def result(
    song: str, sar: float, model: str = "deep-karaoke", excerpt: str = "a", held_out: bool = True
) -> measure.Result:
    """A straight curve: SAR = sar - SIR for both stems, SDR best at alpha 0.5."""
    alphas = np.array([0.1, 0.3, 0.5, 0.7, 0.9])
    sir = np.tile(np.linspace(0.0, 10.0, 5), (2, 1))
    sdr = np.tile(5 - (alphas - 0.5) ** 2, (2, 1))
    return measure.Result("songs", song, excerpt, model, held_out, Curve(alphas, sdr, sir, sar - sir), 0.0)


def test_like_to_like_averages_the_known_advantage_of_each_song() -> None:
    gains = [2.0, 3.0, 4.0, 1.0, 5.0, 3.0]
    first = [result(f"song {i}", 20.0 + gain) for i, gain in enumerate(gains)]
    second = [result(f"song {i}", 20.0, "nmf") for i in range(6)]
    found = comparison(first, second, 0, "song")
    assert (found["mean_db"], found["median_db"], found["better_in"], found["units"]) == (3.0, 3.0, 6, 6)
    assert found["wilcoxon_p"] == pytest.approx(2 * 0.5**6, abs=1e-3)  # all six signs alike
    assert 1.0 < found["low_db"] < 3.0 < found["high_db"] < 5.0
    assert set(found["curve"]["difference_db"]) == {3.0}


def test_excerpts_of_one_song_count_as_one_where_there_are_songs_enough() -> None:
    many = [result(f"song {i}", 20.0, excerpt=f"{j}") for i in range(FEWEST_SONGS) for j in range(3)]
    assert group(many)["units"] == {"by": "song", "n": FEWEST_SONGS}
    assert group(many[:6])["units"] == {"by": "excerpt", "n": 6}


def test_the_interval_of_clusters_is_that_of_their_means() -> None:
    rng = np.random.default_rng(1)
    songs = rng.normal(0.0, 1.0, 40)
    repeated, clusters = np.repeat(songs, 5)[:, None], np.repeat(np.arange(40), 5)
    low, high = interval(repeated, clusters)
    expected = 1.96 * songs.std() / np.sqrt(40)
    assert (high - low)[0] / 2 == pytest.approx(expected, rel=0.1)
    narrow = np.diff(interval(repeated, np.arange(200)), axis=0)[0, 0] / 2
    assert narrow == pytest.approx(expected / np.sqrt(5), rel=0.15)


def test_a_curve_ends_where_more_than_a_tenth_of_the_excerpts_are_silent() -> None:
    values = np.ones((20, 3))
    values[:2, 1] = np.nan
    values[:3, 2] = np.nan
    assert spread(values, np.arange(20))["mean"] == [1.0, 1.0, None]


def test_songs_that_a_model_learned_from_are_summed_up_apart() -> None:
    found = summary([result("seen", 20.0, held_out=False), result("unseen", 20.0)])
    songs = [(name, list(figures["songs"])) for name, figures in found.items()]
    assert songs == [("songs", ["unseen"]), ("songs (trained on)", ["seen"])]


def test_the_card_of_a_model_says_what_it_learned_from() -> None:
    learned = measure.learned_from("deep-karaoke")
    assert learned >= set(checkpoint.shipped("deep-karaoke").provenance["training"]["songs"])
    assert not learned & set(checkpoint.shipped("deep-karaoke").provenance["test"])
    assert measure.learned_from("hpss") == frozenset()


def test_the_results_show_the_committed_report() -> None:
    text = pages.RESULTS.read_text()
    report = json.loads(REPORT.read_text())
    assert pages.written(text, "separation-report", tables.tables_in_brief(report)) == text
    assert (REPORT.parent / "report.md").read_text() == tables.markdown(report)
    for paths in report["figures"].values():
        assert all((REPORT.parent / path).exists() for path in paths.values())


def test_the_committed_report_keeps_its_promises() -> None:
    groups = json.loads(REPORT.read_text())["groups"]
    assert groups["songs"]["excerpts"] >= 12 and len(groups["clips"]["songs"]) >= 15
    for figures in (groups["songs"], groups["clips"]):
        assert set(figures["models"]) == set(tables.ORDER)
        assert figures["judged"]["largest_difference_db"] < 1e-3
        assert figures["like_to_like"]["nmf"]["vocals"]["excerpts"] > figures["excerpts"] / 2


@pytest.mark.parametrize("name", ["songs", "clips"])
def test_as_alpha_rises_sir_rises_and_sar_falls_and_sdr_is_best_near_one_half(name: str) -> None:
    model = json.loads(REPORT.read_text())["groups"][name]["models"]["deep-karaoke"]
    alphas = np.array(model["alphas"])
    sir, sar = (np.array(model["vocals"][score]["mean"], dtype=float) for score in ("sir", "sar"))
    assert (np.diff(sir[(alphas > 0) & (alphas < 0.95)]) > 0).all()
    assert (
        np.diff(sar[(alphas > 0.35) & (alphas < 0.95)]) < 0
    ).all()  # below, the SAR of songs is flat, see the report
    assert model["best_alpha"]["of_mean"] == pytest.approx(0.5, abs=0.1)
