"""The sample-locked player, rendered off line in the real browser: fades, levels, loops, and not a sample of offset."""

import base64
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

RATE = 44_100
FADE = int(0.005 * RATE + 0.5)  # samples; browsers round halves up
FULL_SCALE = 32_768
STEP = 1.01 / 32_767  # browsers divide by 32768 or, above zero, by 32767

# Sounds (16-bit samples, base64) on an OfflineAudioContext; at each time one action is carried out.
RENDER = """
async ({seconds, rate, sounds, before, actions}) => {
  const { Player } = await import("/room/player.js");
  const context = new OfflineAudioContext(1, Math.round(seconds * rate), rate);
  const player = new Player(context);
  const wav = (samples) => {
    const data = Uint8Array.from(atob(samples), (letter) => letter.charCodeAt(0));
    const header = new DataView(new ArrayBuffer(44));
    [..."RIFF    WAVEfmt "].forEach((letter, i) => header.setUint8(i, letter.charCodeAt(0)));
    [[4, 36 + data.length], [16, 16], [24, rate], [28, 2 * rate], [40, data.length]]
      .forEach(([at, value]) => header.setUint32(at, value, true));
    [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => header.setUint16(at, value, true));
    [..."data"].forEach((letter, i) => header.setUint8(36 + i, letter.charCodeAt(0)));
    return URL.createObjectURL(new Blob([header, data], { type: "audio/wav" }));
  };
  await player.load(sounds.map(wav));
  const happened = [];
  player.addEventListener("state", (event) => happened.push(event.detail));
  for (const [method, argument] of before) player[method](argument);
  await player.play(0);
  for (const [time, method, argument] of actions)
    context.suspend(time).then(async () => { await player[method](argument); context.resume(); });
  const rendered = await context.startRendering();
  const wave = new Uint8Array(rendered.getChannelData(0).buffer);
  let bytes = "";
  for (let i = 0; i < wave.length; i += 8192) bytes += String.fromCharCode(...wave.subarray(i, i + 8192));
  return { wave: btoa(bytes), heard: player.heardMs, position: player.position, happened };
}
"""


def rendered(
    page: Page, sounds: list[np.ndarray], actions: list[list[Any]], before: list[list[Any]] | None = None
) -> tuple[np.ndarray, dict[str, Any]]:
    """The wave that the player makes of float sounds in one second, and what it says afterwards."""
    packed = [base64.b64encode(np.round(wave * FULL_SCALE).astype("<i2").tobytes()).decode() for wave in sounds]
    order = {"seconds": 1, "rate": RATE, "sounds": packed, "before": before or [], "actions": actions}
    result = page.evaluate(RENDER, order)
    return np.frombuffer(base64.b64decode(result["wave"]), "<f4").astype(float), result


def constants(*values: float) -> list[np.ndarray]:
    return [np.full(RATE, value) for value in values]


def at(seconds: float) -> int:
    return round(seconds * RATE)


def interleaved(rng: np.random.Generator) -> list[np.ndarray]:
    """Two noises that are never both non-zero: even samples belong to slot 0, odd samples to slot 1."""
    noise = np.round(rng.uniform(0.2, 0.9, RATE) * FULL_SCALE) / FULL_SCALE
    even = np.arange(RATE) % 2 == 0
    return [np.where(even, noise, 0.0), np.where(even, 0.0, noise)]


def delay(wave: np.ndarray, sound: np.ndarray) -> int:
    """By how many samples a wave is later than the sound that it holds a part of."""
    spectrum = np.fft.rfft(wave, 2 * RATE) * np.conj(np.fft.rfft(sound, 2 * RATE))
    return int(np.argmax(np.fft.irfft(spectrum)))


def test_switching_takes_5_ms_out_and_5_ms_in_without_a_sample_of_offset(page: Page) -> None:
    first, second = interleaved(np.random.default_rng(7))
    wave, result = rendered(page, [first, second], [[0.4, "switchTo", 1]])
    start = delay(wave[: at(0.3)], first)
    assert start == delay(np.where(np.arange(RATE) > at(0.5), wave, 0.0), second)
    moved = [np.concatenate([np.zeros(start), sound])[:RATE] for sound in (first, second)]
    gains = [np.interp(np.arange(RATE), np.flatnonzero(m), wave[m > 0] / m[m > 0]) for m in moved]
    out_from = int(np.flatnonzero(gains[0][at(0.3) :] < 1 - 1e-6)[0]) + at(0.3)
    in_from = int(np.flatnonzero(gains[1][at(0.3) :] > 1e-6)[0]) + at(0.3)
    cosine = 0.5 + 0.5 * np.cos(np.pi * np.arange(FADE) / (0.005 * RATE))
    assert gains[0][at(0.1) : out_from] == pytest.approx(1.0, abs=STEP)
    assert gains[0][out_from : out_from + FADE] == pytest.approx(cosine, abs=0.02)  # a sample or two of start
    assert gains[1][in_from : in_from + FADE] == pytest.approx(cosine[::-1], abs=0.02)
    assert gains[0][out_from + FADE + 1 :] == pytest.approx(0.0, abs=1e-6)
    assert gains[1][in_from + FADE + 1 :] == pytest.approx(1.0, abs=STEP)
    assert gains[0][in_from] < 1e-6  # never both
    assert out_from - at(0.4) < 0.004 * RATE  # the browser renders in blocks of 128 samples
    assert FADE <= in_from - out_from < FADE + 0.001 * RATE
    assert result["heard"] == pytest.approx([390, 600], abs=15)


