"""Exports and the report: what is written can be read back, and says what the analysis found."""

import io
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import answered_study
import pandas as pd
import pytest

from listening_test import document, export, figures, public, report
from listening_test.document import Heading, Paragraph, Picture, Table
from listening_test.statistics import analyse
from listening_test.study import Study


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return answered_study.load(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def long(plan: Study) -> pd.DataFrame:
    return export.long_table(answered_study.answers(plan, 6, seed=3))


def test_one_row_for_each_trial_and_slot(plan: Study) -> None:
    answers = answered_study.answers(plan, 1)
    table = export.long_table(answers)
    assert list(table.columns) == list(export.CODEBOOK)
    slots = sum(1 if answer.trial.kind == "adjustment" else len(answer.trial.slots) for answer in answers)
    assert len(table) == slots
    by_kind = {answer.trial.kind: answer for answer in answers}
    graded = table[table.trial == by_kind["mushra"].trial.ordinal]
    assert tuple(graded.value) == by_kind["mushra"].rating.response.values
    assert tuple(graded.condition) == by_kind["mushra"].conditions and set(graded.reference) == {"clean"}
    assert table[table.kind == "preference"].groupby("trial").value.sum().abs().max() == 0
    chosen = table[(table.trial == by_kind["abx"].trial.ordinal) & (table.value == 1)]
    assert tuple(chosen.slot) == (by_kind["abx"].rating.response.slot,)


def test_pairs_keep_what_stood_where(long: pd.DataFrame) -> None:
    pairs = export.pair_table(long)
    assert len(pairs) == len(long[long.kind.isin(["preference", "which-human", "abx", "triplet"])]) / 2
    row = pairs[pairs.kind == "preference"].iloc[0]
    slots = long[(long.listener == row.listener) & (long.trial == row.trial)].set_index("slot")
    assert (row.condition_a, row.condition_b, row.value) == (*slots.condition.loc[[0, 1]], slots.value.loc[0])


def test_csv_comes_back_as_it_went(long: pd.DataFrame, tmp_path: Path) -> None:
    export.write_table(long, tmp_path / "answers.csv")
    again = pd.read_csv(tmp_path / "answers.csv")
    pd.testing.assert_frame_equal(again, long, check_dtype=False)
    assert json.loads((tmp_path / "answers.codebook.json").read_text()) == export.CODEBOOK


def test_parquet_comes_back_or_says_what_it_needs(long: pd.DataFrame, tmp_path: Path) -> None:
    if find_spec("pyarrow") is None:
        with pytest.raises(ValueError, match="needs the package pyarrow"):
            export.write_table(long, tmp_path / "answers.parquet")
    else:
        export.write_table(long, tmp_path / "answers.parquet")
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "answers.parquet"), long, check_dtype=False)
    with pytest.raises(ValueError, match=r"one of \.csv, \.parquet"):
        export.write_table(long, tmp_path / "answers.xlsx")


def test_webmushra_has_its_columns_and_whole_scores(long: pd.DataFrame) -> None:
    table = export.webmushra(long)
    assert list(table.columns) == [
        *("session_test_id", "session_uuid", "trial_id", "rating_stimulus", "rating_score", "rating_time"),
        "rating_comment",
    ]
    assert len(table) == (long.kind.isin(["rating", "mushra"]) & ~long.practice).sum()
    assert table.rating_score.between(0, 100).all() and "voice-mushra-1-overall" in set(table.trial_id)
    graded = table[table.trial_id.str.startswith("voice")]
    assert set(graded.rating_stimulus) == {"reference", "anchor35", "anchor70", "mask", "soft"}


