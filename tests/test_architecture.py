"""The arrows of the house: who may import whom, and in which rooms each library lives."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("app", "audio", "models", "listening_test", "tabs", "training", "benchmarks")

COMPOSE_TAB = ("tabs.compose_mount", "tabs.compose_take")
SEPARATE_TAB = ("tabs.separate_cut", "tabs.separate_progress", "tabs.separate_song")

# The longest prefix that fits an importer decides what it may import of ours; "." stands for itself.
ARROWS = {
    "audio": (),
    "models": (),
    "models.checkpoint": (),
    "models.memory": (),
    "models.composition": ("audio", "models.checkpoint", "models.composition"),
    "models.separation": ("audio", "models.checkpoint", "models.memory", "models.separation"),
    "models.example_song": ("audio", "models.composition"),
    "listening_test": ("audio", "listening_test"),
    "listening_test.prepare": ("audio", "listening_test", "models"),
    "training": (),
    "training.pages": (),
    "training.claims": (),
    "training.report": ("training",),
    "training.composition": (
        *("audio", "models.checkpoint", "models.composition", "training.composition", "training.pages"),
    ),
    "training.separation": (
        *("audio", "models.checkpoint", "models.separation", "training.separation", "training.pages"),
    ),
    "tabs": ("audio", "models", "listening_test"),
    # The Compose tab fills several files; tabs still never see one another.
    "tabs.compose": (
        *("models", *COMPOSE_TAB, "tabs.compose_comparison", "tabs.compose_judged", "tabs.compose_live"),
        *("tabs.compose_settings", "tabs.why_lstm"),
    ),
    "tabs.compose_comparison": ("models", *COMPOSE_TAB),
    "tabs.compose_judged": ("models", *COMPOSE_TAB),
    "tabs.compose_live": ("audio", "models"),
    "tabs.compose_phrase": ("audio", "models", *COMPOSE_TAB),
    "tabs.compose_settings": ("models", *COMPOSE_TAB, "tabs.compose_phrase"),
    "tabs.compose_take": ("audio", "models"),
    "tabs.why_lstm": ("tabs.compose_take",),
    # So does the Separate tab.
    "tabs.separate": (
        "audio",
        "models",
        *SEPARATE_TAB,
        "tabs.separate_curves",
        "tabs.separate_download",
        "tabs.separate_report",
        "tabs.separate_settings",
    ),
    "tabs.separate_curves": ("audio", "models", *SEPARATE_TAB),
    "tabs.separate_download": ("audio", "models", *SEPARATE_TAB),
    "tabs.separate_settings": ("models", "tabs.separate_cut"),
    "tabs.separate_report": ("tabs.separate_cut",),
    "tabs.separate_cut": ("audio", "models", "tabs.separate_song"),
    "app": ("tabs", "models.memory", "listening_test.routes"),
    "benchmarks": ("audio", "models", "listening_test", "training", "benchmarks"),
}

# Inside a room: a file may import only files that stand before it. Files that are not listed may import any listed.
ORDER = {
    "models.composition": (
        *(
            "blues_form",
            "score",
            "notation",
            "primer",
            "events",
            "encoding",
            "markov",
            "walks",
            "networks",
            "originality",
        ),
        *("context", "joint", "line", "improvise", "generate"),
    ),
    "models.separation": (
        *("bss_eval", "spectrogram", "blocks", "mask", "networks", "recurrent", "baselines", "engines", "separate"),
        *("tags", "stream", "batch", "sweep"),
    ),
}

LIBRARIES = {
    "gradio": ("app", "tabs"),
    "uvicorn": ("app",),
    "fastapi": ("app", "listening_test.routes"),
    "fluidsynth": ("models.composition.render", "training.separation.bands"),
    "pyworld": ("training.separation.singing",),
    "pretty_midi": ("models.composition.score",),
    "mido": ("models.composition.score",),
    "sqlalchemy": tuple(
        f"listening_test.{name}" for name in ("schema", "journal", "database", "store", "arena_store", "archive")
    ),
    "ray": ("models.separation.library",),
    "huggingface_hub": ("listening_test.mirror",),
    "pyloudnorm": ("audio",),
    "soundfile": ("audio",),
    "mutagen": ("models.separation.tags",),
    "soxr": ("audio",),
    "safetensors": ("models.checkpoint",),
    "torch": ("models", "training", "benchmarks"),
    "librosa": ("models.separation.baselines", "models.composition.hum", "training", "benchmarks"),
    # The analysis has tables; what runs while listeners listen has none.
    "pandas": (
        *("listening_test.screening", "listening_test.contrasts", "listening_test.graded", "listening_test.votes"),
        *("listening_test.adjusted", "listening_test.reliability", "listening_test.mixed_model"),
        *("listening_test.statistics", "listening_test.simulated_study", "listening_test.power"),
        *("listening_test.export", "listening_test.public", "listening_test.figures", "listening_test.report"),
        "listening_test.__main__",
        "training",
    ),
    "statsmodels": ("listening_test.contrasts", "listening_test.mixed_model", "listening_test.power"),
    "evalica": ("listening_test.reliability",),
    "mir_eval": ("training", "benchmarks"),
    "matplotlib": (
        *("listening_test.figures", "training.separation.figures"),
        *("training.composition.joint_figures", "training.composition.judge_figures"),
    ),
    "yaml": ("listening_test.study", "listening_test.translation"),
}


def within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


def imports(tree: ast.AST) -> list[str]:
    """Every module that a file imports, also inside functions; `from a import b` counts as a and as a.b."""
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                found.append("." * node.level)
            else:
                found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found


def violations(module: str, source: str, modules: set[str]) -> list[str]:
    """What `module` imports against the tables; `modules` are the dotted names of all our files."""
    faults = []
    for name in imports(ast.parse(source)):
        ours = next((known for known in (name, name.rpartition(".")[0]) if known in modules), None)
        if name.startswith("."):
            faults.append(f"{module}: relative import")
        elif ours or name.split(".")[0] in ROOMS:
            faults += arrow_faults(module, ours or name)
        else:
            allowed = LIBRARIES.get(name.split(".")[0])
            if allowed is not None and not any(within(module, room) for room in allowed):
                faults.append(f"{module}: {name.split('.')[0]} lives in {', '.join(allowed)}")
    return faults


def arrow_faults(importer: str, imported: str) -> list[str]:
    rule = max((prefix for prefix in ARROWS if within(importer, prefix)), key=len)
    allowed = (*ARROWS[rule], importer)
    if not any(within(imported, prefix) for prefix in allowed):
        return [f"{importer}: may not import {imported}"]
    for room, order in ORDER.items():
        if within(importer, room) and within(imported, room):
            here, there = importer.removeprefix(room + "."), imported.removeprefix(room + ".")
            if here in order and (there not in order or order.index(there) >= order.index(here)):
                return [f"{importer}: {there} does not stand before {here}"]
    return []


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files() -> dict[str, Path]:
    found = [ROOT / "app.py", ROOT / "audio.py"]
    for room in ROOMS[2:]:
        found += (ROOT / room).rglob("*.py")
    return {dotted(path): path for path in found}


def test_every_import_follows_the_arrows() -> None:
    known = files()
    assert len(known) > 20
    faults = [fault for name, path in known.items() for fault in violations(name, path.read_text(), set(known))]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("module", "line", "fault"),
    [
        ("audio", "from models import checkpoint", "may not import models.checkpoint"),
        ("models.separation.mask", "from models.composition import score", "may not import models.composition.score"),
        ("models.composition.score", "from models.composition import networks", "does not stand before"),
        ("models.composition.blues_form", "import models.composition.render", "does not stand before"),
        ("listening_test.session", "import models.checkpoint", "may not import models.checkpoint"),
        ("listening_test.session", "def f():\n    import torch", "torch lives in"),
        ("listening_test.store", "import gradio as gr", "gradio lives in"),
        ("tabs.compose", "from tabs import separate", "may not import tabs.separate"),
        ("tabs.separate", "from tabs import compose_take", "may not import tabs.compose_take"),
        ("tabs.compose", "from training.composition import corpus", "may not import training.composition"),
        ("app", "from models import checkpoint", "may not import models.checkpoint"),
        ("app", "from listening_test import store", "may not import listening_test.store"),
        ("benchmarks.startup", "import app", "may not import app"),
        ("training.composition.train", "from . import corpus", "relative import"),
        ("models.composition.generate", "import pretty_midi", "pretty_midi lives in"),
    ],
)
def test_a_planted_violation_is_found(module: str, line: str, fault: str) -> None:
    faults = violations(module, line, set(files()))
    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("listening_test.prepare", "from models.composition import render"),
        ("tabs.listen", "from listening_test import study"),
        ("models.composition.render", "import fluidsynth"),
    ],
)
def test_a_permitted_import_passes(module: str, line: str) -> None:
    assert violations(module, line, set(files())) == []


def test_only_the_files_of_the_plan_stand_at_the_top() -> None:
    python = {path.name for path in ROOT.glob("*.py")}
    assert python == {"app.py", "audio.py"}
    meaningless = {"utils.py", "helpers.py", "common.py", "misc.py"}
    assert not [path for path in files().values() if path.name in meaningless]
