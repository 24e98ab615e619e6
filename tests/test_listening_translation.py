"""The listening test in another language: nothing is left untranslated, and answers stay those of the study."""

import json
import re
from pathlib import Path

import pytest
from small_study import write_small_study

from listening_test import study, translation
from listening_test.study import StudyError

STATIC = Path(__file__).parent.parent / "tabs" / "static"
TEXTS = json.loads((STATIC / "texts.json").read_text(encoding="utf-8"))
BY_KEY = [key for key in TEXTS if not key.startswith(("page.", "compose.", "separate.", "gradio."))]  # of this tab
SCRIPTS = [path.read_text(encoding="utf-8") for path in STATIC.glob("listen*.js")]


@pytest.mark.parametrize("folder", study.folders(), ids=lambda folder: folder.name)
def test_the_shipped_studies_speak_german(folder: Path) -> None:
    shipped = study.load(folder)
    table = translation.load(folder, shipped)["de"]
    assert {*table} == translation.texts(shipped)


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_says_the_same_in_both_languages(key: str) -> None:
    english, german = TEXTS[key]["en"], TEXTS[key]["de"]
    assert type(english) is type(german) and len(TEXTS[key]) == 2
    if isinstance(english, list):
        assert len(english) == len(german)
    assert names(english) == names(german)


def names(text: str | list[str] | dict[str, str]) -> set[str]:
    """Collect the {places} that are filled in."""
    parts = [text] if isinstance(text, str) else text if isinstance(text, list) else text.values()
    return {name for part in parts for name in re.findall(r"{(\w+)}", part)}


def test_every_text_that_a_page_says_exists_and_none_is_left_over() -> None:
    said = {key for script in SCRIPTS for key in re.findall(r'"([a-z][\w.-]*)"', script)} & {*BY_KEY}
    begun = {key for script in SCRIPTS for key in re.findall(r"say\(`([\w.]+)\$", script)}
    asked = {key for script in SCRIPTS for key in re.findall(r'say\("([^"]+)"', script)}
    assert asked <= {*BY_KEY}
    left_over = {key for key in BY_KEY if key not in said and not any(key.startswith(start) for start in begun)}
    assert left_over == {"name"}  # the languages' own names, taken as a whole


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Which two?": "Welche zwei?"}, "translates what the study does not say: 'Which two?'"),
        ({"Listen to both.": None}, "says nothing for 'Listen to both.'"),
        ({"Listen to both.": 2}, "must lead from every text"),
    ],
)
def test_half_a_translation_is_refused(tmp_path: Path, change: dict[str, str | int | None], reason: str) -> None:
    small = study.load(write_small_study(tmp_path))
    table = {text: text.upper() for text in translation.texts(small)} | change
    (tmp_path / "de.yaml").write_text(json.dumps({text: said for text, said in table.items() if said is not None}))
    with pytest.raises(StudyError, match=re.escape(reason)):
        translation.load(tmp_path, small)


def test_a_file_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "de.yaml").write_text("a: [")
    with pytest.raises(StudyError, match="is not YAML"):
        translation.load(tmp_path, study.load(write_small_study(tmp_path)))
