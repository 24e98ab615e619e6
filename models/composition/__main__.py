"""Compose from the command line: python -m models.composition --key G --seed 7 --out take.wav --out take.mid."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import audio
from models.composition import call, generate, hum
from models.composition.accompaniment import BAND, accompany
from models.composition.blues_form import FORMS, form_named
from models.composition.encoding import EncodingError
from models.composition.metrics import chord_accuracy, roll_in_c, segment_letters
from models.composition.musicxml import write_musicxml
from models.composition.primer import seed_notes, seed_remarks
from models.composition.render import render
from models.composition.score import DEFAULT_INSTRUMENTS, Note, Score, ScoreError, read_midi, write_midi
from models.composition.solo import Manner, call_and_answer

MIDI_SUFFIXES = (".mid", ".midi")
SUFFIXES = (".mid", ".musicxml", ".wav", ".flac")
PAPER = {".mid": write_midi, ".musicxml": write_musicxml}  # written from the score; the others are its sound


def main(argv: Sequence[str] | None = None) -> int:
    """Compose, write and report; return the exit status, 2 with one line on what the user can put right."""
    arguments = _parser().parse_args(argv)
    if arguments.list:
        print(f"models: {', '.join(generate.MODELS)} (default: {generate.DEFAULT})\nforms: {', '.join(FORMS)}")
        return 0
    try:
        _refuse_outputs(arguments.out)
        score = _improvised(arguments) if arguments.call or arguments.band else _composed(arguments)
        _write(score, arguments.out, {"melody": arguments.melody, "chords": arguments.chords})
        if arguments.json:
            print(json.dumps(report(score, arguments.form)))
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    """Describe the options."""
    parser = argparse.ArgumentParser(prog="python -m models.composition", description="Compose a twelve-bar blues.")
    parser.add_argument("--list", action="store_true", help="print models and forms")
    parser.add_argument("--model", default="default")
    parser.add_argument("--form", default="bebop")
    parser.add_argument("--style", default="licks", help="of the joint model: licks or weimar")
    parser.add_argument("--density", type=float, help="notes per bar of the joint model, 0-16")
    parser.add_argument("--limit", type=int, metavar="NOTES", help="longest run that the joint model may copy, from 5")
    parser.add_argument("--meter", default="4/4", help="4/4 or 12/8")
    parser.add_argument("--key", default="C")
    parser.add_argument("--tempo", type=float, default=120, help="beats per minute, 40-300")
    parser.add_argument("--choruses", type=int, default=1, help="1-8")
    parser.add_argument("--seed", type=int, default=0)
    opening = parser.add_mutually_exclusive_group()
    opening.add_argument("--primer", type=Path, metavar="FILE.mid", help="begin with this file's first 24 melody notes")
    opening.add_argument(
        "--call", type=Path, metavar="FILE", help="a melody that the joint model answers: MIDI, or hummed at the tempo"
    )
    parser.add_argument("--band", action="store_true", help="let piano, bass and drums accompany the joint model")
    parser.add_argument("--threshold", type=float, default=0.5, help="a chord tone sounds above this probability")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the melody's draws, 0.1-2")
    parser.add_argument("--melody", default=DEFAULT_INSTRUMENTS["melody"], help="instrument")
    parser.add_argument("--chords", default=DEFAULT_INSTRUMENTS["chords"], help="instrument")
    parser.add_argument("--out", type=Path, action="append", default=[], metavar="FILE", help=" ".join(SUFFIXES))
    parser.add_argument("--json", action="store_true", help="print what was measured on the piece")
    return parser


def _composed(arguments: argparse.Namespace) -> Score:
    """Compose as a model does by itself, or after seed notes."""
    return generate.compose(
        arguments.model,
        form=arguments.form,
        key=arguments.key,
        tempo=arguments.tempo,
        choruses=arguments.choruses,
        seed=arguments.seed,
        primer=_primer(arguments.primer, arguments.key) if arguments.primer else (),
        threshold=arguments.threshold,
        temperature=arguments.temperature,
        style=arguments.style,
        meter=arguments.meter,
        density=arguments.density,
        limit=arguments.limit,
    )


def _improvised(arguments: argparse.Namespace) -> Score:
    """Let the joint model answer a call, if there is one, and a band accompany it, if it shall: as in the app."""
    if arguments.model != generate.JOINT or arguments.primer:
        raise generate.CompositionError("--call and --band need --model joint, and no --primer")
    form = form_named(arguments.form)
    score = call_and_answer(
        _phrase(arguments.call, arguments.tempo) if arguments.call else (),
        form,
        Manner(arguments.style, arguments.temperature, arguments.density, arguments.limit),
        arguments.seed,
        key=arguments.key,
        tempo=arguments.tempo,
        choruses=arguments.choruses,
        meter=arguments.meter,
    )
    feel = "shuffle" if arguments.meter == "12/8" else "swing"
    parts = BAND if arguments.band else ("chords",)
    return accompany(score, feel=feel, seed=arguments.seed, parts=parts, bars_per_chorus=len(form.bars))


def _phrase(path: Path, tempo: float) -> tuple[Note, ...]:
    """Read the call from a MIDI file or a recording, and say on stderr what is left out."""
    is_midi = path.suffix.lower() in MIDI_SUFFIXES
    score = read_midi(path) if is_midi else hum.transcribed(audio.read(path, longest=hum.LONGEST_S), tempo)
    for remark in call.remarks(score):
        print(f"note: {path.name}: {remark}", file=sys.stderr)
    return call.phrase(score)


def _primer(path: Path, key: str) -> tuple[int, ...]:
    """Read seed notes, and say on stderr what is left out or moved."""
    score = read_midi(path)
    for remark in seed_remarks(score, key):
        print(f"note: {path.name}: {remark}", file=sys.stderr)
    return seed_notes(score)


def _refuse_outputs(paths: Sequence[Path]) -> None:
    """Raise before composing if an output cannot be written by suffix."""
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            raise ScoreError(f"cannot write {path.name}; use one of {', '.join(SUFFIXES)}")


def _write(score: Score, paths: Sequence[Path], instruments: dict[str, str]) -> None:
    """Write each file by its suffix; the sound is rendered once."""
    sounds = [path for path in paths if path.suffix.lower() not in PAPER]
    for path in paths:
        if path not in sounds:
            PAPER[path.suffix.lower()](path, score, instruments)
    if sounds:
        sound = render(score, instruments=instruments)
        for path in sounds:
            audio.write(path, sound)


def report(score: Score, form: str) -> dict[str, object]:
    """Measure a piece: length, form, and which bars are segments of the corpus, where the rhythm is as there."""
    measured: dict[str, object] = {"seconds": score.seconds, "notes": len(score.notes)}
    try:
        roll = roll_in_c(score)
    except EncodingError:
        return measured
    _, segments = generate.trained("lstm")
    letters = segment_letters(roll, segments)
    return measured | {"chord_accuracy": chord_accuracy(roll, form_named(form)), "segments": letters}


if __name__ == "__main__":
    sys.exit(main())
