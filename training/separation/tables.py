"""The report as Markdown for people to read: the whole of it, and the part that stands in RESULTS.md."""

from __future__ import annotations

from typing import Any

from training.separation.summary import MODEL, SCORES, STEMS, TRAINED_ON

Figures = dict[str, Any]

SHIPPED_ALPHA = 0.5
ORDER = ("mixture", "hpss", "repet-sim", "nmf", MODEL, "ibm", "irm")
NAMES = {
    "mixture": "mixture, untouched",
    "hpss": "HPSS",
    "repet-sim": "REPET-SIM",
    "nmf": "NMF, supervised",
    MODEL: "**deep-karaoke**",
    "ibm": "ideal binary mask",
    "irm": "ideal ratio mask",
}
HEAD = "| estimate | alpha | vocals SDR | SIR | SAR | alpha | non-vocals SDR | SIR | SAR |\n" + "|---" * 9 + "|"
NAMES_OF_STEMS = {"vocals": "vocals", "accompaniment": "non-vocals"}
LAW_ALPHAS = (0.1, 0.3, 0.5, 0.7, 0.9)


def markdown(report: Figures) -> str:
    """Write the whole report."""
    parts = ["# Separation: what was measured", "", conditions(report), ""]
    for name, group in report["groups"].items():
        parts += [f"## {title(name)}", "", described(name, group), "", table(group), ""]
        parts += [
            "### Alpha",
            "",
            law(group),
            silences(group),
            "",
            "### Like to like: SAR at equal SIR",
            "",
            comparisons(group),
            "",
        ]
        parts += [f"![{picture}]({path})" for picture, path in report["figures"].get(name, {}).items()]
        parts += [""] if name in report["figures"] else []
    return "\n".join(parts)


def tables_in_brief(report: Figures) -> str:
    """Write the tables of the material that was never trained on, and the headline."""
    parts = [conditions(report), ""]
    for name, group in report["groups"].items():
        if not trained_on(name):
            parts += [
                f"**{title(name)}.** {described(name, group)}",
                "",
                table(group),
                "",
                comparisons(group),
                "",
                law(group),
                "",
            ]
    pictures = [(picture, path) for group in report["figures"].values() for picture, path in group.items()]
    parts += [f"![{picture}](separation/{path})" for picture, path in pictures[:2]]
    return "\n".join(parts).strip()


def conditions(report: Figures) -> str:
    """Say how it was measured."""
    return (
        "Means in dB of BSS Eval v3 on the mean of the channels; the vocals are set to "
        f"{report['settings']['balance_db']:g} dB of the accompaniment, over all channels. In brackets the 95 % "
        "bootstrap interval. Every model is cut by the paper's rule, each stem at the alpha with its best mean SDR on "
        f"these very excerpts, which flatters all alike; what is shipped is {MODEL} at {SHIPPED_ALPHA}. SAR at equal "
        "SIR is averaged over all SIRs that both models reach, then over excerpts."
    )


def title(name: str) -> str:
    """Name a group for people."""
    if name == "clips":
        return "Clips of singers that no model has heard"
    return f"Songs that {'the models' if trained_on(name) else 'no model'} learned from"


def trained_on(name: str) -> bool:
    """Tell whether a group is of songs that a model learned from."""
    return name.endswith(TRAINED_ON)


def described(name: str, group: Figures) -> str:
    """Say what is in a group and what its intervals mean."""
    units, judged = group["units"], group["judged"]
    kind = "singers" if name == "clips" else "songs"
    unit = kind if units["by"] == "song" else "excerpts, which are not independent of each other"
    return (
        f"{group['excerpts']} excerpts of {len(group['songs'])} {kind}; intervals over {units['n']} {unit}. "
        f"mir_eval, asked for {judged['scores']} of the scores, differs by at most "
        f"{judged['largest_difference_db']:.0e} dB."
    )


def table(group: Figures) -> str:
    """Write one row per model, and one more of what is shipped."""
    lines = [HEAD]
    for name in (name for name in ORDER if name in group["models"]):
        model = group["models"][name]
        lines.append(row(NAMES[name], model, [best_index(model, stem) for stem in STEMS]))
        if name == MODEL:
            lines.append(row("the same, as shipped", model, [model["alphas"].index(SHIPPED_ALPHA)] * len(STEMS)))
    return "\n".join(lines)


def best_index(model: Figures, stem: str) -> int:
    """Find the alpha with the highest mean SDR of a stem."""
    means = model[stem]["sdr"]["mean"]
    return max((index for index, mean in enumerate(means) if mean is not None), key=means.__getitem__)


def row(name: str, model: Figures, indices: list[int]) -> str:
    """Write one model, each stem at its own alpha."""
    cells = [name]
    for stem, index in zip(STEMS, indices, strict=True):
        alpha = model["alphas"][index]
        cells.append("-" if alpha is None else f"{alpha:g}")
        cells += [figure(model[stem][score], index) for score in SCORES]
    return f"| {' | '.join(cells)} |"


def figure(score: Figures, index: int) -> str:
    """Write a mean with its interval; a dash where there is none (the mixture has no artifacts)."""
    mean, low, high = (score[name][index] for name in ("mean", "low", "high"))
    return "-" if mean is None else f"{mean:.1f} ({low:.1f} to {high:.1f})"


def silences(group: Figures) -> str:
    """Count the estimates that were silent, for alphas between 0 and 1; they have no score and are in no mean."""
    counts = []
    for name in (name for name in ORDER if len(group["models"].get(name, {}).get("alphas", ())) > 1):
        model = group["models"][name]
        inner = [index for index, alpha in enumerate(model["alphas"]) if 0 < alpha < 1]
        silent = sum(model["silent"][stem][index] for stem in STEMS for index in inner)
        counts.append(f"{name} {silent} of {len(STEMS) * len(inner) * group['excerpts']}")
    return f"Silent estimates, which have no score: {', '.join(counts)}."


def comparisons(group: Figures) -> str:
    """Write the headline: how much higher the network's SAR is than each rival's where their SIR is equal."""
    lines = []
    for rival, stems in group["like_to_like"].items():
        parts = [f"{NAMES_OF_STEMS[stem]} {difference(stems[stem])}" for stem in STEMS]
        lines.append(f"- {MODEL} against {NAMES[rival]}, SAR at equal SIR: {'; '.join(parts)}.")
    return "\n".join(lines)


def difference(found: Figures) -> str:
    """Write one comparison."""
    if not found["excerpts"]:
        return "share no SIR"
    return (
        f"**{found['mean_db']:+.1f} dB** ({found['low_db']:+.1f} to {found['high_db']:+.1f}; median "
        f"{found['median_db']:+.1f}; better in {found['better_in']} of {found['units']}, "
        f"Wilcoxon p = {found['wilcoxon_p']:.2g})"
    )


def law(group: Figures) -> str:
    """Say how the vocals' scores move with alpha, and where SDR is best."""
    model = group["models"][MODEL]
    best = model["best_alpha"]
    moves = []
    for score in ("sir", "sar"):
        means = [model["vocals"][score]["mean"][model["alphas"].index(alpha)] for alpha in LAW_ALPHAS]
        moves.append(f"{score.upper()} is {', '.join(f'{mean:.1f}' for mean in means)} dB")
    return (
        f"At alpha {', '.join(f'{alpha:g}' for alpha in LAW_ALPHAS)} the vocals' {' and their '.join(moves)}. "
        f"Their mean SDR is best at alpha {best['of_mean']:.2f}; the median of the excerpts' own best alphas is "
        f"{best['median']:.2f}."
    )
