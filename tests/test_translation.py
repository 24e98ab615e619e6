"""The German of Compose and Separate: one file of texts, in which the English sentence of the source is the key."""

import ast
import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "tabs" / "static"
TEXTS = json.loads((STATIC / "texts.json").read_text(encoding="utf-8"))
ROOMS = {key: entry for key, entry in TEXTS.items() if key.startswith(("page.", "compose.", "separate.", "gradio."))}
OURS = {key: entry for key, entry in ROOMS.items() if not key.startswith("gradio.")}
# Put together of pieces that stand apart in the source: of these only the words are looked for.
PIECES = {
    *("compose.form.eight-bar", "compose.form.sixteen-bar", "compose.phrase.one", "compose.take.copies"),
    *("compose.take.own", "compose.roll", "compose.mixer.mute", "compose.live.your_bar"),
    *("compose.live.answer_bar", "compose.live.alone_bar", "compose.why.kept", "compose.why.kept_all"),
    *("compose.why.in_lost", "compose.why.curve", "compose.why.one_curve", "separate.volume_of_vocals"),
    *("separate.volume_of_accompaniment", "separate.curves.more", "separate.curves.less"),
    *("separate.report.rivals", "separate.fault.no_vocals", "separate.fault.no_accompaniment"),
    *("separate.fault.sum_silent", "separate.fault.rates", "separate.fault.lengths"),
    *("separate.fault.unreadable", "separate.fault.too_many"),
}


def python_texts(path: Path) -> str:
    """All strings of a file, those beside one another joined, a blank for each value in them."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def script_texts(path: Path) -> str:
    """A script, its joined strings as one."""
    return re.sub(r"""["'`]\s*\+\s*["'`]""", "", path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def source() -> str:
    """All that Compose and Separate can say, in small letters, single blanks."""
    files = [ROOT / "audio.py", *sorted((ROOT / "tabs").glob("*.py")), *sorted((ROOT / "models").rglob("*.py"))]
    texts = [*map(python_texts, files), *map(script_texts, sorted(STATIC.glob("*.js"))), (ROOT / "app.py").read_text()]
    return re.sub(r"\s+", " ", "\n".join(texts)).lower()


def test_one_english_text_has_one_german_and_no_german_text_is_english() -> None:
    german: dict[str, str] = {}
    for entry in ROOMS.values():
        assert entry["en"] != entry["de"]
        assert german.setdefault(entry["en"], entry["de"]) == entry["de"]
    assert not {entry["de"] for entry in ROOMS.values()} & {*german}


def test_no_english_text_stands_there_twice() -> None:
    english = [entry["en"] for entry in ROOMS.values()]
    assert len(english) == len({*english})


@pytest.mark.parametrize("key", OURS)
def test_the_english_text_stands_in_the_source(key: str, source: str) -> None:
    parts = re.split(r"{\w+}", OURS[key]["en"].lower())
    wanted = re.findall(r"[a-z]+", " ".join(parts)) if key in PIECES else [part.strip(" .,;:()%*") for part in parts]
    assert [part for part in wanted if part not in source] == []


@pytest.mark.parametrize("key", ROOMS)
def test_the_german_text_has_the_marks_of_the_english(key: str) -> None:
    english, german = ROOMS[key]["en"], ROOMS[key]["de"]
    assert '"' not in german and "'" not in german  # „…“
    for mark in ("**", "`"):
        assert english.count(mark) == german.count(mark)
