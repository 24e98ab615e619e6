"""The sample-locked player, rendered off line in the real browser: levels, fades, no overlap, one clock."""

import numpy as np
import pytest
from playwright.sync_api import Page

RATE = 44_100

# Two constant sounds (0.25 and 0.5) on an OfflineAudioContext; at each time one action is carried out.
RENDER = """
async ({seconds, rate, actions}) => {
  const { Player } = await import("/room/player.js");
  const context = new OfflineAudioContext(1, seconds * rate, rate);
  const player = new Player(context);
  const sound = (value) => {
    const bytes = new DataView(new ArrayBuffer(44 + 2 * seconds * rate));
    [...("RIFF    WAVEfmt ")].forEach((letter, i) => bytes.setUint8(i, letter.charCodeAt(0)));
    [[4, 36 + 2 * seconds * rate], [16, 16], [24, rate], [28, 2 * rate], [40, 2 * seconds * rate]]
      .forEach(([at, value]) => bytes.setUint32(at, value, true));
    [[20, 1], [22, 1], [32, 2], [34, 16]].forEach(([at, value]) => bytes.setUint16(at, value, true));
    [..."data"].forEach((letter, i) => bytes.setUint8(36 + i, letter.charCodeAt(0)));
    for (let i = 0; i < seconds * rate; i++) bytes.setInt16(44 + 2 * i, Math.round(value * 32768), true);
    return URL.createObjectURL(new Blob([bytes], { type: "audio/wav" }));
  };
  await player.load([sound(0.25), sound(0.5)]);
  await player.play(0);
  for (const [time, method, argument] of actions)
    context.suspend(time).then(() => { player[method](argument); context.resume(); });
  const rendered = await context.startRendering();
  return { wave: Array.from(rendered.getChannelData(0)), heard: player.heardMs };
}
"""


def rendered(page: Page, actions: list[list[object]], seconds: int = 1) -> tuple[np.ndarray, list[int]]:
    result = page.evaluate(RENDER, {"seconds": seconds, "rate": RATE, "actions": actions})
    return np.array(result["wave"]), result["heard"]


def at(seconds: float) -> int:
    return round(seconds * RATE)


def test_switching_fades_out_then_in_and_never_sounds_both(page: Page) -> None:
    wave, heard = rendered(page, [[0.4, "switchTo", 1]])
    assert wave[at(0.1) : at(0.4)] == pytest.approx(0.25, abs=1e-4)
    assert wave[at(0.42) : at(0.98)] == pytest.approx(0.5, abs=1e-4)
    gap = wave[at(0.4) : at(0.42)]
    silent = np.flatnonzero(gap < 1e-3)
    assert len(silent)  # the old sound is gone before the new one comes
    assert (np.diff(gap[: silent[0]]) <= 1e-6).all()
    assert (np.diff(gap[silent[-1] :]) >= -1e-6).all()
    assert np.abs(np.diff(wave)).max() < 0.005  # no click: a raised cosine of 5 ms steps by at most 0.0036
    assert heard[0] == pytest.approx(400, abs=15)
    assert heard[1] == pytest.approx(600, abs=15)


def test_frantic_switching_neither_throws_nor_clicks(page: Page) -> None:
    wave, _ = rendered(page, [[0.3 + 0.004 * i, "switchTo", (i + 1) % 2] for i in range(9)])
    assert np.abs(np.diff(wave)).max() < 0.005
    assert wave[at(0.6) :] == pytest.approx(0.5, abs=1e-4)


def test_levels_add_up(page: Page) -> None:
    wave, _ = rendered(page, [[0.2, "setLevels", [1, 1]], [0.6, "setLevels", [0, 0.5]]])
    assert wave[at(0.25) : at(0.6)] == pytest.approx(0.75, abs=1e-4)
    assert wave[at(0.65) :] == pytest.approx(0.25, abs=1e-4)
    assert np.abs(np.diff(wave)).max() < 0.005


def test_sound_starts_from_silence(page: Page) -> None:
    wave, _ = rendered(page, [])
    assert wave[: at(0.009)] == pytest.approx(0.0, abs=1e-6)
    assert (np.diff(wave[: at(0.02)]) >= -1e-6).all()
