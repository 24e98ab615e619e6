"""What users of separators complain of, each complaint with the test that it does not happen here.

What the page answers for stands in test_browser_separate.py: a limit of uploads that surprises, a player that jumps or
forgets its volume, a slider that ends on a stale value; and the time left there in test_browser_separate_stems.py.
"""

import base64
import io
import socket
from collections.abc import Iterator
from pathlib import Path

import mutagen
import numpy as np
import pytest
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TALB, TIT2, TXXX

import audio
from audio import Audio, AudioError, Format
from models import checkpoint
from models.separation import stream
from models.separation.batch import follow
from models.separation.separate import BLOCK_FRAMES, DEFAULT, LOADERS, Probabilities, predict, split
from models.separation.spectrogram import BINS, FRAME, HOP, frames
from models.separation.stream import Cut, separate_file

MODEL = DEFAULT
FLOAT = Cut(MODEL, 0.5, 0.0, "wav", "float")
COVER = b"\x89PNG picture"


def noise(seconds: float, rate: int = 44_100, channels: int = 2, level: float = 0.1) -> Audio:
    shape = (channels, max(1, round(seconds * rate)))
    return Audio((level * np.random.default_rng(0).standard_normal(shape)).astype(np.float32), rate)


def stems_of(song: Audio, folder: Path, cut: Cut = FLOAT) -> list[Audio]:
    audio.write(folder / "song.wav", song, "float")
    separate_file(folder / "song.wav", folder / "out" / "song", cut)
    return [audio.read(folder / "out" / "song" / f"{stem}.{cut.suffix}") for stem in stream.STEMS]


def test_memory_explodes_on_long_files(tmp_path: Path) -> None:
    """However long the song, never more of it is read ahead of the written vocals than a few blocks."""
    song = tmp_path / "song.wav"
    block = noise(1.0, channels=1)
    audio.write_blocks(song, (block for _ in range(120)), Format(44_100, 1, 120 * 44_100))
    read, furthest = 0, 0

    def counted() -> Iterator[Audio]:
        nonlocal read
        for part in audio.read_blocks(song):
            read += part.samples.shape[1]
            yield part

    written = 0
    for part in stream.vocal_blocks(song, counted(), 44_100, FLOAT):
        furthest = max(furthest, read - written)
        written += part.samples.shape[1]
    assert furthest < 5 * BLOCK_FRAMES * HOP < 120 * 44_100 / 2


def test_clicks_at_the_seams_of_chunks(tmp_path: Path) -> None:
    song = noise((BLOCK_FRAMES + 200) * HOP / 44_100, 48_000)
    whole = split(song, predict(song, MODEL))
    for in_blocks, unchunked in zip(stems_of(song, tmp_path), whole, strict=True):
        assert np.abs(in_blocks.samples - unchunked.samples).max() < 1e-4


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_stems_do_not_sum_to_the_song_or_have_another_rate(rate: int, tmp_path: Path) -> None:
    song = noise(1.0, rate)
    stems = stems_of(song, tmp_path)
    assert [(stem.samples.shape, stem.sample_rate) for stem in stems] == [(song.samples.shape, rate)] * 2
    assert np.abs(sum(stem.samples for stem in stems) - song.samples).max() < 1e-6


@pytest.mark.parametrize("channels", [1, 6])
@pytest.mark.parametrize("seconds", [0.0, 0.5])
def test_mono_surround_and_the_shortest_songs_fail(channels: int, seconds: float, tmp_path: Path) -> None:
    song = noise(seconds, 48_000, channels)
    stems = stems_of(song, tmp_path)
    assert np.abs(sum(stem.samples for stem in stems) - song.samples).max() < 1e-6


def test_silence_and_files_without_samples(tmp_path: Path) -> None:
    for stem in stems_of(Audio(np.zeros((2, 5000), np.float32), 44_100), tmp_path):
        assert not stem.samples.any()
    audio.write_blocks(tmp_path / "nothing.wav", [], Format(44_100, 2, 0))
    with pytest.raises(AudioError, match="holds no samples"):
        separate_file(tmp_path / "nothing.wav", tmp_path / "nothing", FLOAT)
    assert not (tmp_path / "nothing").exists()


