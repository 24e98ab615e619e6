"""The panel "How good is it?": headings, comparison, table and curves follow from the report's numbers alone."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tabs.separate_report import LEARNED_FROM, REPORT, comparison, curves, heading, table

MOUNT = """async ([value, table]) => {
    const element = document.createElement("div");
    element.innerHTML = `${table}<div class="separate-curves"></div>`;
    document.body.prepend(element);
    const { mountMeans } = await import(new URL("room/separate_curves.js", document.baseURI));
    mountMeans(element, { value });
}"""


def stem(sdr: list[float], sir: list[float | None], sar: list[float | None]) -> dict[str, Any]:
    """Scores whose interval is one dB to each side."""
    beside = {"low": -1.0, "mean": 0.0, "high": 1.0}
    return {
        score: {key: [None if value is None else value + step for value in values] for key, step in beside.items()}
        for score, values in (("sdr", sdr), ("sir", sir), ("sar", sar))
    }


@pytest.fixture
def group() -> dict[str, Any]:
    """Numbers of no measurement: they only have the report's shape."""
    alphas = [0.25, 0.5, 0.75]
    network = {"alphas": alphas, "vocals": stem([6, 5, 2], [4, 9, 14], [11, 7, None])}
    return {
        "excerpts": 12,
        "songs": {"a": 5, "b": 7},
        "models": {
            "deep-karaoke": network | {"accompaniment": stem([2, 4, 1], [12, 8, 5], [3, 6, 9])},
            "mixture": {
                "alphas": [None],
                "vocals": stem([0.5], [0.5], [None]),
                "accompaniment": stem([-0.5], [-0.5], [None]),
            },
        },
        "like_to_like": {
            "nmf": {
                "vocals": {"excerpts": 12, "mean_db": 2.04, "low_db": -0.5, "high_db": 4.0, "wilcoxon_p": 0.0032},
                "accompaniment": {"excerpts": 0},
            }
        },
    }


def test_words_say_what_the_numbers_say(group):
    assert heading("songs", group) == "12 excerpts of 2 songs that no model learned from"
    assert heading("clips", group) == "12 clips of 2 singers that no model has heard"
    assert comparison(group["like_to_like"]) == (
        "- Deep Karaoke against NMF, SAR at equal SIR: vocals **+2.0 dB** (-0.5 to +4.0; Wilcoxon p = 0.0032); "
        "accompaniment have no SIR in common"
    )


def test_table_and_curves_are_drawn_from_the_numbers(group, page: Page) -> None:
    page.evaluate(MOUNT, [curves(group["models"]), table("Scores", group["models"])])
    rows = page.get_by_role("region", name="Scores").locator("tbody tr")
    first, second, third = (row.split("\t") for row in rows.all_inner_texts())
    scores = "{0}.0 ({1}.0 to {2}.0)".format
    at_best, at_start = (
        [scores(x, x - 1, x + 1) for x in numbers] for numbers in ((4, 11, 6, 8, 6, 4), (9, 7, 5, 8, 6, 4))
    )
    assert first[:5] == ["The song itself", "\u2013", "0.5 (-0.5 to 1.5)", "\u2013", "0.5 (-0.5 to 1.5)"]  # no SAR
    assert second == ["Deep Karaoke", "0.25", *at_best[:3], "0.5", *at_best[3:]]
    assert third == ["The same, at the start", "0.5", *at_start[:3], "0.5", *at_start[3:]]
    charts = page.locator(".separate-charts svg")
    expect(charts).to_have_count(2)
    expect(charts.first.locator(".separate-line")).to_have_count(3)
    expect(charts.first.locator(".separate-cursor")).to_have_count(0)
    places = charts.first.locator(".separate-line.separate-sir").get_attribute("d")
    heights = [float(point.split()[1]) for point in places.lstrip("M").split("L")]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2])  # 4, 9 and 14 dB: equal steps upwards
    assert heights[0] > heights[1]


def test_the_panel_shows_the_report(page: Page) -> None:
    groups = json.loads(REPORT.read_text())["groups"]
    shown = {name: group for name, group in groups.items() if not name.endswith(LEARNED_FROM)}
    page.get_by_role("tab", name="Separate").click()
    page.get_by_role("button", name="How good is it?").click()
    for name, group in shown.items():
        caption = heading(name, group)
        expect(page.get_by_role("heading", name=caption)).to_be_visible()
        expect(page.get_by_role("region", name=caption).locator("tbody tr")).to_have_count(len(group["models"]) + 1)
    expect(page.locator(".separate-charts:visible svg")).to_have_count(2 * len(shown))
