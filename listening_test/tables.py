"""The tables of one section of a study, with everybody and after screening side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from listening_test.document import Table
from listening_test.resampling import Interval
from listening_test.statistics import Section

Row = tuple[str, ...]


def tables(sections: dict[str, Section]) -> Iterator[Table]:
    """Yield every table that has something to show.

    Args:
        sections: the same section, by whose answers it counts.
    """
    for caption, header, rows_of in TABLES:
        rows = [(name, who, *rest) for who, section in sections.items() for name, *rest in rows_of(section)]
        if rows:
            places = list(dict.fromkeys(row[0] for row in rows))
            rows.sort(key=lambda row: places.index(row[0]))
            yield Table(caption, (header[0], "listeners", *header[1:]), tuple(rows))


def _grade_rows(section: Section) -> Iterator[Row]:
    for each in section.grades:
        low, high = each.quartiles
        yield (
            *(each.condition, each.role, f"{each.answers} by {each.listeners}"),
            *(_estimate(each.median, each.median_interval, 1), f"{low:.0f} to {high:.0f}"),
            *(_estimate(each.mean, each.mean_interval, 1), _number(each.bimodality), str(each.outlying)),
        )


def _contrast_rows(section: Section) -> Iterator[Row]:
    digits = 1 if section.grades else 3  # points, or steps and shares
    for each in section.contrasts:
        yield (
            *(f"{each.first} - {each.second}", str(each.listeners), _estimate(each.difference, each.interval, digits)),
            *(_number(each.effect_size), _p(each.p), _p(each.hochberg), _p(each.holm), _p(each.independent)),
        )


def _vote_rows(section: Section) -> Iterator[Row]:
    for each in section.votes:
        yield (
            *(f"{each.first} : {each.second}", str(each.listeners), f"{each.first_votes} : {each.second_votes}"),
            *(str(each.ties), _estimate(each.share, each.interval), _estimate(each.share, each.wilson)),
        )


def _strength_rows(section: Section) -> Iterator[Row]:
    found = section.strengths
    for place, name in enumerate(found.conditions if found else ()):
        assert found is not None
        wins = _estimate(found.win_probability[place], (found.low[place], found.high[place]))
        yield name, found.baseline, wins, f"{found.rank_low[place]} to {found.rank_high[place]}"


def _guess_rows(section: Section) -> Iterator[Row]:
    for name, each in section.guessing.items():
        sensed = each.sensitivity
        yield (
            *(name, f"{each.correct} of {each.answers}", _estimate(each.share, each.interval), _p(each.p)),
            *(_p(each.p_listeners), f"{sensed.d_prime:.2f}", f"{sensed.criterion:.2f}"),
            {True: "shown", False: "not shown", None: "too few listeners"}[each.equivalent],
        )


def _alpha_rows(section: Section) -> Iterator[Row]:
    for each in section.adjusted:
        yield (
            *(each.item or "all", str(each.listeners), str(each.answers)),
            *(_estimate(each.median, each.median_interval), _estimate(each.mean, each.mean_interval)),
            _number(each.start_r),
        )


def _model_rows(section: Section) -> Iterator[Row]:
    model = section.mixed
    if model is None:
        return
    for name, mean in model.means.items():
        yield name, _estimate(mean, model.intervals[name], 1)
    for name, variance in model.variances.items():
        yield f"variance: {name}", f"{variance:.1f}"
    yield "share of listeners and items (ICC)", f"{model.icc:.2f}"
    yield "fit", model.warning or "converged"


def _reliability_rows(section: Section) -> Iterator[Row]:
    own = section.reliability
    if own is not None:
        yield "Krippendorff's alpha between listeners", _number(own.alpha)
        yield "hidden repeats", str(own.repeats)
    if own is not None and own.repeats:
        yield "r of first and repeated answers", _number(own.retest_r)
        yield "their mean absolute difference", _number(own.retest_difference)


def _side_rows(section: Section) -> Iterator[Row]:
    own = section.sides
    if own is not None and own.p is not None:
        yield "A against B", str(own.left), str(own.right), _p(own.p)


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "< 0.0001"


def _estimate(value: float | None, interval: Interval | None, digits: int = 3) -> str:
    if value is None:
        return "none"
    limits = "too few listeners" if interval is None else f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}"
    return f"{value:.{digits}f} ({limits})"


def _number(value: float | None) -> str:
    return "not known" if value is None else f"{value:.2f}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


TABLES: tuple[tuple[str, Row, Callable[[Section], Iterator[Row]]], ...] = (
    ("Grades", ("condition", "role", "n", "median", "quartiles", "mean", "bimodality", "outlying"), _grade_rows),
    (
        "Planned contrasts: points of a grade, steps of a comparison, or share beyond 0.5",
        ("contrast", "n", "difference", "d_z", "p", "Hochberg", "Holm", "p, as if independent"),
        _contrast_rows,
    ),
    ("Votes", ("pair", "n", "votes", "ties", "share", "as if independent"), _vote_rows),
    ("Bradley-Terry strengths with ties", ("condition", "wins against", "share", "ranks"), _strength_rows),
    (
        "Against guessing; the last column asks whether the share is shown to lie within 0.4 to 0.6",
        ("pair", "right", "share", "p (exact)", "p (listeners)", "d'", "criterion", "equivalent"),
        _guess_rows,
    ),
    ("Alpha that was set", ("item", "n", "settings", "median", "mean", "r with the start"), _alpha_rows),
    ("Mixed-effects model", ("term", "estimate"), _model_rows),
    ("Reliability", ("measure", "value"), _reliability_rows),
    ("Favoured side", ("slots", "votes for A", "votes for B", "p"), _side_rows),
)
