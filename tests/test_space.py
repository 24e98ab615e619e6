"""What a Hugging Face Space reads: front matter, pins, Debian packages."""

import sys
from pathlib import Path

import fluidsynth
import yaml

ROOT = Path(__file__).parent.parent


def front_matter() -> dict[str, object]:
    _, block, _ = (ROOT / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(block)


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text().split()
    return dict(line.split("==") for line in lines)


def test_the_space_gets_the_gradio_that_is_pinned() -> None:
    assert front_matter()["sdk"] == "gradio"
    assert front_matter()["sdk_version"] == pins()["gradio"]


def test_the_space_runs_the_python_that_the_pins_need() -> None:
    assert front_matter()["python_version"] == "3.11"
    assert sys.version_info >= (3, 11)


def test_the_space_finds_its_front_door_and_licence() -> None:
    assert (ROOT / str(front_matter()["app_file"])).is_file()
    assert front_matter()["license"] == "apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_the_debian_packages_bring_synthesiser_and_sound_font() -> None:
    assert {"libfluidsynth3", "fluid-soundfont-gm"} <= set((ROOT / "packages.txt").read_text().split())


def test_fluidsynth_is_the_right_distribution() -> None:
    """A package of the other name would shadow pyfluidsynth's single module with a folder."""
    assert Path(fluidsynth.__file__).name == "fluidsynth.py"
    assert hasattr(fluidsynth, "Synth")
    assert "pyfluidsynth" in pins()
    assert "fluidsynth" not in pins()
