"""Write synthesised series as the files that their name asks for: NIfTI volumes, CIFTI, or GIFTI of two hemispheres."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bold.elements import LEFT, RIGHT, SERIES, Elements
from eeg2fmri.data.bold.to_nifti import volumes_to_image

if TYPE_CHECKING:
    from nibabel import GiftiImage

    from eeg2fmri.models.saving.card import ModelCard

VOLUMES = (".nii.gz", ".nii")


def series_image(card: ModelCard, volumes: np.ndarray, start_s: float) -> Any:
    """Make the nibabel image of volumes (volume, x, y, z): NIfTI, or CIFTI where a model has elements."""
    if card.elements:
        return Elements.of_text(card.elements).series(volumes.reshape(len(volumes), -1), start_s, card.tr)
    return volumes_to_image(volumes, np.asarray(card.affine), card.tr, start_s)


def without_ending(out: Path) -> Path:
    """Return the name of an image without its ending.

    Raises
    ------
    InputError
        If it is no name of an image.
    """
    for ending in (*SERIES.values(), *VOLUMES):
        if out.name.endswith(ending):
            return out.with_name(out.name.removesuffix(ending))
    raise InputError(
        "the output is no name of an image", got=out.name, expected=f"a name that ends in {', '.join(VOLUMES)}, "
        f"or for a model of a surface or parcels {', '.join(SERIES.values())}",
    )  # fmt: skip


def output_files(card: ModelCard, out: Path) -> tuple[Path, ...]:
    """List the files that an image becomes; two for GIFTI, whose name says which hemisphere it is.

    Raises
    ------
    InputError
        If the model cannot be written under such a name.
    """
    stem = without_ending(out).name
    kind = Elements.of_text(card.elements).kind if card.elements else None
    endings = VOLUMES if kind is None else (SERIES[kind], *([SERIES["dense"]] if kind == "vertices" else []))
    ending = out.name.removeprefix(stem)
    if ending not in endings:
        raise InputError(
            "the output has the name of another kind of image than the model predicts",
            got=out.name,
            expected=" or ".join(f"{stem}{one}" for one in endings),
        )
    if ending != SERIES["vertices"]:
        return (out,)
    if "hemi-L" not in stem:
        raise InputError(
            "the name does not say which hemisphere it is: two files are written",
            got=out.name,
            expected="a name with hemi-L; the other gets hemi-R",
        )
    return out, out.with_name(out.name.replace("hemi-L", "hemi-R"))


def write_series(card: ModelCard, volumes: np.ndarray, start_s: float, parts: list[Path], out: Path) -> None:
    """Write volumes (volume, x, y, z) to the files of `output_files`, under the names in `parts`."""
    if not out.name.endswith(SERIES["vertices"]):
        series_image(card, volumes, start_s).to_filename(parts[0])
        return
    of = Elements.of_text(card.elements)
    for part, structure in zip(parts, (LEFT, RIGHT), strict=True):
        _gifti(of.hemisphere(volumes.reshape(len(volumes), -1), structure), structure, card.tr).to_filename(part)


def _gifti(values: np.ndarray, structure: str, tr: float) -> GiftiImage:
    """Make the image of a hemisphere (volume, vertex); its time step is in milliseconds."""
    from nibabel.gifti import GiftiDataArray, GiftiImage, GiftiMetaData

    name = {LEFT: "CortexLeft", RIGHT: "CortexRight"}[structure]
    step = {"TimeStep": f"{1000 * tr:g}"}
    arrays = [
        GiftiDataArray(row, intent="NIFTI_INTENT_TIME_SERIES", datatype="NIFTI_TYPE_FLOAT32", meta=GiftiMetaData(step))
        for row in values
    ]
    return GiftiImage(darrays=arrays, meta=GiftiMetaData({"AnatomicalStructurePrimary": name}))
