"""What a study says, in other languages: one YAML file per language beside study.yaml, from text to translation.

Answers stay comparable across languages, since what is stored is the study's own option or number. A translation
changes no stimulus and no question, and so asks for no new version.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml

from listening_test.study import Study, StudyError

Translations = Mapping[str, Mapping[str, str]]  # ISO 639-1 code -> text of the study -> its translation


def texts(study: Study) -> frozenset[str]:
    """Collect all that a listener reads of a study."""
    said = [study.title, *study.instructions]
    said += [study.consent.text] if study.consent else []
    for asked in study.questionnaire:
        said += [asked.question, *asked.options]
    for block in study.blocks:
        said += [block.question, *block.attributes.values()]
    return frozenset(said)


def load(study_folder: str | Path, study: Study) -> Translations:
    """Read the translations that stand beside a study, by language: de.yaml and so on.

    Raises:
        StudyError: not YAML, no table from text to text, or with a text that is not the study's or is missing.
    """
    return {path.stem: _table(path, texts(study)) for path in sorted(Path(study_folder).glob("[a-z][a-z].yaml"))}


def _table(path: Path, said: frozenset[str]) -> dict[str, str]:
    """Read one language; half a translation would be a page in two languages, so all of it has to be there."""
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise StudyError(f"{path} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(table, dict) or not all(isinstance(text, str) for pair in table.items() for text in pair):
        raise StudyError(f"{path} must lead from every text of study.yaml to its translation")
    for text in sorted(table.keys() ^ said):
        reason = "says nothing for" if text in said else "translates what the study does not say:"
        raise StudyError(f"{path} {reason} {text!r}")
    return table
