"""The panel "Why LSTM?": words, table and curves follow from the report's numbers alone."""

from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tabs.why_lstm import REPORT, curves, figure, summary, table

MOUNT = """async ([value, table]) => {
    const element = document.createElement("div");
    element.innerHTML = `${table}<div class="why-curves"></div>`;
    document.body.prepend(element);
    const { mount } = await import(new URL("room/why_lstm.js", document.baseURI));
    mount(element, { value });
}"""


def spread(median: float | None, low: float | None = None, high: float | None = None) -> dict[str, float | None]:
    return {"median": median, "low": median if low is None else low, "high": median if high is None else high}


@pytest.fixture
def models() -> dict[str, dict[str, Any]]:
    """Numbers of no measurement: they only have the report's shape."""
    played = {"seeds": 5, "segments": {"A": 0.5, "B": 0.4, "?": 0.1}}
    return {
        "feedforward": {
            **played,
            "parameters": 1500,
            "perfect_seeds": 0,
            "chord_accuracy": spread(0.62, 0.5, 0.7),
            "first_failing_bar": spread(4, 3, 9),
            "excess_bits_per_song": spread(310.5, 300, 320),
            "curves": [[900.0, 500.0, 400.0], [950.0, 480.0, 390.0]],
        },
        "lstm": {
            **played,
            "parameters": 1542,
            "perfect_seeds": 4,
            "chord_accuracy": spread(1.0, 0.99, 1.0),
            "first_failing_bar": spread(None, 17),
            "excess_bits_per_song": spread(0.25),
            "curves": [[100 / 2**epoch for epoch in range(20)] + [0.0]],
        },
        "markov": {**played, "parameters": 9, "perfect_seeds": 0, "seeds": 1, "first_failing_bar": spread(30)},
        "rnn-chords": {"parameters": 663, "seeds": 5},
        "random-walk": {**played, "parameters": 0, "perfect_seeds": 5, "first_failing_bar": None},
    }


def test_summary_says_what_the_numbers_say(models):
    assert summary(models) == (
        "**LSTM** kept the form through 100 choruses in 4 of 5 training runs; **Feed-forward network** in 0 of 5 "
        "training runs (first wrong bar: 4); **Markov table** in 0 of 1 training run (first wrong bar: 30). Of those "
        "that guess chords and melody, LSTM comes closest to the floor: 0.25 bits too many per song it never heard."
    )


def test_figures_show_the_spread_and_what_never_happens():
    assert figure(spread(0.5, 0.25, 1), "{:.0%}") == "50% (25% to 100%)"
    assert figure(spread(7), "{:.0f}") == "7"
    assert figure({"median": None, "low": 3.0, "high": None}, "{:.0f}") == "never (3 to never)"
    assert figure(None, "{:.0f}") == "\u2013"


def test_table_and_curves_are_drawn_and_told(page: Page, models):
    page.evaluate(MOUNT, [curves(models), table("Measured", models)])
    rows = page.get_by_role("region", name="Measured").get_by_role("row")
    expect(rows).to_have_count(6)
    cells = ["1,500", "0 of 5", "62.0% (50.0% to 70.0%)", "4 (3 to 9)", "310.50 (300.00 to 320.00)", "10.0%"]
    expect(rows.nth(1).get_by_role("cell")).to_have_text(cells)
    expect(rows.nth(5).get_by_role("cell")).to_have_text(["0", "chart given", "\u2013", "\u2013", "\u2013", "10.0%"])
    expect(rows.nth(4).get_by_role("rowheader")).to_have_text("Simple recurrent network, chords only")
    picture = page.get_by_role("img", name="Training loss in nats per song over the floor")
    expect(picture).to_have_accessible_name(
        "Training loss in nats per song over the floor. "
        "Feed-forward network: 2 training runs, ending between 390 and 400. LSTM: 1 training run, ending at 0."
    )
    lines = picture.locator("polyline")
    expect(lines).to_have_count(3)
    assert lines.first.get_attribute("stroke-dasharray") != lines.last.get_attribute("stroke-dasharray")
    heights = [float(point.split(",")[1]) for point in lines.last.get_attribute("points").split()]
    assert len(heights) == 21
    assert heights == sorted(heights)  # losses fall, so the line goes down the page
    drops = [after - before for before, after in pairwise(heights[:20])]
    assert max(drops) == pytest.approx(min(drops))  # halving is the same step everywhere: a logarithmic axis
    expect(picture.get_by_text("epochs of training")).to_be_visible()


def test_panel_fits_a_telephone(page: Page, models):
    page.set_viewport_size({"width": 375, "height": 800})
    expect(page.get_by_role("tab", name="Compose")).to_be_visible()  # until then the page itself is wider
    page.evaluate(MOUNT, [curves(models), table("Measured", models)])
    expect(page.locator(".why-chart")).to_be_visible()
    page.wait_for_function("document.documentElement.scrollWidth <= 375")


def test_panel_is_there_if_and_only_if_something_was_measured(page: Page):
    expect(page.get_by_role("button", name="Compare the networks")).to_be_visible()
    expect(page.get_by_role("button", name="Why LSTM?")).to_have_count(int(REPORT.is_file()))
