"""The opening call at the front doors, command and tab: it is answered, and what can be none is refused clearly."""

import gradio as gr
import numpy as np
import pytest

import audio
from audio import Audio
from models.composition.__main__ import main
from models.composition.blues_form import BEATS_PER_BAR, FORMS, TICKS_PER_BAR, TICKS_PER_BEAT
from models.composition.score import PARTS, Note, Score, read_midi, write_midi
from tabs import compose_phrase
from tabs.compose_take import Wishes, composed

RATE = 8_000
TUNE = (67, 70, 72, 74)
REFUSED = {
    "empty.mid": "empty.mid holds no notes",
    "drums.mid": "drums.mid holds no notes",
    "silence.wav": "the recording is silent",
    "noise.wav": "no melody was heard",
    "long.wav": "long.wav lasts 10.0 minutes",
    "words.wav": "words.wav",
    "absent.mid": "absent.mid is not there",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files that are no call, and chords.mid: a melody in thirds, in the first of two bars."""
    folder = tmp_path_factory.mktemp("calls")
    beats = [place * TICKS_PER_BEAT for place in range(BEATS_PER_BAR)]
    melody = [Note(at, TICKS_PER_BEAT, pitch, 90, "melody") for at, pitch in zip(beats, TUNE, strict=True)]
    thirds = [Note(at, TICKS_PER_BEAT, pitch - 4, 90, "melody") for at, pitch in zip(beats, TUNE, strict=True)]
    drums = tuple(Note(at, 6, 38, 90, "drums") for at in beats)
    for name, notes in (("empty", ()), ("drums", drums), ("chords", tuple(sorted([*melody, *thirds])))):
        write_midi(folder / f"{name}.mid", Score(notes, (), 120, 2 * TICKS_PER_BAR))
    noise = np.random.default_rng(3).normal(0, 0.1, (1, 2 * RATE)).astype(np.float32)
    sounds = {"silence": np.zeros((1, 2 * RATE), np.float32), "noise": noise}
    for name, samples in (sounds | {"long": np.tile(noise, 300)}).items():
        audio.write(folder / f"{name}.wav", Audio(samples, RATE))
    (folder / "words.wav").write_text("no sound in here")
    return folder


def asked(*arguments):
    return main(["--model", "joint", *map(str, arguments)])


def test_command_answers_a_call_over_any_form_with_a_band(folder, tmp_path, capsys):
    out = tmp_path / "take.mid"
    options = ["--form", "eight-bar", "--key", "F", "--meter", "12/8", "--seed", 3, "--call", folder / "chords.mid"]
    assert asked(*options, "--band", "--out", out) == 0
    assert "chords.mid: notes sound together; the 4 highest of 8 are taken" in capsys.readouterr().err
    take = read_midi(out)
    assert take.parts == PARTS
    assert (take.meter, take.length) == ("12/8", FORMS["eight-bar"].ticks)
    melody = take.part("melody").notes
    assert tuple(note.pitch for note in melody[: len(TUNE)]) == TUNE
    assert any(note.start >= TICKS_PER_BAR for note in melody)
    assert asked(*options, "--out", out) == 0
    assert read_midi(out).parts == ("melody", "chords")


def test_command_and_tab_play_the_same_take(tmp_path):
    assert (
        asked("--form", "jazz", "--choruses", 2, "--limit", 8, "--seed", 5, "--band", "--out", tmp_path / "a.mid") == 0
    )
    wishes = Wishes("C", 120, 2, "Tenor sax", "Piano", 5, [], 0.5, 1.0, "jazz", limit=8)
    assert read_midi(tmp_path / "a.mid") == composed("joint", wishes).score


@pytest.mark.parametrize(("name", "said"), REFUSED.items())
def test_what_is_no_call_is_refused_in_one_sentence_at_both_doors(folder, tmp_path, capsys, name, said):
    assert asked("--call", folder / name, "--out", tmp_path / "take.mid") == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert said in line
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(gr.Error) as caught:
        if name.endswith(".mid"):
            compose_phrase._of_midi(folder / name)
        else:
            compose_phrase._of_hum(folder / name, 120)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--model", "lstm", "--band"], "--model joint"),
        (["--model", "joint", "--band", "--primer", "absent.mid"], "no --primer"),
        (["--model", "joint", "--band", "--choruses", "9"], "choruses 9"),
        (["--model", "joint", "--band", "--style", "polka"], "polka"),
    ],
)
def test_wishes_that_cannot_be_met_are_named(capsys, arguments, named):
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert named in line


def test_a_call_that_fills_every_bar_is_refused(tmp_path, capsys):
    notes = tuple(Note(bar * TICKS_PER_BAR, TICKS_PER_BAR, 60 + bar, 90, "melody") for bar in range(8))
    write_midi(tmp_path / "call.mid", Score(notes, (), 120, 8 * TICKS_PER_BAR))
    assert asked("--form", "eight-bar", "--call", tmp_path / "call.mid") == 2
    assert "a phrase of 8 bars leaves no bar to answer in; ask for more choruses" in capsys.readouterr().err