def test_stems_clip(tmp_path: Path) -> None:
    """Both stems are turned down by one gain, so that they still sum to the song at that gain."""
    song = Audio(np.sign(noise(1.0).samples) * np.float32(0.99), 44_100)
    audio.write(tmp_path / "song.wav", song, "float")
    written = separate_file(tmp_path / "song.wav", tmp_path / "loud", Cut(MODEL, 0.5, 1.0, "flac", "24"))
    stems = [audio.read(tmp_path / "loud" / f"{stem}.flac").samples for stem in stream.STEMS]
    assert written.gain < 1.0
    assert max(np.abs(stem).max() for stem in stems) == pytest.approx(1.0, abs=1e-5)
    assert np.abs(sum(stems) - written.gain * song.samples).max() < 1e-6


@pytest.mark.parametrize(("cut", "step"), [(FLOAT, 1e-7), (Cut(MODEL, 0.5, 0.0, "flac", "24"), 2**-23)])
def test_stems_are_cut_to_16_bits(cut: Cut, step: float, tmp_path: Path) -> None:
    song = noise(0.3)
    for stem, exact in zip(stems_of(song, tmp_path, cut), split(song, predict(song, MODEL)), strict=True):
        assert np.abs(stem.samples - exact.samples).max() <= step + 1e-7


def test_high_frequencies_are_cut(tmp_path: Path) -> None:
    """What lies above the band of the network, and above the 22 kHz of its sample rate, is still in the stems."""
    t = np.arange(96_000) / 96_000
    tones = [np.sin(2 * np.pi * hz * t).astype(np.float32) for hz in (18_000, 30_000)]
    stems = stems_of(Audio(0.2 * sum(tones)[None], 96_000), tmp_path)
    for tone in tones:
        assert sum(float(stem.samples[0] @ tone) for stem in stems) == pytest.approx(0.2 * 48_000, rel=1e-3)


def test_too_much_is_removed_and_nothing_helps(tmp_path: Path) -> None:
    song = noise(1.0)
    energies = [
        float((stems_of(song, tmp_path, Cut(MODEL, alpha, 0.0, "wav", "float"))[0].samples ** 2).sum())
        for alpha in (0.0, 0.1, 0.5, 0.9)
    ]
    assert energies == sorted(energies, reverse=True) and energies[0] > energies[-1]
    assert energies[0] == pytest.approx(float((song.samples**2).sum()))


def test_the_piano_bleeds_into_the_vocals() -> None:
    """A higher alpha drops what is less surely voice than the voice, softness turns it down by how sure it is."""
    t = np.arange(44_100) / 44_100
    piano, voice = (np.sin(2 * np.pi * hz * t).astype(np.float32) for hz in (300, 1_500))
    song = Audio(0.2 * (piano + voice)[None], 44_100)
    levels = np.full((BINS, frames(44_100)), 230, np.uint8)
    levels[: round(900 / 44_100 * FRAME)] = 150

    def kept(alpha: float, softness: float) -> list[float]:
        vocals, _ = split(song, Probabilities(levels, "drawn"), alpha, softness=softness)
        return [float(vocals.samples[0] @ tone) / (0.2 * 22_050) for tone in (piano, voice)]

    assert kept(0.5, 0.0) == pytest.approx([1.0, 1.0], abs=0.01)
    assert kept(0.7, 0.0) == pytest.approx([0.0, 1.0], abs=0.01)
    assert kept(0.5, 1.0) == pytest.approx([150 / 256, 230 / 256], abs=0.01)


