"""A report as a sequence of parts, written as Markdown or as one HTML page that needs nothing else."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c;
       background: #fff; }
h1, h2, h3 { line-height: 1.2; margin: 2rem 0 0.6rem; }
.table { overflow-x: auto; margin: 0.8rem 0; }
table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-style: italic; padding: 0.3rem 0; white-space: nowrap; }
th, td { border-bottom: 1px solid #ccc; padding: 0.3rem 0.7rem; text-align: left; vertical-align: top;
         white-space: nowrap; }
td:last-child { white-space: normal; min-width: 6rem; }
th { background: #f3f3f3; }
figure { margin: 1rem 0; }
figure img { max-width: 100%; }
figcaption { font-style: italic; }
"""


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the title."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of text below a header."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse ragged rows."""
        assert all(len(row) == len(self.header) for row in self.rows)


@dataclass(frozen=True)
class Picture:
    """An SVG drawing; the caption says what it shows."""

    name: str
    svg: str
    caption: str


Part = Heading | Paragraph | Table | Picture


def markdown(parts: Iterable[Part]) -> str:
    """Write Markdown; pictures are links to files of their names beside it."""
    return "\n\n".join(_markdown(part) for part in parts) + "\n"


def html(language: str, parts: Sequence[Part]) -> str:
    """Write one page with style and pictures inside."""
    title = next((part.text for part in parts if isinstance(part, Heading)), "")
    body = "\n".join(chunk for part in parts for chunk in _html(part))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    start = f'<!doctype html>\n<html lang="{escape(language)}"><head>{head}<style>{STYLE}</style></head>'
    return f"{start}\n<body>{body}</body></html>\n"


def _markdown(part: Part) -> str:
    match part:
        case Heading(level, text):
            return f"{'#' * level} {text}"
        case Paragraph(text):
            return text
        case Picture(name, _, caption):
            return f"![{caption}]({name}.svg)"
        case Table(caption, header, rows):
            lines = [header, tuple("---" for _ in header), *rows]
            return f"{caption}\n\n" + "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _html(part: Part) -> Iterator[str]:
    match part:
        case Heading(level, text):
            yield f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text):
            yield f"<p>{escape(text)}</p>"
        case Picture(_, svg, caption):
            data = base64.b64encode(svg.encode()).decode()
            yield f'<figure><img alt="{escape(caption)}" src="data:image/svg+xml;base64,{data}">'
            yield f"<figcaption>{escape(caption)}</figcaption></figure>"
        case Table(caption, header, rows):
            yield f'<div class="table"><table><caption>{escape(caption)}</caption><thead><tr>'
            yield "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header) + "</tr></thead><tbody>"
            yield from ("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            yield "</tbody></table></div>"
