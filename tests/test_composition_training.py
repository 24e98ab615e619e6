"""The corpora, their floors, and training: candidates, resumption."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from models import checkpoint
from models.composition.blues_form import BASIC, BEBOP
from models.composition.encoding import CHORD_UNITS, UNITS, chord_roll
from models.composition.generate import network_of
from models.composition.networks import NetworkConfig, build
from training.composition import corpus
from training.composition.corpus import CORPORA
from training.composition.evaluate import delayed, group_losses
from training.composition.train import train

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("form", CORPORA)
def test_a_table_of_the_segments_reaches_both_floors(form):
    """An oracle that knows the corpus: certain except where the two segments of a bar first differ."""
    songs = CORPORA[form].rolls(corpus.codes()).astype(np.float64)
    logits = np.where(songs > 0, 40.0, -40.0)
    categorical = 0.0
    for bar, (first, second) in enumerate(CORPORA[form].segments):
        beat = next(beat for beat in range(4) if first[beat] != second[beat])
        units = [CHORD_UNITS + segment[beat] - 60 for segment in (first, second)]
        logits[:, bar * 8 + beat * 2, units] = 0.0
        categorical += math.log(2)
    network = build(NetworkConfig(), torch.Generator())
    chords, melody = group_losses(network, torch.from_numpy(logits), torch.from_numpy(songs)).tolist()
    assert abs(melody - CORPORA[form].floor_nats(independent=True)) < 1e-9
    assert abs(categorical - CORPORA[form].floor_nats(independent=False)) < 1e-9
    assert chords < 1e-9
    assert CORPORA[form].floor_nats(independent=True) == pytest.approx(24 * math.log(2))


def test_unseen_songs_are_an_eighth_and_apart_from_the_seen():
    seen, unseen = ({tuple(code) for code in codes.tolist()} for codes in (corpus.seen_codes(), corpus.unseen_codes()))
    assert len(unseen) == 512
    assert len(seen | unseen) == 4096
    assert 0.4 < corpus.unseen_codes().mean() < 0.6


@pytest.mark.parametrize(("form", "window"), [(BEBOP, 9), (BASIC, 32)])
def test_the_window_that_makes_every_next_chord_certain(form, window):
    chart = np.concatenate([chord_roll(form)] * 2)

    def certain(length):
        following = {}
        for step in range(form.steps, 2 * form.steps):
            heard = chart[step - length : step].tobytes()
            if following.setdefault(heard, chart[step].tobytes()) != chart[step].tobytes():
                return False
        return True

    assert certain(window)
    assert not certain(window - 1)


def test_training_goes_on_where_it_stopped(tmp_path, monkeypatch):
    whole = train("lstm", CORPORA["bebop"], "quick", 3, tmp_path / "whole")
    real_save = checkpoint.save
    for place in range(1, 8):  # stopped anew at each epoch and between the stages
        saved = []

        def save_some(path, content, saved=saved, place=place):
            if len(saved) == place:
                raise KeyboardInterrupt
            saved.append(real_save(path, content))

        monkeypatch.setattr(checkpoint, "save", save_some)
        folder = tmp_path / f"broken{place}"
        try:
            train("lstm", CORPORA["bebop"], "quick", 3, folder)
        except KeyboardInterrupt:
            monkeypatch.setattr(checkpoint, "save", real_save)
            resumed = train("lstm", CORPORA["bebop"], "quick", 3, folder)
        assert all(torch.equal(resumed.tensors[name], whole.tensors[name]) for name in whole.tensors)
        assert resumed.provenance["curve"] == whole.provenance["curve"]
    with pytest.raises(ValueError, match="another recipe"):
        train("lstm", CORPORA["basic"], "quick", 3, tmp_path / "whole")


def test_training_keeps_the_best_candidate_and_leaves_its_cells_alone(tmp_path):
    melody = train("rnn", CORPORA["basic"], "quick", 1, tmp_path)
    chords = checkpoint.load(tmp_path / "rnn-chords-1.safetensors")
    losses = chords.provenance["curve"][-1]
    assert len(losses) == 2
    assert chords.provenance["kept"] == int(np.argmin(losses))
    assert melody.provenance["curve"][1][1] < melody.provenance["curve"][0][1]  # the melody is learned
    inputs = torch.rand(1, 20, UNITS)
    of_chords, with_melody = network_of(chords), network_of(melody)
    alone, _ = of_chords(inputs[..., :CHORD_UNITS], of_chords.initial_state())
    together, _ = with_melody(inputs, with_melody.initial_state())
    torch.testing.assert_close(together[..., :CHORD_UNITS], alone)


@pytest.mark.parametrize("form", CORPORA)
def test_corpus_command_writes_all_songs(tmp_path, form):
    command = [sys.executable, "-m", "training.composition.corpus", "--form", form, "--out", str(tmp_path)]
    subprocess.run([*command, "--midi", "2"], cwd=ROOT, check=True, capture_output=True)
    with np.load(tmp_path / "corpus.npz") as written:
        assert written["songs"].shape == (4096, BEBOP.steps, UNITS)
        assert written["codes"].shape == (4096, 12)
        assert written["segments"].shape == (12, 2, 4)
    assert len(list(tmp_path.glob("*.mid"))) == 2


def test_a_chorus_is_heard_one_step_late():
    chorus = torch.arange(6.0).reshape(1, 3, 2)
    assert delayed(chorus, torch.tensor([[8.0, 9.0]])).tolist() == [[[8, 9], [0, 1], [2, 3]]]
