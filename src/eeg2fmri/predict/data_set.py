"""Describe a folder of synthesised images as a BIDS derivative data set, and name its files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.core.disk.files import told_of, whole_files, write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.space import corresponds
from eeg2fmri.data.bids.sidecars import entities
from eeg2fmri.data.bold.elements import SERIES, Elements
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import Loaded
from eeg2fmri.results.files import reading
from eeg2fmri.results.predictions import AGAIN, DESCRIPTION, ENDING, GENERATOR, HEMISPHERE, LOGS, TABLE

BIDS_VERSION = "1.10.0"
#: Labels of an EEG file that its image keeps, in the order of BIDS.
KEPT = ("sub", "ses", "task", "acq", "run")
#: Labels of the densities of fsLR that BIDS and fMRIPrep name, by grayordinates.
DENSITIES = {91282: "_den-91k", 170494: "_den-170k"}
#: Files beside those of the standard.
IGNORED = ("*.html", "sub-*/figures", "sub-*/**/func/*_bold.tsv", f"{LOGS}/", TABLE)
#: Series of surfaces and parcels have the names that fMRIPrep gives them: the standard (1.10) has none.
IGNORED_OF_SURFACES = tuple(f"sub-*/**/func/*_bold{ending}" for ending in (*SERIES.values(), ".json"))
README = """# BOLD synthesised from EEG

Every image under `sub-*` was made from EEG alone by a model that was trained on other recordings. None of it was
measured: whether the model does better than chance stands in the report of its evaluation, not in these images.

`index.html` lists all recordings, also those that could not be done, with the reason; `recordings.tsv` is the same as
a table. The sidecar of each image names its EEG file, the time of each volume, and the model.
"""


def recording_of(labels: Mapping[str, str]) -> str:
    """Name a recording by the labels of its EEG file: ``sub-01_ses-2_task-rest_run-1``.

    Examples
    --------
    >>> recording_of({"task": "rest", "sub": "01", "space": "CapTrak"})
    'sub-01_task-rest'
    """
    return "_".join(f"{key}-{labels[key]}" for key in KEPT if key in labels)


def image_of(recording: str, card: ModelCard) -> Path:
    """Name the image of a recording, relative to the folder of the derivatives; of two hemispheres the left.

    Examples
    --------
    >>> card = ModelCard(model={}, space="MNI152NLin2009cAsym")
    >>> str(image_of("sub-01_task-rest", card))
    'sub-01/func/sub-01_task-rest_space-MNI152NLin2009cAsym_desc-synthesised_bold.nii.gz'
    """
    labels, space = entities(Path(recording)), card.space
    folder = Path(f"sub-{labels['sub']}", *([f"ses-{labels['ses']}"] if "ses" in labels else []), "func")
    label = f"_space-{space}" if space.isalnum() and space != "unknown" and corresponds(space) else ""
    kind = Elements.of_text(card.elements).kind if card.elements else None
    hemisphere = HEMISPHERE if kind == "vertices" else ""
    density = DENSITIES.get(card.grid[0], "") if kind == "dense" else ""
    return folder / f"{recording}{hemisphere}{label}{density}{ENDING}{'.nii.gz' if kind is None else SERIES[kind]}"


def open_data_set(out: Path, root: Path, loaded: Loaded) -> None:
    """Make the folder of a derivative data set, or check that an earlier one is of the same model.

    Raises
    ------
    InputError
        If the folder holds something else or what another model made, or cannot be written.
    """
    if os.path.realpath(out) == os.path.realpath(root):
        raise InputError(
            "the images cannot go into the data set itself",
            where=str(out),
            hint=f"choose another folder, such as {root / 'derivatives' / 'eeg2fmri'}",
        )
    wanted = description(out, root, loaded)
    if (out / DESCRIPTION).exists():
        with reading(out / DESCRIPTION, "the description of a data set", "choose another folder"):
            found = read_json(out / DESCRIPTION)["GeneratedBy"][0]
        if found.get("Name") != GENERATOR or found.get("CheckpointSHA256") != loaded.digest:
            raise InputError(
                "the folder holds what something else made",
                where=str(out),
                got=f"{found.get('Name')}, model {found.get('CheckpointSHA256', 'unknown')[:12]}",
                expected=f"{GENERATOR}, model {loaded.digest[:12]}",
                hint="choose another folder for this model",
            )
    elif out.exists() and (not out.is_dir() or any(not path.name.startswith(".") for path in out.iterdir())):
        raise InputError(
            "the folder of the output is not empty, and holds no predictions",
            where=str(out),
            hint="choose another name; predictions of the same model are gone on with",
        )
    with told_of(out):
        out.mkdir(parents=True, exist_ok=True)
    ignored = (*IGNORED, *(IGNORED_OF_SURFACES if loaded.card.elements else ()))
    texts = {DESCRIPTION: json.dumps(wanted, indent=2), "README.md": README, ".bidsignore": "\n".join(ignored)}
    # all or none, and the description first: a folder without it would be taken for something else
    with whole_files(*(out / name for name in texts)) as parts:
        for part, text in zip(parts, texts.values(), strict=True):
            part.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


def description(out: Path, root: Path, loaded: Loaded) -> dict[str, Any]:
    """Say what the data set is, what made it, and of which data set."""
    source = _source(root)
    here, there = (Path(os.path.realpath(folder)) for folder in (out, root))  # a loop of links is told when it is made
    link = f"{os.path.relpath(there, here)}/" if here.is_relative_to(there) else there.as_uri()
    doi = {"DOI": source["DatasetDOI"]} if "DatasetDOI" in source else {}
    return {
        "Name": f"BOLD synthesised from the EEG of {source.get('Name') or there.name}",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "derivative",
        "License": source.get("License", "that of the source data set"),
        "GeneratedBy": [
            {
                "Name": GENERATOR,
                "Version": __version__,
                "Description": f"{loaded.card.model['kind']} synthesiser of {loaded.card.pairs.target}; EEG alone",
                "CheckpointSHA256": loaded.digest,
            }
        ],
        "SourceDatasets": [{"URL": link, **doi}],
        "DatasetLinks": {"raw": link},
    }


def write_mask(path: Path, mask: np.ndarray, affine: np.ndarray, space: str) -> None:
    """Write the brain of the training group (x, y, z) as an image with a sidecar.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    import nibabel

    told = "Voxels inside the mask of every training recording of the model"
    facts = {"Type": "Brain", "Description": told, "SpatialReference": space}
    sidecar = path.with_name(path.name.removesuffix(".nii.gz") + ".json")
    with whole_files(path, sidecar) as parts:
        image = nibabel.Nifti1Image(mask.astype(np.uint8), affine)
        image.header.set_xyzt_units("mm")
        image.to_filename(parts[0])
        write_json(parts[1], facts)


def _source(root: Path) -> dict[str, Any]:
    path = root / DESCRIPTION
    if not path.is_file():
        return {}
    with reading(path, "the description of the data set", AGAIN):
        return dict(read_json(path))
