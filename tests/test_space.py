"""What a Hugging Face Space gets: the assembled tree is whole, and what would break it is found."""

from collections.abc import Callable
from pathlib import Path

import fluidsynth
import pytest
import space_tree


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    space_tree.assemble(tmp_path / "space")
    return tmp_path / "space"


def test_the_assembled_tree_has_no_fault(tree: Path) -> None:
    assert space_tree.faults(tree) == []
    assert {"app.py", "requirements.txt", "pre-requirements.txt", "packages.txt"} <= {
        path.name for path in tree.iterdir()
    }
    assert "*.safetensors filter=lfs" in (tree / ".gitattributes").read_text()


def changed(name: str, old: str, new: str) -> Callable[[Path], object]:
    def change(tree: Path) -> None:
        text = (tree / name).read_text()
        assert old in text
        (tree / name).write_text(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("harm", "fault"),
    [
        (changed("README.md", "sdk_version: 6", "sdk_version: 5"), "sdk_version is '5.31.0', not '6.31.0'"),
        (changed("README.md", '"3.11"', "3.11"), "python_version is 3.11, not '3.11'"),
        (changed("README.md", "emoji:", "emojis:"), "emoji is missing"),
        (changed("README.md", "blind\nsugg", "blind, again and again\nsugg"), "longer than 60"),
        (changed("README.md", "app_file: app.py", "app_file: main.py"), "app_file is not there"),
        (changed("README.md", "](LICENSE)", "](COPYING)"), "COPYING is not in the tree"),
        (changed("requirements.txt", "torch==", "torch>="), "'torch>=2.13.0' is not an exact pin"),
        (changed("pre-requirements.txt", "+cpu", ""), "without CUDA"),
        (changed("packages.txt", "libfluidsynth3", "fluidsynth"), "libfluidsynth3 is missing"),
        (lambda tree: (tree / "song.xyz").write_bytes(b"\0" * 9), "song.xyz: the hub takes it through LFS only"),
        (lambda tree: (tree / "key").write_text("hf_" + "a" * 34), "key: holds a secret"),
        (lambda tree: (tree / "Makefile").write_text(""), "Makefile: not for the Space"),
        (lambda tree: (tree / "models" / "song.wav").write_text(""), "models/song.wav: not for the Space"),
    ],
)
def test_what_would_break_the_space_is_found(tree: Path, harm: Callable[[Path], object], fault: str) -> None:
    harm(tree)
    found = space_tree.faults(tree)
    assert any(fault in each for each in found), found


def test_the_container_gets_what_the_space_gets() -> None:
    """By copying the same rooms and installing from the same files; the image itself is not built here."""
    lines = (space_tree.ROOT / "Dockerfile").read_text().splitlines()
    copied = {name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]}
    assert copied == set(space_tree.PUSHED)


def test_fluidsynth_is_the_right_distribution() -> None:
    """A package of the other name would shadow pyfluidsynth's single module with a folder."""
    assert Path(fluidsynth.__file__).name == "fluidsynth.py"
    assert hasattr(fluidsynth, "Synth")
    pins = space_tree.pins(space_tree.ROOT)
    assert "pyfluidsynth" in pins
    assert "fluidsynth" not in pins
