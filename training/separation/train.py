"""Train a separation network: python -m training.separation.train --data DIR... --preset NAME --out FILE [--ship]."""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from audio import AudioError
from models import checkpoint
from models.checkpoint import Checkpoint, CheckpointError
from training.separation.dataset import DatasetError, Manifest, Material, load_recordings, load_songs
from training.separation.distributed import crew
from training.separation.fit import PRESETS, calibrate, fit
from training.separation.fit_recurrent import RECURRENT_PRESETS, calibrate_recurrent, fit_recurrent
from training.separation.nmf import NMF_PRESETS, bases_card, fit_bases


def load(arguments: argparse.Namespace) -> Material:
    """Read all folders of the command line, leaving out what may not be shipped."""
    manifest = Manifest.read(arguments.manifest)
    return Material(
        tuple(song for folder in arguments.data for song in load_songs(folder, manifest)),
        tuple(load_recordings(folder, manifest) for folder in arguments.voices),
        tuple(recording for folder in arguments.instrumentals for recording in load_recordings(folder, manifest)),
    )


def described(material: Material) -> dict[str, Any]:
    """Describe material for the provenance: minutes per source, works to attribute, songs, one hash over all files."""
    recordings = material.recordings()
    minutes: Counter[str] = Counter()
    for recording in recordings:
        source = recording.names[0] if recording.licence == "own" else recording.source
        minutes[f"{source} ({recording.licence})"] += recording.seconds / 60
    digests = sorted(recording.digest for recording in recordings)
    return {
        "minutes": {name: round(value, 1) for name, value in sorted(minutes.items())},
        "files": len(recordings),
        "works": sorted({r.names[-1] for r in material.instrumentals if r.licence.startswith("CC-BY")}),
        "songs": [song.vocals.names[-2] for song in material.songs],
        "sha256": hashlib.sha256("".join(digests).encode()).hexdigest(),
    }


def run(arguments: argparse.Namespace) -> None:
    """Load, fit, save, and ship if asked to."""
    everything = load(arguments)
    arguments.calibration = arguments.calibration or arguments.validation
    training = everything.without([*arguments.validation, *arguments.calibration, *arguments.test])
    validation = everything.only(arguments.validation).without(arguments.test)
    calibration = everything.only(arguments.calibration).without(arguments.test)
    for name, material in (("training", training), ("validation", validation), ("calibration", calibration)):
        if not material.songs and not (material.voices and material.instrumentals):
            raise DatasetError(f"nothing for {name}: a song, or voices and instrumentals are needed")
    if arguments.preset in NMF_PRESETS:
        made = factorised(arguments, training)
    elif arguments.preset in RECURRENT_PRESETS:
        made = fitted_recurrent(arguments, training, validation, calibration)
    else:
        made = fitted(arguments, training, validation, calibration)
    provenance = made.provenance | {
        "model": arguments.preset,
        "seed": arguments.seed,
        "training": described(training),
        "validation": described(validation) | {"names": arguments.validation},
        "calibration": arguments.calibration,
        "test": arguments.test,
        "attribution": arguments.attribution,
    }
    tensors = {name: tensor.half() for name, tensor in made.tensors.items()}
    checkpoint.save(arguments.out, Checkpoint(tensors, made.config, provenance))
    if arguments.ship:
        shipped = checkpoint.ship(arguments.out, arguments.preset)
        shipped.with_name(f"{arguments.preset}.md").write_text(card(provenance, shipped.stat().st_size))
        print(f"shipped {shipped.name}")


def fitted(
    arguments: argparse.Namespace, training: Material, validation: Material, calibration: Material
) -> Checkpoint:
    """Fit and calibrate a network."""
    config, recipe = PRESETS[arguments.preset]
    resume = arguments.out.with_name(arguments.out.name + ".resume")
    with crew() as together:
        network, curve = fit(config, recipe, training, validation, arguments.seed, resume, together)
    if together is not None and not together.leads:
        # The process that leads calibrates and writes. Gloo's threads may hold the tensors of the last exchange for a
        # moment longer and would abort an interpreter that ends in the usual way (pytorch/pytorch#179291).
        os._exit(0)
    best = calibrate(network, recipe, calibration, arguments.seed)
    provenance = {"recipe": asdict(recipe), "curve": curve, "best_alpha_before_calibration": best}
    return Checkpoint(network.state_dict(), asdict(config), provenance)


def fitted_recurrent(
    arguments: argparse.Namespace, training: Material, validation: Material, calibration: Material
) -> Checkpoint:
    """Fit and calibrate a recurrent network."""
    config, recipe = RECURRENT_PRESETS[arguments.preset]
    resume = arguments.out.with_name(arguments.out.name + ".resume")
    network, curve = fit_recurrent(config, recipe, training, validation, arguments.seed, resume)
    calibrated = calibrate_recurrent(network, recipe, calibration, arguments.seed)
    provenance = {"recipe": asdict(recipe), "curve": curve, "calibration_mixtures": asdict(calibrated)}
    heard = {"alpha": 0.5, "softness": calibrated.softness}
    return Checkpoint(network.state_dict(), asdict(config) | heard, provenance)


