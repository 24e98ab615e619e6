"""Tags and cover of a song, copied to its stems; the only module that imports mutagen.

WAV and MP3 keep ID3 frames, FLAC and OGG Vorbis comments. Within a family everything is copied, between them what both
have a name for, and the pictures. Loudness tags are left out, since a stem is not as loud as its song.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import mutagen
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TXXX, Frames

# Vorbis comment and ID3v2.4 text frame.
FRAME_OF = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "albumartist": "TPE2", "date": "TDRC", "tracknumber": "TRCK",
    "discnumber": "TPOS", "genre": "TCON", "composer": "TCOM", "lyricist": "TEXT", "copyright": "TCOP", "isrc": "TSRC",
    "bpm": "TBPM", "initialkey": "TKEY", "language": "TLAN", "publisher": "TPUB",
}  # fmt: skip
NAME_OF = {frame: name for name, frame in FRAME_OF.items()}
PICTURE = "metadata_block_picture"  # of an OGG file, in base64
LOUDNESS = ("replaygain", "r128_")
TEXT = 3  # UTF-8 in ID3


def copy(source: Path, target: Path) -> str:
    """Copy the tags of a song to a stem.

    Returns:
        Why they could not be copied; empty if they were, or if there are none.
    """
    try:
        song = mutagen.File(source)
        if song is None or not song.tags:
            return ""
        stem = mutagen.File(target)
        if stem.tags is None:
            stem.add_tags()
        _put(stem, _comments(song), pictures(song), song.tags if isinstance(song.tags, ID3) else None)
        stem.save()
    except mutagen.MutagenError as error:
        return f"the tags could not be copied ({error})"
    return ""


def _comments(song: Any) -> dict[str, list[str]]:
    """Read texts by their Vorbis names."""
    if not isinstance(song.tags, ID3):
        return {name: values for name, values in song.tags.as_dict().items() if _is_kept(name)}
    texts = {NAME_OF[name]: [str(t) for t in song.tags[name].text] for name in NAME_OF if name in song.tags}
    return texts | {
        frame.desc.lower(): list(frame.text) for frame in song.tags.getall("TXXX") if _is_kept(frame.desc.lower())
    }


def _is_kept(name: str) -> bool:
    return name != PICTURE and not name.startswith(LOUDNESS)


def pictures(song: Any) -> list[Picture]:
    """Read the cover and what other pictures there are."""
    if isinstance(song, FLAC):
        return list(song.pictures)
    if not isinstance(song.tags, ID3):
        return [Picture(base64.b64decode(text)) for text in song.tags.get(PICTURE, ())]
    pictures = []
    for frame in song.tags.getall("APIC"):
        picture = Picture()
        picture.type, picture.mime, picture.desc, picture.data = frame.type, frame.mime, frame.desc, frame.data
        pictures.append(picture)
    return pictures


def _put(stem: Any, comments: dict[str, list[str]], pictures: list[Picture], frames: ID3 | None) -> None:
    """Set texts and pictures in the tags of a stem; ID3 frames go into ID3 tags as they are."""
    if isinstance(stem.tags, ID3):
        for frame in frames.values() if frames else ():
            if not (frame.FrameID == "TXXX" and frame.desc.lower().startswith(LOUDNESS)) and frame.FrameID != "RVA2":
                stem.tags.add(frame)
        for name, values in {} if frames else comments.items():
            known = FRAME_OF.get(name)
            stem.tags.add(Frames[known](TEXT, values) if known else TXXX(TEXT, name, values))
        for picture in [] if frames else pictures:
            stem.tags.add(APIC(TEXT, picture.mime, picture.type, picture.desc, picture.data))
        return
    for name, values in comments.items():
        stem.tags[name] = values
    if isinstance(stem, FLAC):
        for picture in pictures:
            stem.add_picture(picture)
    elif pictures:
        stem.tags[PICTURE] = [base64.b64encode(picture.write()).decode() for picture in pictures]
