"""What we claim and how to check it: the claims, and where the committed measurements bear each of them out."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
COMPOSITION, SEPARATION, BENCHMARKS = "training/composition", "training/separation", "benchmarks/results"


@dataclass(frozen=True)
class Claim:
    """One line of the table.

    Attributes:
        text: what is claimed.
        figure: reads the figure out of the measurements.
        command: what measures it anew.
        evidence: file of the measurements, below the root.
    """

    text: str
    figure: Callable[[Any], str]
    command: str
    evidence: str


def _kept(report: Any) -> str:
    models = report["charts"]["basic"]["models"]
    found = ("lstm-chords", "rnn-chords", "feedforward-chords")
    return ", ".join(f"{models[name]['perfect_seeds']} of {models[name]['seeds']}" for name in found)


def _bits(report: Any) -> str:
    drawn = [_median(report, name, "weimar_bits") for name in ("chain", "independent")]
    return ", ".join(f"{bits:.2f}" for bits in (*drawn, report["third_order_table"]["weimar_bits"]))


def _impossible(report: Any) -> str:
    return ", ".join(f"{_median(report, name, 'impossible_events'):.1%}" for name in ("chain", "independent"))


def _median(report: Any, heads: str, figure: str) -> float:
    return statistics.median(run[figure] for run in report["runs"][heads])


def _recovery(report: Any) -> str:
    rates = report["perturbation"].items()
    return "; ".join(f"{style} {each['undisturbed']:.1%}, {each['after_wrong_call']:.1%}" for style, each in rates)


def _inside(report: Any) -> str:
    styles = report["styles"].items()
    return "; ".join(f"{name} {each['measures_inside']} of {len(each['measures'])}" for name, each in styles)


def _copied(report: Any) -> str:
    runs = {
        style: [each[part]["longest_run"]["median"] for part in ("limited", "corpus")]
        for style, each in report["styles"].items()
    }
    return "; ".join(f"{style} {ours:.0f}, {corpus:.0f}" for style, (ours, corpus) in runs.items())


def _played(result: Any) -> str:
    wall = result["wall"]
    return f"{wall['event_ms_p95']:.1f} ms, {wall['chorus_s_median']:.2f} s"


def _equal_sir(report: Any) -> str:
    found = report["groups"]["clips"]["like_to_like"]["nmf"]["vocals"]
    return f"{found['mean_db']:+.1f} dB ({found['low_db']:+.1f} to {found['high_db']:+.1f})"


def _heard(results: Any) -> str:
    found = []
    for group in ("songs", "clips", "solos"):
        ours = [row for row in results if row["group"] == group and row["model"] == "band-split"]
        medians = [statistics.median(row[stem] for row in ours) for stem in ("vocals", "accompaniment")]
        found.append(f"{group} {medians[0]:.1f}, {medians[1]:.1f} dB")
    return "; ".join(found)


def _kills(result: Any) -> str:
    lost = {name: len(result[name]["lost"]) for name in ("sqlite", "postgresql")}
    return "; ".join(f"{name} {count} of {result['kills']}" for name, count in lost.items())


def _mir1k(report: Any) -> str:
    return f"{report['untouched']['GNSDR']:.2f} dB, {report['voice']['GNSDR']:.2f} dB"


def _traded(result: Any) -> str:
    key, onset = (result[name] for name in ("key_to_sound_ms", "onset_error_ms"))
    return (
        f"{result['answered_in_time']} of {result['exchanges']}; {key['median']:.1f}, {key['p99']:.1f}, "
        f"{key['most']:.0f} ms; {onset['median']:.1f}, {onset['p99']:.1f}, {onset['most']:.1f} ms"
    )


def _separated(result: Any) -> str:
    lengths = (result[f"{minutes} minutes"] for minutes in (3, 60))
    return "; ".join(f"{found['seconds']:.1f} s, {found['peak_mb']} MB" for found in lengths)


def _loaded(result: Any) -> str:
    jobs = sum(result["calls"].values())
    return f"{result['errors']} in {result['ratings']} ratings and {jobs} jobs; {result['submit_p95_ms']:.0f} ms"


def _soaked(result: Any) -> str:
    first, most, last = result["resident_mb"]
    calls = result["ratings"] + sum(result["calls"].values())
    return (
        f"{result['errors']} in {calls}; {first}, {most}, {last} MB, "
        f"{result['growth_mb_in_10_minutes']:+.0f} MB in ten minutes after the first third"
    )


def _drag(result: Any) -> str:
    return f"{result['set in']['median_ms']:.0f} ms, {result['set in']['p95_ms']:.0f} ms"


def _answers(result: Any) -> str:
    return f"{result['acknowledged']} of {result['submitted']}, {result['p95_ms']:.0f} ms"


JOINT = "make joint-report DATA=SOLOS"
JUDGE = "python -m training.composition.judge"
CLAIMS = (
    Claim(
        "Seeds of LSTM, RNN and feed-forward network that keep the basic form for ever",
        _kept,
        "make composition-report",
        f"{COMPOSITION}/report.json",
    ),
    Claim(
        "Bits per note of solos by performers never heard: chain rule, independent heads, third-order table",
        _bits,
        JOINT,
        f"{COMPOSITION}/ablation.json",
    ),
    Claim(
        "Impossible events drawn by the chain rule and by independent heads",
        _impossible,
        JOINT,
        f"{COMPOSITION}/ablation.json",
    ),
    Claim(
        "Chord tones in the four bars after a call as it was, and after a wrong one",
        _recovery,
        JOINT,
        f"{COMPOSITION}/joint_report.json",
    ),
    Claim(
        "Measures of a hundred choruses with their median inside the band of human solos",
        _inside,
        JUDGE,
        f"{COMPOSITION}/judge.json",
    ),
    Claim(
        "Notes of the longest run that a chorus copies, and that the corpus copies from itself, medians",
        _copied,
        JUDGE,
        f"{COMPOSITION}/judge.json",
    ),
    Claim(
        "Time of a note of the joint model, 95 %; of a chorus with its band, composed and rendered",
        _played,
        "python -m benchmarks.improvisation",
        f"{BENCHMARKS}/improvisation.json",
    ),
    Claim(
        "Vocals' SAR of the network of 2015 above NMF's at equal SIR, singers never heard",
        _equal_sir,
        "make separation-report DATA=SONGS CLIPS=MIR1K",
        f"{SEPARATION}/report.json",
    ),
    Claim(
        "Median SDR of vocals and accompaniment at the defaults, recordings never heard: songs, clips of MIR-1K, solos",
        _heard,
        "make heard-report DATA=SONGS CLIPS=MIR1K VOICES=SOLOS BACKINGS=FILES",
        f"{SEPARATION}/heard.json",
    ),
    Claim(
        "Alpha dragged to changed sound in Chromium: median, 95 %",
        _drag,
        "python -m benchmarks.alpha_drag",
        f"{BENCHMARKS}/alpha_drag.json",
    ),
    Claim(
        "Answers of 50 listeners at once that are stored; 95 % are acknowledged within",
        _answers,
        "python -m benchmarks.listening_load",
        f"{BENCHMARKS}/listening_load.json",
    ),
    Claim(
        "Kills, over every way to write, that lost an acknowledged write",
        _kills,
        "make kills",
        f"{BENCHMARKS}/kills.json",
    ),
    Claim(
        "GNSDR on MIR-1K's other singers: band-split as shipped, and one trained on the two training singers",
        _mir1k,
        "make mir1k-report DATA=MIR1K",
        f"{SEPARATION}/mir1k.json",
    ),
    Claim(
        "A stereo song of 3 and of 60 minutes separated by the command, file to files: time and peak memory",
        _separated,
        "python -m benchmarks.separation",
        f"{BENCHMARKS}/separation.json",
    ),
    Claim(
        "Trading fours, two visitors, 200 bpm: answers in time; key to sound and error of onsets (median, 99 %, most)",
        _traded,
        "python -m benchmarks.live",
        f"{BENCHMARKS}/live.json",
    ),
    Claim(
        "50 visitors of all tabs, two separations running: errors; 95 % of the ratings are acknowledged within",
        _loaded,
        "make load",
        f"{BENCHMARKS}/load.json",
    ),
    Claim(
        "Ten minutes of visitors without a pause: errors; memory at first, at most and at last, and its growth",
        _soaked,
        "make soak",
        f"{BENCHMARKS}/soak.json",
    ),
)


def table(root: Path = ROOT) -> str:
    """Write one row per claim, its figure from the file below the root."""
    rows = [
        f"| {claim.text} | {claim.figure(json.loads((root / claim.evidence).read_text()))} | `{claim.command}` "
        f"| [{Path(claim.evidence).name}]({claim.evidence}) |"
        for claim in CLAIMS
    ]
    return "\n".join(["| claim | measured | command | in |", "|---|---|---|---|", *rows])
