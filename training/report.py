"""All tables and figures anew from the committed measurements: python -m training.report.

Nothing is trained or measured: each report's own command does that, and writes the JSON that this one reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training import claims, pages
from training.composition import ablation, joint_report, judge, originality_curve
from training.composition.joint_figures import draw_ablation
from training.composition.judge_figures import draw_curve, draw_panel
from training.composition.tables import markdown as composition_markdown
from training.composition.tables import table_in_brief
from training.separation import heard, mir1k
from training.separation.report import HERE as SEPARATION
from training.separation.report import draw
from training.separation.tables import markdown as separation_markdown
from training.separation.tables import tables_in_brief

COMPOSITION = Path(judge.__file__).parent


def read(path: Path) -> Any:
    """Read a report."""
    return json.loads(path.read_text())


def compositions() -> None:
    """Write what was measured of the composers."""
    networks = read(COMPOSITION / "report.json")
    (COMPOSITION / "report.md").write_text(composition_markdown(networks))
    pages.write("composition-report", table_in_brief(networks))
    heads = read(ablation.REPORT)
    draw_ablation(heads, ablation.FIGURE)
    pages.write(joint_report.MARK, joint_report.table(heads, read(joint_report.REPORT)))
    judgement = read(judge.REPORT)
    draw_panel(judgement, judge.FIGURE)
    draw_curve(read(originality_curve.REPORT), originality_curve.FIGURE)
    pages.write("judge", judge.table(judgement))


def separations() -> None:
    """Write what was measured of the separators."""
    report = read(SEPARATION / "report.json")
    draw(report["groups"], SEPARATION)
    (SEPARATION / "report.md").write_text(separation_markdown(report))
    pages.write("separation-report", tables_in_brief(report))
    pages.write("mir1k-report", mir1k.table(read(SEPARATION / "mir1k.json")))
    pages.write("separation-heard", heard.markdown([heard.Heard(**row) for row in read(SEPARATION / "heard.json")]))


if __name__ == "__main__":
    compositions()
    separations()
    pages.write("claims", claims.table(), pages.README)