def test_switching_between_constants_never_clicks(page: Page) -> None:
    wave, _ = rendered(page, constants(0.25, 0.5), [[0.4, "switchTo", 1]])
    assert wave[at(0.1) : at(0.4)] == pytest.approx(0.25, abs=1e-4)
    assert wave[at(0.42) : at(0.98)] == pytest.approx(0.5, abs=1e-4)
    assert np.abs(np.diff(wave)).max() < 0.005  # a raised cosine of 5 ms steps by at most 0.0036


def test_frantic_switching_neither_throws_nor_clicks(page: Page) -> None:
    wave, _ = rendered(page, constants(0.25, 0.5), [[0.3 + 0.004 * i, "switchTo", (i + 1) % 2] for i in range(9)])
    assert np.abs(np.diff(wave)).max() < 0.005
    assert wave[at(0.6) :] == pytest.approx(0.5, abs=1e-4)


def test_levels_add_up(page: Page) -> None:
    actions = [[0.2, "setLevels", [1, 1]], [0.6, "setLevels", [0, 0.5]]]
    wave, _ = rendered(page, constants(0.25, 0.5), actions)
    assert wave[at(0.25) : at(0.6)] == pytest.approx(0.75, abs=1e-4)
    assert wave[at(0.65) :] == pytest.approx(0.25, abs=1e-4)
    assert np.abs(np.diff(wave)).max() < 0.005


def test_sound_starts_from_silence_and_pauses_without_a_click(page: Page) -> None:
    wave, result = rendered(page, constants(0.5), [[0.4, "pause", None], [0.6, "play", 0]])
    assert wave[: at(0.009)] == pytest.approx(0.0, abs=1e-6)
    assert (np.diff(wave[: at(0.02)]) >= -1e-6).all()
    assert wave[at(0.41) : at(0.6)] == pytest.approx(0.0, abs=1e-6)
    assert wave[at(0.62) :] == pytest.approx(0.5, abs=1e-4)
    assert np.abs(np.diff(wave)).max() < 0.005
    assert result["happened"] == ["play", "stop", "play"]


def test_a_loop_repeats_its_samples_with_faded_edges(page: Page) -> None:
    noise = np.round(np.random.default_rng(8).uniform(-0.9, 0.9, RATE) * FULL_SCALE) / FULL_SCALE
    region = {"from": 0.1, "to": 0.62}
    wave, result = rendered(page, [noise], [], before=[["setLoop", region]])
    looped = noise[at(0.1) : at(0.62)].copy()
    edge = 0.5 - 0.5 * np.cos(np.pi * (np.arange(FADE) + 0.5) / FADE)
    looped[:FADE] *= edge
    looped[-FADE:] *= edge[::-1]
    start = delay(wave[: at(0.4)], looped)
    heard = wave[start:][: RATE - start]
    expected = np.tile(looped, 2)[: len(heard)]
    # The start of all is faded twice, by the player and by the loop.
    assert heard[FADE + 8 :] == pytest.approx(expected[FADE + 8 :], abs=STEP)
    assert result["position"] == pytest.approx(0.1 + (0.99 % 0.52), abs=0.01)
    assert result["heard"] == pytest.approx([990], abs=15)


def test_switching_inside_a_loop_keeps_the_place(page: Page) -> None:
    first, second = interleaved(np.random.default_rng(9))
    loop = {"from": 0.0, "to": 0.5}
    wave, _ = rendered(page, [first, second], [[0.7, "switchTo", 1]], before=[["setLoop", loop]])
    lead = delay(wave[: at(0.4)], first)
    tail = np.arange(at(0.75), at(0.95))
    assert wave[tail] == pytest.approx(second[(tail - lead) % at(0.5)], abs=STEP)


@pytest.mark.parametrize("region", [{"from": 0.1, "to": 0.5}, {"from": 0.4, "to": 1.2}, {"from": -0.1, "to": 0.9}])
def test_a_loop_that_is_too_short_or_does_not_fit_is_refused(page: Page, region: dict[str, float]) -> None:
    with pytest.raises(Exception, match="does not fit"):
        rendered(page, constants(0.5), [], before=[["setLoop", region]])


def test_the_volume_scales_whatever_is_heard(page: Page) -> None:
    quiet = "player.volume = 0.5;"
    script = RENDER.replace("const happened", quiet + " const happened")
    packed = base64.b64encode(np.round(np.full(RATE, 0.5) * FULL_SCALE).astype("<i2").tobytes()).decode()
    result = page.evaluate(script, {"seconds": 1, "rate": RATE, "sounds": [packed], "before": [], "actions": []})
    wave = np.frombuffer(base64.b64decode(result["wave"]), "<f4")
    assert wave[at(0.5) :] == pytest.approx(0.25, abs=1e-3)