def test_the_public_data_set_names_nobody_and_gives_the_leaderboard(
    plan: Study, long: pd.DataFrame, tmp_path: Path
) -> None:
    public.write(tmp_path, plan, long)
    everything = "".join(path.read_text() for path in tmp_path.iterdir())
    assert not any(listener in everything for listener in long.listener) and "received_at" not in everything
    table = pd.read_csv(tmp_path / public.DATA)
    assert not table.practice.any() and set(table.listener) == set(range(1, 7))
    board = json.loads((tmp_path / "leaderboard.json").read_text())
    assert json.loads(json.dumps(public.leaderboard(table))) == board
    assert board["voice mushra overall"][0]["condition"] == "clean"
    assert board["blues preference"][0]["condition"] == "lstm"
    assert (tmp_path / "README.md").read_text().startswith("---\nlicense: cc-by-4.0\n")


def test_four_listeners_are_too_few_to_hide_among(plan: Study, long: pd.DataFrame, tmp_path: Path) -> None:
    few = long[long.listener.isin(sorted(set(long.listener))[:4])]
    with pytest.raises(ValueError, match="at least 5"):
        public.write(tmp_path, plan, few)


class Page(HTMLParser):
    """Counts elements and gathers text."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        assert not any(name in ("src", "href") and not str(value).startswith("data:") for name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_report_is_one_page_with_every_section(plan: Study, long: pd.DataFrame, tmp_path: Path) -> None:
    analysis = analyse(plan, long)
    parts = list(report.report(plan, analysis, long))
    report.write(tmp_path, plan.language, parts)
    page = Page()
    page.feed((tmp_path / "report.html").read_text())
    pictures = [part for part in parts if isinstance(part, Picture)]
    assert page.counts["img"] == len(pictures) == len(plan.blocks)
    assert {path.name for path in tmp_path.glob("*.svg")} == {f"{part.name}.svg" for part in pictures}
    for text in (page.text, (tmp_path / "report.md").read_text()):
        assert plan.title in text and "Reporting checklist of ITU-R BS.1534-3" in text
        for section in analysis.everybody.sections:
            assert section.question in text
            for each in section.contrasts:
                assert f"{each.difference:.{1 if section.grades else 3}f} (" in text


def test_the_checklist_says_when_nothing_was_found(plan: Study) -> None:
    nobody = export.long_table([])
    parts = list(report.report(plan, analyse(plan, nobody), nobody))
    checklist = dict(next(part for part in parts if isinstance(part, Table) and "here" in part.header).rows)
    assert checklist["Sensitivity of the test"].startswith("no difference found")
    assert checklist["Assessors"].startswith("0 before")
    assert "low-anchor, mid-anchor" in checklist["Anchors and their code"]


def test_what_a_title_says_cannot_become_markup() -> None:
    parts = [Heading(1, "<script>alert(1)</script>"), Paragraph("a & b"), Table("c", ("x|y",), (("1|2",),))]
    page = Page()
    page.feed(document.html("en", parts))
    assert "script" not in page.counts and "<script>" in page.text
    assert "| 1\\|2 |" in document.markdown(parts)


def separation_report(scores: int = 3) -> dict[str, object]:
    curves = {score: {"mean": [1.0, None, 2.0][:scores]} for score in figures.SCORES}
    group = {"models": {"deep-karaoke": {"alphas": [0, 0.5, 1], "vocals": curves}}}
    return {"groups": {"songs (trained on)": {"models": {"deep-karaoke": {}}}, "songs": group}}


def test_drawings_are_svg_and_the_same_each_time(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(separation_report()))
    curves = figures.read_curves(tmp_path / "report.json", "deep-karaoke")
    assert curves.group == "songs" and curves.alphas == (0, 0.5, 1)
    first, again = (figures.alphas((0.3, 0.4), 0.35, (0.3, 0.4), curves) for _ in range(2))
    assert first == again and "SDR, songs" in first
    assert ET.parse(io.StringIO(first)).getroot().tag.endswith("svg")


@pytest.mark.parametrize("content", ["{}", "[]", "no", '{"groups": {}}', json.dumps(separation_report(2))])
def test_curves_that_are_none_are_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "curves.json").write_text(content)
    with pytest.raises(ValueError, match=r"curves\.json"):
        figures.read_curves(tmp_path / "curves.json", "deep-karaoke")
