"""The picture of the house in models/README.md, drawn from the imports themselves: python tests/house.py writes it."""

import ast
from pathlib import Path

from test_architecture import files, imports, within

PAGE = Path(__file__).parent.parent / "models" / "README.md"
BEGIN, END = "<!-- house -->\n", "<!-- end of house -->"
# Each room of the picture and what it is for; a file belongs to the longest name that fits.
ROOMS = {
    "app": "app: front door",
    "tabs.compose": "tabs: compose",
    "tabs.why_lstm": "tabs: compose",
    "tabs.separate": "tabs: separate",
    "tabs.listen": "tabs: listen",
    "listening_test": "listening_test: studies, trials, answers, statistics",
    "listening_test.prepare": "listening_test.prepare: models to stimuli",
    "models.composition": "models.composition: form, score, networks, generate, render",
    "models.separation": "models.separation: spectrogram, mask, networks, separate",
    "models.checkpoint": "models.checkpoint: one file, one object",
    "models.memory": "models.memory: what is freed goes back",
    "training.composition": "training.composition: corpus, train, evaluate",
    "training.separation": "training.separation: dataset, train, evaluate",
    "benchmarks": "benchmarks: speed and memory",
    "audio": "audio: the value that travels",
}


def room_of(module: str) -> str | None:
    fitting = [name for name in ROOMS if within(module, name) or module.startswith(f"{name}_")]
    return ROOMS[max(fitting, key=len)] if fitting else None


def picture() -> str:
    """Draw every room that imports from another as a mermaid chart."""
    known = files()
    edges = set()
    for module, path in known.items():
        for name in imports(ast.parse(path.read_text())):
            imported = next((each for each in (name, name.rpartition(".")[0]) if each in known), None)
            here, there = room_of(module), imported and room_of(imported)
            if here and there and here != there:
                edges.add((here, there))
    keys = {room: f"r{number}" for number, room in enumerate(dict.fromkeys(ROOMS.values()))}
    boxes = [f'  {key}["{room}"]' for room, key in keys.items()]
    order = sorted((list(keys).index(here), list(keys).index(there)) for here, there in edges)
    arrows = [f"  r{here} --> r{there}" for here, there in order]
    return "\n".join(["```mermaid", "flowchart TD", *boxes, *arrows, "```", ""])


def drawn(page: str) -> str:
    """The page with the picture as it is now."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{picture()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text()))
