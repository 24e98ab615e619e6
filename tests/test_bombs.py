"""Small uploads that pretend to be large, or would become so: refused by their headers, before anything is decoded."""

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

import audio
from models.composition.score import ScoreError, read_midi

CHEAP = 50 * 2**20  # bytes; what a refusal may cost


def sound(kind: str, channels: int = 2, rate: int = 48_000, seconds: float = 0.1) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros((round(seconds * rate), channels), np.float32), rate, format=kind)
    return buffer.getvalue()


def claiming(flac: bytes, frames: int) -> bytes:
    """The same FLAC with another count of samples in its STREAMINFO, the low 36 bits of bytes 18 to 25 (RFC 9639)."""
    (fields,) = struct.unpack(">Q", flac[18:26])
    return flac[:18] + struct.pack(">Q", fields >> 36 << 36 | frames) + flac[26:]


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("song.wav", bytes(20 * 2**20))
    return buffer.getvalue()


BOMBS = {
    "a FLAC of eight channels at 192 kHz": (claiming(sound("FLAC", 8, 192_000), 500 * 192_000), "too many to read"),
    "a FLAC of a month": (claiming(sound("FLAC"), 2**36 - 1), "minutes; the limit here is 10 minutes"),
    "silence that packs": (sound("FLAC", 8, 8_000, 700), "the limit here is 10 minutes"),
    "a zip": (zipped(), "cannot be read as audio"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_before_it_is_decoded(name: str, tmp_path: Path) -> None:
    content, reason = BOMBS[name]
    path = tmp_path / "song.flac"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(audio.AudioError, match=reason):
        audio.read(path, longest=600)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < CHEAP


def test_a_wav_that_claims_more_than_it_has_is_read_up_to_its_end(tmp_path: Path) -> None:
    content = bytearray(sound("WAV"))
    content[4:8] = content[40:44] = struct.pack("<I", 2**31)
    (tmp_path / "song.wav").write_bytes(content)
    assert audio.read(tmp_path / "song.wav", longest=600).samples.shape == (2, 4_800)


@pytest.mark.parametrize("claimed", [2**32 - 1, 2**20])
def test_a_midi_header_that_claims_more_than_the_file_has_is_refused(tmp_path: Path, claimed: int) -> None:
    (tmp_path / "song.mid").write_bytes(b"MThd" + struct.pack(">IHHH", claimed, 1, 1, 480) + bytes(64))
    with pytest.raises(ScoreError, match="not a readable MIDI file"):
        read_midi(tmp_path / "song.mid")


def test_a_midi_whose_only_note_is_a_year_away_is_refused(tmp_path: Path) -> None:
    far, note = b"\xff\xff\xff\x7f", b"\x90\x40\x40"
    track = far * 1 + note + far + b"\x80\x40\x40" + b"\0\xff\x2f\0"
    (tmp_path / "song.mid").write_bytes(
        b"MThd" + struct.pack(">IHHH", 6, 0, 1, 1) + b"MTrk" + struct.pack(">I", len(track)) + track
    )
    with pytest.raises(ScoreError):
        read_midi(tmp_path / "song.mid")