def factorised(arguments: argparse.Namespace, training: Material) -> Checkpoint:
    """Learn the bases of a factorisation, which needs neither validation nor calibration."""
    config, recipe = NMF_PRESETS[arguments.preset]
    bases, left = fit_bases(config, recipe, training, arguments.seed)
    return Checkpoint(bases, asdict(config), {"recipe": asdict(recipe), "bases": config.bases, "divergence": left})


def card(provenance: dict[str, Any], size: int) -> str:
    """Write the card that stands beside shipped weights: how they were made, of what, under which licences."""
    training = provenance["training"]
    introduction = (
        bases_card
        if provenance["model"] in NMF_PRESETS
        else recurrent_card
        if provenance["model"] in RECURRENT_PRESETS
        else network_card
    )
    minutes = {source.replace("(own)", "(named below)"): share for source, share in training["minutes"].items()}
    sources = "\n".join(f"| {source} | {share} |" for source, share in minutes.items())
    return f"""# {provenance["model"]}

{introduction(provenance, size)}

The recordings are {training["files"]} files; the SHA-256 over their hashes is
`{training["sha256"]}`.

| trained on: source (licence) | minutes |
|---|---|
{sources}

- Songs trained on: {", ".join(training["songs"])}.
- Validation, never trained on: {", ".join(provenance["validation"]["names"])}.
- Calibration, never trained on: {", ".join(provenance["calibration"])}.
- Test, used for neither: {", ".join(provenance["test"]) or "none"}.
- Works under CC BY, named by author and title where their files are: {", ".join(training["works"]) or "none"}.

{provenance["attribution"]}

Share-alike recordings were left out. The weights are released under the licence of this project.
"""


def network_card(provenance: dict[str, Any], size: int) -> str:
    """Say in the card what the network is and how it was trained."""
    last = provenance["curve"][-1]
    return f"""The feed-forward network of Simpson, Roma & Plumbley, "Deep Karaoke" (2015), at a width that fits
{size / 1e6:.1f} MB: 20 frames of an STFT (2048/512, 44.1 kHz) in, the probability per bin that vocals dominate out. One
mask serves all channels.

Trained by `python -m training.separation.train --preset {provenance["model"]}` on mixtures drawn at random from the
recordings below (seed {provenance["seed"]};
{", ".join(f"{name} {value}" for name, value in provenance["recipe"].items())}).
Last epoch: loss {last["loss"]}, SDR on validation mixtures {last["validation_sdr_db"]} dB. Logits were then shifted so
that alpha = 0.5, not {provenance["best_alpha_before_calibration"]:.2f}, is the best threshold on mixtures of the
calibration material."""


def recurrent_card(provenance: dict[str, Any], size: int) -> str:
    """Say in the card what the recurrent network is and how it was trained."""
    last, calibrated = provenance["curve"][-1], provenance["calibration_mixtures"]
    return f"""Bidirectional LSTMs over time and over bands, on log-compressed magnitudes of middle and sides
(STFT 2048/512, 44.1 kHz, up to 16 kHz), {size / 1e6:.1f} MB: the vocals' share of every bin comes out, one soft
mask for all channels.

Trained by `python -m training.separation.train --preset {provenance["model"]}` on stereo mixtures drawn at random
from the recordings below (seed {provenance["seed"]};
{", ".join(f"{name} {value}" for name, value in provenance["recipe"].items())}).
`sung` is speech that `python -m training.separation.singing` made to sing, `bands` were played by
`python -m training.separation.bands`.
Last epoch: loss {last["loss"]}, SDR on validation mixtures {last["validation_sdr_db"]} dB. Logits were then shifted so
that alpha = 0.5, not {calibrated["alpha"]:.2f}, with the default softness {calibrated["softness"]:g} is the best
mask on mixtures of the calibration material ({calibrated["sdr_db"]} dB)."""


def main() -> int:
    """Parse the command line and train; 2 and one line for what the user can put right."""
    parser = argparse.ArgumentParser(prog="python -m training.separation.train", description=__doc__)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of songs with stems")
    parser.add_argument("--voices", type=Path, nargs="*", default=[], help="folders of voices alone")
    parser.add_argument("--instrumentals", type=Path, nargs="*", default=[], help="folders of music without voices")
    parser.add_argument("--manifest", type=Path, help="CSV with path, licence, source; leaves out share-alike files")
    parser.add_argument("--preset", choices=[*PRESETS, *RECURRENT_PRESETS, *NMF_PRESETS], default="deep-karaoke")
    parser.add_argument("--attribution", default="", help="sentence for the card on what the manifest does not list")
    parser.add_argument(
        "--validation", nargs="+", required=True, help="names (song, singer, pack, file) to follow the training on"
    )
    parser.add_argument("--calibration", nargs="*", default=[], help="names to set alpha on instead of --validation")
    parser.add_argument("--test", nargs="*", default=[], help="names that are not touched at all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ship", action="store_true", help="put the result among the shipped weights, with its card")
    torch.set_num_threads(1)  # faster than more for layers of this width, and leaves the machine usable
    try:
        run(parser.parse_args())
    except (AudioError, CheckpointError, DatasetError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
