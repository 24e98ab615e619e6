"""Generation, rendering and the command line."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import audio
from models.composition.__main__ import main
from models.composition.blues_form import BEBOP, FORMS, MELODY_PITCHES, form_named
from models.composition.encoding import CHORD_UNITS, decode
from models.composition.generate import (
    COMPOSERS,
    CompositionError,
    Request,
    available,
    compose,
    draw,
    steps,
    trained,
)
from models.composition.metrics import chord_accuracy, form_errors, roll_in_c, segment_letters
from models.composition.primer import in_register
from models.composition.render import RELEASE_S, RenderError, render
from models.composition.score import INSTRUMENTS, Note, Score, ScoreError, read_midi

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("model", ["lstm", "markov", "random-walk", "corpus"])
def test_same_seed_same_piece_and_another_seed_another(model):
    assert compose(model, seed=5) == compose(model, seed=5)
    assert compose(model, seed=5) != compose(model, seed=6)
    assert compose(model, seed=5).seconds == 24.0


@pytest.mark.parametrize("form", FORMS)
def test_the_network_of_experiment_one_plays_its_chart_and_no_melody(form):
    score = compose("lstm-chords", form=form, key="G", choruses=8, seed=1)
    assert form_errors(score, form_named(form)) == ()
    assert score.part("melody").notes == ()
    assert {note.part for note in score.notes} == {"chords"}
    with pytest.raises(CompositionError, match="chords only"):
        compose("lstm-chords", form=form, primer=[60])


@pytest.mark.parametrize("form", FORMS)
def test_a_model_that_is_not_shipped_for_a_form_is_refused_by_name(form):
    assert {"random-walk", "lstm-chords"} <= set(available(form)) <= set(COMPOSERS)
    for model in set(COMPOSERS) - set(available(form)):
        with pytest.raises(CompositionError, match=f"no {model} is shipped for the form {form}"):
            compose(model, form=form)


def test_form_errors_name_the_bars_counted_through_all_choruses():
    score = compose("random-walk", choruses=2, key="Eb")
    assert form_errors(score, form_named("bebop")) == ()
    wrong = [note for note in score.notes if not (note.part == "chords" and note.start // 48 in (3, 20))]
    spoilt = replace(score, notes=tuple(wrong))
    assert form_errors(spoilt, form_named("bebop")) == (3, 20)
    assert len(form_errors(score, form_named("basic"))) > 10


def test_the_tables_play_the_primer_and_the_chart():
    score = compose("markov", choruses=4, primer=(60, 64, 67), seed=4)
    assert form_errors(score, form_named("bebop")) == ()
    assert [note.pitch for note in score.part("melody").notes[:3]] == [60, 64, 67]


def test_iterator_and_compose_play_the_same():
    network, _ = trained("lstm")
    request = Request(BEBOP, seed=11, primer=(60, 64, 67))
    roll = np.stack(list(islice(steps(network, request, np.random.default_rng(11)), BEBOP.steps)))
    assert decode(roll, 96) == compose(seed=11, primer=(60, 64, 67), tempo=96)


def test_composing_leaves_the_shared_network_and_torch_alone():
    network, _ = trained("lstm")
    before = [weight.clone() for weight in network.parameters()]
    random_state = torch.get_rng_state()
    compose(seed=1)
    assert all(torch.equal(one, two) for one, two in zip(before, network.parameters(), strict=True))
    assert torch.equal(random_state, torch.get_rng_state())


@pytest.mark.parametrize("count", range(25))
def test_every_length_of_primer_begins_the_piece(count):
    primer = tuple(60 + (5 * note) % 13 for note in range(count))
    melody = compose(seed=2, primer=primer).part("melody").notes
    assert tuple(note.pitch for note in melody[:count]) == primer
    assert melody[-1].start + melody[-1].duration == 12 * 48


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["C", "G", "F#", "Bb", "A#"]),
    st.lists(st.integers(0, 127), max_size=24),
    st.floats(0.05, 0.95),
    st.floats(0.1, 2.0),
    st.integers(0, 2**32 - 1),
)
def test_any_allowed_request_gives_a_whole_one_voiced_piece(key, primer, threshold, temperature, seed):
    score = compose(key=key, primer=primer, threshold=threshold, temperature=temperature, seed=seed)
    roll = roll_in_c(score)
    assert len(roll) == BEBOP.steps
    assert (roll[:, CHORD_UNITS:].sum(axis=1) == 1).all()
    played = [note.pitch % 12 for note in score.part("melody").notes[: len(primer)]]
    assert played == [pitch % 12 for pitch in primer]


@given(st.integers(-20, 140))
def test_register_keeps_the_pitch_class(pitch):
    assert in_register(pitch) in MELODY_PITCHES
    assert (in_register(pitch) - pitch) % 12 == 0


def test_notes_are_drawn_in_proportion_to_their_probabilities():
    generator = np.random.default_rng(0)
    probabilities = np.array([0.6, 0.2, 0.0], np.float32)
    counts = np.bincount([draw(probabilities, 1.0, generator) for _ in range(4000)], minlength=3)
    assert counts[0] == pytest.approx(3000, abs=140)  # five standard deviations
    assert counts[2] == 0
    cold = [draw(probabilities, 0.1, generator) for _ in range(200)]
    assert set(cold) == {0}


def test_corpus_songs_are_made_of_the_segments_and_walks_are_pentatonic():
    _, segments = trained("lstm")
    song, walk = (roll_in_c(compose(model, seed=3, choruses=3, key="Eb")) for model in ("corpus", "random-walk"))
    assert "?" not in segment_letters(song, segments)
    assert chord_accuracy(song, BEBOP) == chord_accuracy(walk, BEBOP) == 1.0
    pitches = {note.pitch % 12 for note in compose("random-walk", choruses=8).part("melody").notes}
    assert pitches <= {0, 2, 4, 7, 9}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"model": "gpt"}, "gpt"),
        ({"form": "waltz"}, "waltz"),
        ({"key": "H"}, "H"),
        ({"tempo": 301}, "301"),
        ({"tempo": float("nan")}, "nan"),
        ({"choruses": 0}, "0"),
        ({"choruses": 9}, "9"),
        ({"seed": -1}, "-1"),
        ({"seed": 2**32}, "4294967296"),
        ({"primer": [60] * 25}, "25"),
        ({"threshold": 1.0}, "1"),
        ({"temperature": 0.0}, "0"),
        ({"model": "corpus", "primer": [60]}, "seed notes"),
    ],
)
def test_values_out_of_range_are_refused_by_value(wrong, named):
    with pytest.raises(ValueError, match=named):
        compose(**wrong)


@pytest.fixture(scope="module")
def short():
    notes = tuple(Note(12 * beat, 12, 60 + beat, 100, "melody") for beat in range(8))
    return Score((*notes, Note(0, 96, 48, 64, "chords")), (), 240, 96)


def test_render_is_exact_stereo_and_at_its_loudness(short):
    sound = render(short)
    assert sound.samples.shape == (2, round((short.seconds + RELEASE_S) * 44100))
    assert audio.loudness(sound) == pytest.approx(-18.0, abs=0.05)
    assert np.abs(sound.samples).max() < 1.0
    assert np.abs(sound.samples[0] - sound.samples[1]).max() > 0.001
    assert np.abs(sound.samples[:, -1]).max() < 1e-4


def test_render_is_bit_identical_and_depends_on_the_instrument(short):
    first = render(short)
    assert np.array_equal(first.samples, render(short).samples)
    with ThreadPoolExecutor(3) as visitors:
        together = list(visitors.map(lambda _: render(short), range(3)))
    assert all(np.array_equal(first.samples, sound.samples) for sound in together)
    other = render(short, instruments={"melody": "Harmonica", "chords": "Organ"})
    assert not np.array_equal(first.samples, other.samples)


def test_notes_sound_when_and_as_high_as_written(short):
    sound = render(short.part("melody"), instruments={"melody": "Vibraphone", "chords": "Piano"})
    for beat in range(8):
        start = round(beat * 0.25 * 44100) + 2000
        spectrum = np.abs(np.fft.rfft(sound.samples[0, start : start + 8192] * np.hanning(8192), 65536))
        heard = np.argmax(spectrum) * 44100 / 65536
        written = 440 * 2 ** ((60 + beat - 69) / 12)
        assert abs(12 * np.log2(heard / written)) < 0.3


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_sounds(short, instrument):
    sound = render(short, instruments={"melody": instrument, "chords": instrument}, sample_rate=22050)
    assert audio.loudness(sound) == pytest.approx(-18.0, abs=0.1)


def test_an_empty_score_is_silence_of_its_length():
    sound = render(Score((), (), 120, 96))
    assert np.abs(sound.samples).max() <= 1 / 32768  # the synthesiser's dither
    assert sound.duration == pytest.approx(4 + RELEASE_S)


def test_missing_sound_font_names_the_package(short, monkeypatch, tmp_path):
    monkeypatch.setenv("SOUNDFONT", str(tmp_path / "none.sf2"))
    with pytest.raises(RenderError, match="apt-get install libfluidsynth3 fluid-soundfont-gm"):
        render(short)
    (tmp_path / "none.sf2").write_bytes(b"not a font")
    with pytest.raises(RenderError, match=r"none\.sf2 is not a sound font"):
        render(short)


def test_missing_library_names_the_package(short, monkeypatch):
    monkeypatch.setitem(sys.modules, "fluidsynth", None)
    with pytest.raises(RenderError, match="apt-get install libfluidsynth3"):
        render(short)


def test_the_binding_is_pyfluidsynth():
    import fluidsynth

    assert hasattr(fluidsynth, "Synth")
    assert fluidsynth.__file__.endswith("fluidsynth.py")


def test_unknown_instrument_and_rate_are_refused(short):
    with pytest.raises(ScoreError, match="Kazoo"):
        render(short, instruments={"melody": "Kazoo", "chords": "Piano"})
    with pytest.raises(RenderError, match="4000"):
        render(short, sample_rate=4000)


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "models.composition", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CI": "true"},  # where pyfluidsynth prints; the report stays JSON
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_command_writes_every_format_and_reports(tmp_path):
    outs = [tmp_path / f"take.{suffix}" for suffix in ("mid", "wav", "flac")]
    options = [option for out in outs for option in ("--out", out)]
    done = command("--key", "G", "--tempo", 240, "--seed", 7, "--json", *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["seconds"] == 12.0
    assert report["chord_accuracy"] == 1.0
    assert len(report["segments"]) == 12
    assert read_midi(outs[0]) == compose(key="G", tempo=240, seed=7)
    wav, flac = audio.read(outs[1]), audio.read(outs[2])
    assert wav.duration == pytest.approx(12.0 + RELEASE_S, abs=1e-4)
    np.testing.assert_allclose(wav.samples, flac.samples, atol=1.01 / 32768)  # two roundings to 16 bits


def test_command_refuses_bad_input_in_one_line_and_exits_with_2(tmp_path):
    (tmp_path / "garbage.mid").write_bytes(b"this is not MIDI")
    done = command("--primer", tmp_path / "garbage.mid", "--out", tmp_path / "take.wav")
    assert done.returncode == 2
    assert done.stderr.startswith("error: garbage.mid is not a readable MIDI file")
    assert len(done.stderr.strip().splitlines()) == 1


def test_command_takes_a_primer_and_lists_models(tmp_path, capsys):
    assert main(["--model", "random-walk", "--seed", "1", "--out", str(tmp_path / "walk.mid")]) == 0
    assert main(["--primer", str(tmp_path / "walk.mid"), "--out", str(tmp_path / "on.mid")]) == 0
    walk, on = (read_midi(tmp_path / name).part("melody").notes for name in ("walk.mid", "on.mid"))
    assert [note.pitch for note in walk[:24]] == [note.pitch for note in on[:24]]
    assert main(["--list"]) == 0
    assert "lstm, lstm-wide, markov, random-walk, corpus" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--tempo", "20"], "tempo 20"),
        (["--seed", "-3"], "-3"),
        (["--key", "Q"], "Q"),
        (["--out", "take.mp3"], "take.mp3"),
        (["--primer", "absent.mid"], "absent.mid"),
        (["--melody", "Kazoo", "--out", "take.mid"], "Kazoo"),
        (["--out", "no/such/folder/take.mid"], "no/such/folder"),
    ],
)
def test_bad_values_are_named(tmp_path, monkeypatch, capsys, arguments, named):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert named in line
    assert list(tmp_path.iterdir()) == []


def test_command_without_a_sound_font_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SOUNDFONT", str(tmp_path / "none.sf2"))
    assert main(["--out", str(tmp_path / "take.wav")]) == 2
    assert "apt-get install" in capsys.readouterr().err


def test_requests_refuse_nonsense():
    with pytest.raises(CompositionError, match="temperature"):
        Request(BEBOP, temperature=float("nan"))
