"""The separated song as the page plays it, rendered off line in the real browser: what `split` gives, and no click."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from audio import Audio
from models.separation.layers import packed
from models.separation.separate import Probabilities, split
from models.separation.spectrogram import BINS, frames

RATE = 44_100
QUANTUM = 128  # samples that Web Audio renders at once
FADE = 256
TONE_HZ, TONE = 441.0, 0.5
EXACT = 2e-6  # float32, against a song of 0.9

# A song (WAV and packed levels, base64) on an OfflineAudioContext; at each time one action is carried out. Each mix is
# [alpha, softness, rule, levels].
RENDER = """
async ({seconds, wav, levels, mix, actions}) => {
  const { LayersPlayer, SAMPLE_RATE } = await import("/room/layers_player.js");
  const { mixGains, stemGains } = await import("/room/separate_mask.js");
  const context = new OfflineAudioContext(2, Math.round(seconds * SAMPLE_RATE), SAMPLE_RATE);
  const player = new LayersPlayer(context);
  const url = (text) => URL.createObjectURL(new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]));
  const gains = ([alpha, softness, rule, levels]) => mixGains(stemGains({ alpha, softness, rule }), levels);
  const act = { mix: (mix) => player.setGains(gains(mix)), seek: (at) => player.seek(at), play: () => player.play(),
    pause: () => player.pause(), loop: (loop) => player.setLoop(loop),
    again: () => player.load({ sound: url(wav), levels: url(levels) }, true) };
  await player.load({ sound: url(wav), levels: url(levels) });
  await act.mix(mix);
  await player.play();
  const positions = [];
  for (const [time, name, argument] of actions)
    context.suspend(time).then(async () => {
      await act[name](argument);
      positions.push(player.position);
      context.resume();
    });
  const rendered = await context.startRendering();
  const channels = [0, 1].map((channel) => {
    const wave = new Uint8Array(rendered.getChannelData(channel).buffer);
    let bytes = "";
    for (let i = 0; i < wave.length; i += 8192) bytes += String.fromCharCode(...wave.subarray(i, i + 8192));
    return btoa(bytes);
  });
  return { channels, positions, position: player.position, playing: player.playing };
}
"""
BOTH = {"song": 0, "vocals": 1, "accompaniment": 1}
VOCALS = {"song": 0, "vocals": 1, "accompaniment": 0}
ACCOMPANIMENT = {"song": 0, "vocals": 0, "accompaniment": 1}
ORIGINAL = {"song": 1, "vocals": 0, "accompaniment": 0}


@pytest.fixture(scope="module")
def page(app_url: str, browser: Browser) -> Iterator[Page]:
    """A page of the app's origin with nothing on it: it can import the app's modules."""
    bare = browser.new_page()
    bare.goto(f"{app_url}/healthz")
    yield bare
    bare.close()


def song(seconds: float = 0.7) -> Audio:
    """Stereo noise that fits 16 bits exactly."""
    noise = np.random.default_rng(3).integers(-29_000, 29_000, (2, round(seconds * RATE)))
    return Audio((noise / 32_768).astype(np.float32), RATE)


def probabilities(sound: Audio) -> Probabilities:
    shape = BINS, frames(sound.samples.shape[1])
    return Probabilities(np.random.default_rng(4).integers(0, 256, shape, dtype=np.uint8), "drawn")


def wav(sound: Audio) -> bytes:
    """A 16-bit WAV file."""
    data = np.round(sound.samples.T * 32_768).astype("<i2").tobytes()
    size, fields = len(data).to_bytes(4, "little"), (1, sound.channels)
    form = b"".join(value.to_bytes(2, "little") for value in fields) + RATE.to_bytes(4, "little")
    form += (2 * sound.channels * RATE).to_bytes(4, "little") + (2 * sound.channels).to_bytes(2, "little") + b"\x10\x00"
    return b"RIFF" + (36 + len(data)).to_bytes(4, "little") + b"WAVEfmt \x10\x00\x00\x00" + form + b"data" + size + data


def rendered(
    page: Page, sound: Audio, levels: Probabilities, mix: list[Any], actions: list[list[Any]], seconds: float = 0.0
) -> tuple[np.ndarray, dict[str, Any]]:
    """What the page plays of a song, (channel, sample), and what it says afterwards."""
    files = {"wav": wav(sound), "levels": packed(levels)}
    order = {name: base64.b64encode(data).decode() for name, data in files.items()}
    order |= {"seconds": seconds or sound.duration, "mix": mix, "actions": actions}
    result = page.evaluate(RENDER, order)
    waves = [np.frombuffer(base64.b64decode(channel), "<f4").astype(float) for channel in result["channels"]]
    return np.stack(waves), result


def tone(seconds: float) -> tuple[Audio, Probabilities]:
    """A tone that is heard as vocals below alpha = 0.5 and above it not at all."""
    wave = TONE * np.sin(2 * np.pi * TONE_HZ * np.arange(round(seconds * RATE)) / RATE)
    sound = Audio(np.stack([wave, wave]).astype(np.float32), RATE)
    return sound, Probabilities(np.full((BINS, frames(len(wave))), 127, np.uint8), "drawn")


def turn(seconds: float) -> int:
    """The sample at which the browser carries out an action: it renders in quanta."""
    return int(np.ceil(seconds * RATE / QUANTUM)) * QUANTUM


def binary(alpha: float) -> list[Any]:
    return [alpha, 0.0, "complement", VOCALS]


WHOLE = [0.5, 0.0, "complement", BOTH]
# Of neighbouring samples: the tone's own steepest step, and that of the fade.
STEEPEST = TONE * (2 * np.pi * TONE_HZ / RATE + np.pi / (2 * FADE))


@pytest.mark.parametrize(
    ("alpha", "softness", "rule"),
    [(0.0, 0.0, "complement"), (0.37, 0.0, "complement"), (0.8, 0.6, "paper"), (0.3, 1.0, "complement")],
)
def test_the_page_plays_what_split_computes(page: Page, alpha: float, softness: float, rule: str) -> None:
    sound = song()
    levels = probabilities(sound)
    for heard, stem in zip(
        (VOCALS, ACCOMPANIMENT), split(sound, levels, alpha, rule=rule, softness=softness), strict=True
    ):
        wave, _ = rendered(page, sound, levels, [alpha, softness, rule, heard], [])
        assert np.abs(wave - stem.samples)[:, FADE:].max() < EXACT


def test_a_mix_of_both_stems_and_the_original_are_the_song(page: Page) -> None:
    sound = song()
    wave, _ = rendered(
        page, sound, probabilities(sound), [0.4, 0.7, "complement", BOTH], [[0.3, "mix", [*WHOLE[:3], ORIGINAL]]]
    )
    assert np.abs(wave - sound.samples)[:, FADE:].max() < EXACT


def test_a_drag_of_alpha_is_heard_within_12_ms_of_sound(page: Page) -> None:
    sound, levels = tone(0.7)
    wave, _ = rendered(page, sound, levels, binary(0.4), [[0.3, "mix", binary(0.6)]])
    begins = turn(0.3)
    assert np.abs(wave - sound.samples)[:, FADE:begins].max() < 1e-4
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(FADE) + 0.5) / FADE)
    heard = slice(begins, begins + FADE)
    assert np.abs(wave[:, heard] - fade * sound.samples[:, heard]).max() < 1e-4
    assert np.abs(wave[:, heard.stop :]).max() < 1e-6
    assert (heard.stop - 0.3 * RATE) / RATE < 0.012


def test_a_frantic_drag_never_clicks_and_ends_where_it_ends(page: Page) -> None:
    sound, levels = tone(0.7)
    alphas = np.random.default_rng(5).uniform(0.3, 0.7, 60)
    drag = [[0.1 + 0.004 * i, "mix", binary(alpha)] for i, alpha in enumerate([*alphas, 0.6, 0.4])]
    wave, _ = rendered(page, sound, levels, binary(0.4), drag)
    assert np.abs(np.diff(wave)).max() < STEEPEST
    assert np.abs(wave[:, turn(0.1) : turn(0.35)]).min(axis=0).max() > 0.9 * TONE  # it was heard now and then
    last = turn(0.1 + 0.004 * len(alphas) + 0.004) + 2 * FADE
    assert np.abs(wave - sound.samples)[:, last:].max() < 1e-4


def test_pause_jump_and_play_do_not_click_and_land_on_the_sample(page: Page) -> None:
    sound, levels = tone(0.7)
    actions = [[0.2, "pause", None], [0.3, "seek", 0.1], [0.4, "play", None], [0.5, "seek", 0.2]]
    wave, result = rendered(page, sound, levels, WHOLE, actions)
    assert np.abs(np.diff(wave)).max() < STEEPEST
    assert np.abs(wave[:, turn(0.2) + FADE : turn(0.4)]).max() < 1e-6
    for begins, position, ends in ((turn(0.4), 0.1, turn(0.5)), (turn(0.5), 0.2, wave.shape[1])):
        expected = sound.samples[:, round(position * RATE) + FADE :][:, : ends - begins - FADE]
        assert np.abs(wave[:, begins + FADE : ends] - expected).max() < 1e-4
    assert result["position"] == pytest.approx(0.2 + 0.7 - turn(0.5) / RATE, abs=2 * QUANTUM / RATE)


def test_a_loop_goes_round_to_the_sample_and_a_new_separation_plays_on(page: Page) -> None:
    sound = song(0.5)
    first, period = round(0.05 * RATE), round(0.27 * RATE) - round(0.05 * RATE)
    actions = [[0.1, "loop", {"from": 0.05, "to": 0.27}], [0.8, "again", None]]
    wave, result = rendered(page, sound, probabilities(sound), WHOLE, actions, seconds=1.2)
    place = np.arange(wave.shape[1]) - first
    expected = sound.samples[:, first + place % period]
    # Each round begins with the quantum after its end; there, and where the song is exchanged, one fade.
    fading = (place < 0) | (place % period < QUANTUM + FADE) | (abs(place + first - turn(0.8)) < QUANTUM + FADE)
    assert np.abs(wave - expected)[:, ~fading].max() < EXACT
    assert result["playing"]
    assert 0.05 <= result["position"] <= 0.28


def test_the_end_of_the_song_stops_at_its_beginning(page: Page) -> None:
    sound = song(0.3)
    wave, result = rendered(page, sound, probabilities(sound), WHOLE, [], seconds=0.5)
    assert np.abs(wave[:, FADE : sound.samples.shape[1]] - sound.samples[:, FADE:]).max() < EXACT
    assert not wave[:, sound.samples.shape[1] :].any()
    assert (result["playing"], result["position"]) == (False, 0)
