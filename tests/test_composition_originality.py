"""Copies planted at known places are found where they are, in every key; what only looks alike is not."""

from importlib import resources

import numpy as np
import pytest

from models.composition.originality import (
    FILE_NAME,
    SHORTEST_RUN,
    STYLES,
    Index,
    OriginalityError,
    Run,
    index,
    load,
    tokens_of,
    windows_of,
)
from models.composition.score import Note

PIECES, LENGTH = 40, 60


def melody(seed, length=LENGTH):
    """Random intervals and distances: two such melodies share no five notes."""
    generator = np.random.default_rng(seed)
    pitches = 60 + generator.integers(-20, 21, length)
    starts = np.cumsum(generator.choice([3, 4, 6, 8, 9, 12, 18], length))
    return [Note(int(start), 2, int(pitch), 90, "melody") for start, pitch in zip(starts, pitches, strict=True)]


def moved(notes, semitones=0, ticks=0):
    return [Note(note.start + ticks, note.duration, note.pitch + semitones, 64, "melody") for note in notes]


def joined(*parts):
    """Put melodies one after another, 30 ticks from onset to onset."""
    notes = []
    for part in parts:
        notes += moved(part, ticks=notes[-1].start + 30 - part[0].start if notes else 0)
    return notes


@pytest.fixture(scope="module")
def corpus():
    return Index.of(((f"piece {seed}", windows_of(tokens_of(melody(seed)))) for seed in range(PIECES)), usual_run=7)


def test_a_piece_of_the_corpus_is_one_run_of_its_own(corpus):
    assert corpus.copied(melody(11)) == (Run(0, LENGTH, "piece 11"),)
    assert corpus.novelty(melody(11), 4) == corpus.novelty(melody(11), 12) == 0.0


def test_a_melody_of_its_own_has_no_copies(corpus):
    assert corpus.copied(melody(1000)) == ()
    assert corpus.longest(melody(1000)) is None
    assert corpus.novelty(melody(1000), 4) == 1.0


@pytest.mark.parametrize("semitones", [-5, 0, 3])
def test_planted_copies_are_found_at_their_places_in_any_key(corpus, semitones):
    own, other = melody(1000, 20), melody(2000, 10)
    first, second = moved(melody(3)[10:19], semitones), moved(melody(7)[40:52], semitones)
    notes = joined(own, first, other, second)
    assert corpus.copied(notes) == (Run(20, 9, "piece 3"), Run(39, 12, "piece 7"))
    assert corpus.longest(notes) == Run(39, 12, "piece 7")


def test_another_rhythm_or_another_note_is_no_copy(corpus):
    copy = melody(5)[20:30]
    late = copy[:5] + moved(copy[5:], ticks=1)
    assert corpus.copied(late) == (Run(0, 5, "piece 5"), Run(5, 5, "piece 5"))
    wrong = [*copy[:5], *moved(copy[5:6], semitones=1), *copy[6:]]
    assert corpus.copied(wrong) == (Run(0, 5, "piece 5"),)


def test_runs_of_two_pieces_may_overlap():
    long = melody(1, 20)
    index = Index.of([("left", windows_of(tokens_of(long[:13]))), ("right", windows_of(tokens_of(long[6:])))])
    assert index.copied(long) == (Run(0, 13, "left"), Run(6, 14, "right"))


def test_novelty_counts_the_n_grams_that_are_not_there(corpus):
    notes = joined(melody(1000, 20), melody(3)[10:19])  # 28 tokens, the last 8 of them copied
    assert corpus.novelty(notes, 4) == pytest.approx(1 - 5 / 25)
    assert corpus.novelty(notes, 8) == pytest.approx(1 - 1 / 21)
    assert corpus.novelty(notes, 9) == 1.0
    assert np.isnan(corpus.novelty(notes[:4], 4))


@pytest.mark.parametrize("limit", [4, 5, 9])
def test_a_copy_is_completed_by_the_note_after_the_limit(corpus, limit):
    tokens = tokens_of(joined(melody(1000, 20), melody(3)[10:30]))[19:]  # the first leads into the copy
    told = [corpus.completes(tokens[:end], tokens[end], limit) for end in range(len(tokens))]
    assert told == [end >= limit for end in range(len(tokens))]
    assert not corpus.completes(tokens[:limit], (tokens[limit][0] + 1, tokens[limit][1]), limit)


def test_a_thousand_melodies_of_a_copyist_stay_within_the_limit(corpus):
    generator = np.random.default_rng(7)
    free = [corpus.longest(copyist(corpus, None, generator)) for _ in range(20)]
    limited = [corpus.longest(copyist(corpus, 6, generator)) for _ in range(1000)]
    assert max(run.notes for run in free if run) == 20
    assert max(run.notes for run in limited if run) == 6


def copyist(corpus, limit, generator):
    """Play 20 notes of the corpus, piece after piece; leave off only where the limit forbids the next note."""
    notes = melody(3)[:1]
    piece, place = melody(3), 1
    while len(notes) < 20:
        if place < LENGTH:
            wait = piece[place].start - piece[place - 1].start
            token = (piece[place].pitch - notes[-1].pitch, wait)
            if limit is None or not corpus.completes(tokens_of(notes), token, limit):
                notes.append(Note(notes[-1].start + wait, 1, piece[place].pitch, 90, "melody"))
                place += 1
                continue
        piece, place = melody(int(generator.integers(PIECES))), int(generator.integers(1, LENGTH))
    return notes


def test_without_a_piece_its_copies_are_new(corpus):
    rest = corpus.without({"piece 11", "piece 12"})
    assert len(rest.names) == PIECES - 2
    assert rest.copied(melody(11)) == ()
    assert rest.copied(melody(13)) == corpus.copied(melody(13))


def test_an_index_is_saved_and_read_back(corpus, tmp_path):
    corpus.save(tmp_path / "index.npz")
    again = load(tmp_path / "index.npz")
    assert (again.names, again.usual_run) == (corpus.names, 7)
    assert again.copied(melody(3)) == corpus.copied(melody(3))


def test_short_melodies_and_limits(corpus):
    assert corpus.copied([]) == corpus.copied(melody(3)[: SHORTEST_RUN - 1]) == ()
    with pytest.raises(OriginalityError, match="4 tokens on, got 3"):
        corpus.novelty(melody(3), 3)
    with pytest.raises(OriginalityError, match="got 2"):
        corpus.completes([], (1, 1), 2)


@pytest.mark.parametrize("style", STYLES)
def test_the_shipped_indexes_name_their_pieces_and_hold_no_notes(style):
    shipped = index(style)
    assert shipped is index(style)
    assert all(shipped.names)
    assert SHORTEST_RUN <= shipped.usual_run <= 12
    with np.load(resources.files("models.composition") / FILE_NAME.format(style=style)) as file:
        assert sorted(file) == ["names", "usual_run", "windows"]
        hashes = file["windows"][file["windows"] > 0]
    assert abs(hashes.mean() / 2**32 - 0.5) < 0.02  # spread as hashes are, not as notes are


def test_a_style_without_a_corpus_is_refused():
    with pytest.raises(OriginalityError, match="'bebop'; choose one of licks, weimar"):
        index("bebop")
