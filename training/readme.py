"""The measured tables of the README: each report writes its own, between two marks, so that the two cannot differ."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def written(readme: str, report: str, table: str) -> str:
    """Return the text of the README with the table of a report put between its marks.

    Raises:
        ValueError: the marks <!-- REPORT --> and <!-- end of REPORT --> are not there, once each and in this order.
    """
    begin, end = f"<!-- {report} -->\n", f"<!-- end of {report} -->"
    if len(re.findall(f"{begin}.*?{end}", readme, re.DOTALL)) != 1:
        raise ValueError(f"the README needs the marks {begin.strip()} and {end}, in this order, to hold the table")
    before, _, rest = readme.partition(begin)
    return f"{before}{begin}{table.rstrip()}\n{end}{rest.partition(end)[2]}"


def write(report: str, table: str) -> None:
    """Put the table of a report into the README."""
    README.write_text(written(README.read_text(), report, table))