@pytest.mark.parametrize(("source", "target"), [("mp3", "flac"), ("flac", "mp3"), ("ogg", "wav"), ("wav", "ogg")])
def test_tags_and_cover_are_lost(source: str, target: str, tmp_path: Path) -> None:
    song = tmp_path / f"song.{source}"
    audio.write(song, noise(0.3))
    _tag(song)
    written = separate_file(song, tmp_path / "out", Cut(MODEL, 0.5, 0.0, target))
    assert written.tags_fault == ""
    for stem in stream.STEMS:
        found = mutagen.File(tmp_path / "out" / f"{stem}.{target}")
        if isinstance(found.tags, ID3):
            texts = [str(found.tags[frame]) for frame in ("TIT2", "TALB", "TXXX:mood")]
            cover = found.tags.getall("APIC")[0].data
        else:
            texts = [found.tags[name][0] for name in ("title", "album", "mood")]
            cover = stream.tags.pictures(found)[0].data
        assert (texts, cover) == (["Süße Träume", "First", "calm"], COVER)
        assert "replaygain" not in str(found.tags).lower()


def _tag(path: Path) -> None:
    """Give a file a title, an album, a tag of its own, a loudness and a cover, as its family keeps them."""
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    picture = Picture()
    picture.type, picture.mime, picture.data = 3, "image/png", COVER
    if isinstance(file.tags, ID3):
        gain = TXXX(3, "REPLAYGAIN_TRACK_GAIN", "-6 dB")
        for frame in (TIT2(3, "Süße Träume"), TALB(3, "First"), TXXX(3, "mood", "calm"), gain):
            file.tags.add(frame)
        file.tags.add(APIC(3, "image/png", 3, "", COVER))
    else:
        texts = {"title": "Süße Träume", "album": "First", "mood": "calm", "replaygain_track_gain": "-6 dB"}
        file.tags.update({name: [text] for name, text in texts.items()})
        if isinstance(file, FLAC):
            file.add_picture(picture)
        else:
            file.tags["metadata_block_picture"] = [base64.b64encode(picture.write()).decode()]
    file.save()


def test_the_time_left_is_wrong() -> None:
    """A song that takes 100 s is said to take 90 s more after the first tenth, and 10 s after nine tenths."""
    now, shown = [0.0], io.StringIO()
    show = follow("song", shown, lambda: now[0])
    for now[0] in (10.0, 90.0, 100.0):
        show(now[0] / 100)
    first, later, _ = shown.getvalue().strip("\r").split("\r")[:3]
    assert "10%" in first and "1:30 left" in first
    assert "90%" in later and "0:10 left" in later


def test_it_is_refused_after_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written is refused before the first sample is read."""
    monkeypatch.setattr(stream, "read_blocks", lambda path: pytest.fail("the song was read"))
    audio.write(tmp_path / "song.wav", noise(0.1, 96_000, 6))
    with pytest.raises(AudioError, match="holds 2 channels at up to 48000 Hz, not 6"):
        separate_file(tmp_path / "song.wav", tmp_path / "out", Cut(MODEL, 0.5, 0.0, "mp3"))
    with pytest.raises(AudioError, match=r"would have 5\.1 GB; use flac"):
        audio.refuse_unwritable("stem.wav", Format(44_100, 2, 4 * 3600 * 44_100), "float")
    monkeypatch.setattr(stream.shutil, "disk_usage", lambda folder: stream.shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(AudioError, match=r"0\.0 GB free"):
        separate_file(tmp_path / "song.wav", tmp_path / "out", FLOAT)


def test_files_are_left_half_written(tmp_path: Path) -> None:
    def stop(done: float) -> None:
        raise KeyboardInterrupt

    audio.write(tmp_path / "song.wav", noise(0.5))
    with pytest.raises(KeyboardInterrupt):
        separate_file(tmp_path / "song.wav", tmp_path / "out", FLOAT, stop)
    assert [path.name for path in tmp_path.iterdir()] == ["song.wav"]


def test_weights_vanish_from_where_they_were_hosted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default model is loaded from the project itself, without a connection."""
    monkeypatch.setattr(socket, "socket", lambda *_, **__: pytest.fail("a connection was opened"))
    assert checkpoint.is_shipped(DEFAULT)
    assert LOADERS[DEFAULT]().predict_proba
