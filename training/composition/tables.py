"""The report as Markdown tables for people to read."""

from __future__ import annotations

from typing import Any

Model = dict[str, Any]

INTRODUCTION = """A seed is one training run, which keeps the best of several initialisations that learn side by side:
8 for the chords, 3 for the melody. Medians over seeds, in brackets the extremes, which of five seeds enclose the true
median with 94 % confidence. *Perfect*: in so many of the seeds every bar of 100 free-running choruses has the right
chords. *Loss*: bits per song over the exact floor, on songs that training never drew; as independent units (the paper's
loss; floor {independent:.0f} bits, twice the true entropy: the price of the independence assumption) and of the melody
as it is drawn (floor {categorical:.0f} bits). *Other bars* are neither of the two segments of their place. *Copies* are
choruses of the training songs, {seen} of {all}: drawn at random, {share:.1%} would be. *Back*: share of the runs that
find the form again after half a bar with that many wrong chord units, wherever in it.
"""
HEAD = (
    "| model | parameters | perfect | right chords | first wrong bar | foreign chords per chorus | chord loss "
    "| loss, independent | melody loss, as drawn | other bars | copies / new / other | back after 1, 2, 4, 8 |"
)


def markdown(report: dict[str, Any]) -> str:
    """Write the whole report."""
    parts = []
    for form, chart in report["charts"].items():
        songs, floors = chart["songs"], chart["floors"]
        seen = songs["all"] - songs["unseen"]
        if not parts:
            parts.append(
                INTRODUCTION.format(
                    independent=floors["independent_bits"],
                    categorical=floors["categorical_bits"],
                    seen=seen,
                    all=songs["all"],
                    share=seen / songs["all"],
                )
            )
        rows = [row(name, model) for name, model in chart["models"].items()]
        parts.append("\n".join([f"### Form: {form}", "", HEAD, "|" + "---|" * (HEAD.count("|") - 1), *rows, ""]))
        swept = {name: model for name, model in chart["models"].items() if "foreign_chords_by_threshold" in model}
        if swept:
            parts.append(by_threshold(swept))
        if chart["paper_recipe"]:
            parts.append(paper_recipe(chart["paper_recipe"]))
    return "\n".join(parts)


def table_in_brief(report: dict[str, Any]) -> str:
    """Write the figures that answer who keeps the form."""
    heads = (
        "form",
        "model",
        "numbers in it",
        "form kept",
        "first wrong bar",
        "bits too many per song",
        "bars of its own",
    )
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for form, chart in report["charts"].items():
        lines += [f"| {form} | {' | '.join(_cells_in_brief(name, model))} |" for name, model in chart["models"].items()]
    return "\n".join(lines)


def _cells_in_brief(name: str, model: Model) -> list[str]:
    """Write one model's cells of the table in brief."""
    given = "perfect_seeds" not in model
    failing = model.get("first_failing_bar")
    return [
        name,
        str(model["parameters"]),
        "chart given" if given else f"{model['perfect_seeds']} of {model['seeds']} seeds",
        "-" if given else "never" if failing is None else figure(failing, "{:.0f}"),
        figure(model.get("excess_bits_per_song"), "{:.2f}"),
        f"{model['segments']['?']:.1%}" if "segments" in model else "-",
    ]


def row(name: str, model: Model) -> str:
    """Write one model's row; a dash where a figure does not apply."""
    perfect = f"{model['perfect_seeds']} of {model['seeds']}" if "perfect_seeds" in model else "given"
    failing = model.get("first_failing_bar")
    cells = [
        name,
        str(model["parameters"]),
        perfect,
        figure(model.get("chord_accuracy"), "{:.1%}"),
        "never" if "perfect_seeds" in model and failing is None else figure(failing, "{:.0f}"),
        figure(model.get("foreign_chords_per_chorus"), "{:.1f}"),
        figure(model.get("excess_chord_bits"), "{:.2f}"),
        figure(model.get("excess_bits_per_song"), "{:.2f}"),
        figure(model.get("excess_categorical_bits"), "{:.2f}"),
        f"{model['segments']['?']:.1%}" if "segments" in model else "-",
        _choruses(model),
        _recovery(model),
    ]
    return f"| {' | '.join(cells)} |"


def by_threshold(models: dict[str, Model]) -> str:
    """Write how often each threshold of the chord units yields a chord that is none of the form's."""
    thresholds = next(iter(models.values()))["foreign_chords_by_threshold"]
    lines = ["Foreign chords per chorus, by the threshold above which a chord unit sounds:", ""]
    lines += [f"| threshold | {' | '.join(thresholds)} |", "|" + "---|" * (len(thresholds) + 1)]
    for name, model in models.items():
        cells = [figure(each, "{:.1f}") for each in model["foreign_chords_by_threshold"].values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def paper_recipe(found: dict[str, Any]) -> str:
    """Tell how far the paper's own recipe came."""
    last, preset = found["progress"][-1], found["preset"]
    return (
        f"The paper's own recipe (lstm-chords, one update per step, step size {preset['step_size']:g}, momentum "
        f"{preset['momentum']:g}, one seed): after {last['updates']:,} updates the loss is "
        f"{last['nats_per_step']:.2f} nats per step, where it would be 0 if every next chord were certain.\n"
    )


def figure(spread: dict[str, float | None] | None, form: str) -> str:
    """Write a median with its extremes; None within stands for never."""
    if spread is None:
        return "-"
    median, low, high = ("never" if spread[name] is None else form.format(spread[name]) for name in spread)
    return median if low == high else f"{median} ({low} to {high})"


def _choruses(model: Model) -> str:
    """Write the medians of what the choruses are."""
    if "segments" not in model:
        return "-"
    return " / ".join(f"{model[name]['median']:.0%}" for name in ("copies", "recombinations", "incomplete"))


def _recovery(model: Model) -> str:
    """Write the median probabilities of recovery."""
    if "recovery" not in model:
        return "-"
    return ", ".join(f"{found['probability']['median']:.0%}" for found in model["recovery"].values())
