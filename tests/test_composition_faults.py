"""What users get wrong is answered in one clear line: choruses, seed notes, checkpoints."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.composition.__main__ import main
from models.composition.generate import compose
from models.composition.primer import seed_remarks
from models.composition.score import Note, Score, write_midi

ROOT = Path(__file__).parent.parent
TAB = """
import gradio
from tabs import compose
with gradio.Blocks() as page:
    compose.build()
print([component["props"].get("value") for component in page.config["components"]])
"""


@pytest.mark.parametrize("choruses", ["0", "-1", "10000"])
def test_impossible_choruses_are_refused(capsys, choruses):
    assert main(["--choruses", choruses]) == 2
    assert capsys.readouterr().err == f"error: choruses {choruses} is out of range; choose 1 to 8\n"


@pytest.mark.parametrize("pitch", [-1, 128])
def test_seed_notes_that_are_no_midi_pitches_are_refused(pitch):
    with pytest.raises(ValueError, match=f"seed note {pitch} is out of range; choose 0 to 127"):
        compose(primer=[60, pitch])


def phrase(*pitches: int) -> Score:
    notes = tuple(Note(12 * place, 12, pitch, 90, "melody") for place, pitch in enumerate(pitches))
    return Score(notes, (), 120, 12 * len(pitches))


@pytest.mark.parametrize(
    ("pitches", "key", "remarks"),
    [
        ((60, 72), "C", ()),
        ((60, 73, 40), "C", ("moved by octaves into the melody's range, MIDI 60-72 in C: 2 of 3 notes",)),
        ((60, 73, 66), "F#", ("moved by octaves into the melody's range, MIDI 66-78 in F#: 1 of 3 notes",)),
        ((65,) * 24, "C", ()),
        ((65,) * 25 + (90,), "C", ("of 26 notes the first 24 are taken",)),
    ],
)
def test_it_is_said_which_seed_notes_are_left_out_or_moved(pitches, key, remarks):
    assert seed_remarks(phrase(*pitches), key) == remarks


def test_command_says_it_too_and_goes_on(tmp_path, capsys):
    write_midi(tmp_path / "low.mid", phrase(*[41] * 30))
    assert main(["--primer", str(tmp_path / "low.mid"), "--out", str(tmp_path / "take.mid")]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "note: low.mid: of 30 notes the first 24 are taken",
        "note: low.mid: moved by octaves into the melody's range, MIDI 60-72 in C: 24 of 24 notes",
    ]


def truncated(weights: Path) -> str:
    (file,) = weights.glob("lstm-????????.safetensors")
    file.write_bytes(file.read_bytes()[:2000])
    return f"{file.name} is damaged: its SHA-256 begins with {hashlib.sha256(file.read_bytes()).hexdigest()[:8]}"


def cut_before_it_was_named(weights: Path) -> str:
    (file,) = weights.glob("lstm-????????.safetensors")
    content = file.read_bytes()[:2000]
    file.unlink()
    named = weights / f"lstm-{hashlib.sha256(content).hexdigest()[:8]}.safetensors"
    named.write_bytes(content)
    return f"{named.name} is damaged or not a safetensors file"


def of_another_kind(weights: Path) -> str:
    (file,) = weights.glob("lstm-????????.safetensors")
    file.unlink()
    (other,) = weights.glob("deep-karaoke-????????.safetensors")
    other.rename(weights / f"lstm-{other.stem[-8:]}.safetensors")
    return "lstm is a checkpoint of another kind, not of the composer"


@pytest.mark.parametrize("spoil", [truncated, cut_before_it_was_named, of_another_kind])
def test_spoilt_checkpoints_are_named_on_the_command_line_and_in_the_tab(tmp_path, spoil):
    for name in ("models", "tabs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "screenshots"))
    shutil.copy(ROOT / "audio.py", tmp_path)
    fault = spoil(tmp_path / "models" / "weights")
    command = run(tmp_path, "-m", "models.composition", "--out", "take.mid")
    assert (command.returncode, command.stderr) == (2, f"error: {fault}\n")
    tab = run(tmp_path, "-c", TAB)
    assert tab.returncode == 0, tab.stderr
    assert f"The composer cannot play\\n{fault}" in tab.stdout.replace("\\'", "'")
    assert not (tmp_path / "take.mid").exists()


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=120)
