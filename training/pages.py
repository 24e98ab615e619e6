"""The measured tables of RESULTS.md and of the README: each report writes its own, between two marks."""

from __future__ import annotations

import re
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
README = Path(__file__).parent.parent / "README.md"


def written(page: str, report: str, table: str) -> str:
    """Return the text of a page with the table of a report put between its marks.

    Raises:
        ValueError: the marks <!-- REPORT --> and <!-- end of REPORT --> are not there, once each and in this order.
    """
    begin, end = f"<!-- {report} -->\n", f"<!-- end of {report} -->"
    if len(re.findall(f"{begin}.*?{end}", page, re.DOTALL)) != 1:
        raise ValueError(f"the page needs the marks {begin.strip()} and {end}, in this order, to hold the table")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}{table.rstrip()}\n{end}{rest.partition(end)[2]}"


def write(report: str, table: str, page: Path = RESULTS) -> None:
    """Put the table of a report into a page."""
    page.write_text(written(page.read_text(), report, table))
