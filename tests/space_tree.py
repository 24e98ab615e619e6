"""The tree that is pushed to a Hugging Face Space: the rooms that the app needs, without tests and tools, and checked.

Whatever is binary goes through LFS, as the hub demands.
"""

import re
import shutil
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PUSHED = (
    *("app.py", "audio.py", "README.md", "LICENSE", "requirements.txt", "pre-requirements.txt", "packages.txt"),
    *("models", "listening_test", "tabs", "training", "benchmarks"),
)
KINDS = {"", ".py", ".js", ".css", ".md", ".txt", ".yaml", ".json", ".csv", ".svg", ".png", ".safetensors", ".npz"}
LARGEST_PLAIN = 10 * 2**20  # bytes; above it the hub takes a file through LFS only
LARGEST_TREE = 2**30  # bytes; what a free Space may hold
COLOURS = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
DEMANDED = {
    *("title", "emoji", "colorFrom", "colorTo", "sdk", "sdk_version", "python_version", "app_file", "pinned"),
    *("license", "short_description", "suggested_hardware", "startup_duration_timeout"),
}
PIN = re.compile(r"[A-Za-z0-9_.-]+(\[[a-z]+\])?==[0-9][0-9A-Za-z.+]*")
SECRET = re.compile(rb"hf_[A-Za-z0-9]{30,}|-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}")
LINK = re.compile(r"\]\(([^)#:]+)\)")  # to a file, not to another host


def assemble(folder: Path, source: Path = ROOT) -> None:
    """Copy what is pushed into a new folder, with the rules that send binary files through LFS."""
    folder.mkdir(parents=True)
    for name in PUSHED:
        if (source / name).is_dir():
            shutil.copytree(source / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source / name, folder / name)
    suffixes = sorted({path.suffix for path in files(folder) if is_binary(path)})
    rules = "".join(f"*{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in suffixes)
    (folder / ".gitattributes").write_text(rules)


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return b"\0" in file.read(2**13)


def faults(folder: Path) -> list[str]:
    """What would keep the tree from being pushed, built or started, in words."""
    return [*front_matter_faults(folder), *pin_faults(folder), *file_faults(folder), *link_faults(folder)]


def front_matter(folder: Path) -> dict[str, object]:
    _, block, _ = (folder / "README.md").read_text().split("---\n", 2)
    found: dict[str, object] = yaml.safe_load(block)
    return found


def pins(folder: Path, name: str = "requirements.txt") -> dict[str, str]:
    """The versions that a file of requirements demands, by distribution."""
    lines = (line.strip() for line in (folder / name).read_text().splitlines())
    return dict(line.split("==") for line in lines if "==" in line)


def front_matter_faults(folder: Path) -> list[str]:
    found = front_matter(folder)
    expected = {
        "sdk": "gradio",
        "sdk_version": pins(folder)["gradio"],  # another one would be installed over the pin
        "python_version": "3.11",  # as text: YAML reads 3.10 as 3.1
        "license": "apache-2.0",
    }
    wrong = [
        f"README.md: {key} is {found.get(key)!r}, not {value!r}"
        for key, value in expected.items()
        if found.get(key) != value
    ]
    wrong += [f"README.md: {key} is missing" for key in sorted(DEMANDED - set(found))]
    wrong += [
        f"README.md: {key} is no colour of a Space" for key in ("colorFrom", "colorTo") if found.get(key) not in COLOURS
    ]
    if len(str(found.get("short_description"))) > 60:
        wrong.append("README.md: short_description is longer than 60 characters")
    return wrong + ([] if (folder / str(found.get("app_file"))).is_file() else ["README.md: app_file is not there"])


def pin_faults(folder: Path) -> list[str]:
    lines = (folder / "requirements.txt").read_text().splitlines()
    wrong = [f"requirements.txt: {line!r} is not an exact pin" for line in lines if not PIN.fullmatch(line)]
    torch, first = pins(folder).get("torch"), pins(folder, "pre-requirements.txt")
    if first != {"torch": f"{torch}+cpu"}:
        wrong.append(f"pre-requirements.txt has to bring torch {torch} without CUDA, and nothing else: {first}")
    needed = {"libfluidsynth3", "fluid-soundfont-gm"} - set((folder / "packages.txt").read_text().split())
    return wrong + [f"packages.txt: {name} is missing" for name in sorted(needed)]


def file_faults(folder: Path) -> list[str]:
    rules = {line.split()[0].removeprefix("*") for line in (folder / ".gitattributes").read_text().splitlines()}
    wrong = []
    for path in files(folder):
        name = str(path.relative_to(folder))
        if path.suffix not in rules and (is_binary(path) or path.stat().st_size > LARGEST_PLAIN):
            wrong.append(f"{name}: the hub takes it through LFS only")
        if name.split("/")[0] not in (*PUSHED, ".gitattributes") or path.suffix not in KINDS:
            wrong.append(f"{name}: not for the Space")
        if SECRET.search(path.read_bytes()):
            wrong.append(f"{name}: holds a secret")
    size = sum(path.stat().st_size for path in files(folder))
    return wrong + ([f"the tree has {size} bytes, more than {LARGEST_TREE}"] if size > LARGEST_TREE else [])


def link_faults(folder: Path) -> list[str]:
    links = LINK.findall((folder / "README.md").read_text())
    return [f"README.md: {link} is not in the tree" for link in links if not (folder / link).exists()]
