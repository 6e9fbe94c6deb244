"""BOLD that fMRIPrep has preprocessed: which images, in which space."""

from __future__ import annotations

from pathlib import Path

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.bids.search import images
from eeg2fmri.data.bids.sidecars import entities
from eeg2fmri.data.settings.bold import BoldConfig


def find_derivatives(root: Path, config: BoldConfig) -> list[Path]:
    """Find the preprocessed runs in one space.

    Parameters
    ----------
    root : Path
        BIDS folder.
    config : BoldConfig
        `derivatives` and `space`.

    Raises
    ------
    InputError
        If there are none, or several spaces of which none is chosen.
    """
    folder = root / str(config.derivatives)
    if not folder.is_dir():
        raise InputError("the folder of derivatives does not exist", where=str(folder), hint="check bold: derivatives")
    found, version = _images(folder, config)
    spaces = sorted({entities(path).get("space", "native") for path in found})
    if config.space is None and len(spaces) > 1:
        raise InputError(
            "the derivatives are in several spaces",
            where=str(folder),
            got=", ".join(spaces),
            hint=f"choose one, for example bold: {{space: {spaces[0]}}}",
        )
    kept = [path for path in found if config.space in (None, entities(path).get("space", "native"))]
    if not kept:
        raise InputError(
            "there is no preprocessed BOLD in the derivatives",
            where=str(folder),
            got=f"spaces {', '.join(spaces)}" if spaces else f"no files *_{version}",
            expected=f"space {config.space}" if config.space else f"sub-*/[ses-*/]func/*_{version}",
        )
    return kept


def _images(folder: Path, config: BoldConfig) -> tuple[list[Path], str]:
    """Find the files of the wanted kind; the end of their names."""
    if config.kind == "volume":
        suffix = f"desc-{config.choose.get('desc', 'preproc')}_bold"
        return images(folder, suffix), f"{suffix}.nii.gz"
    if config.kind == "gifti":  # the right hemisphere belongs to the left
        found = images(folder, "bold", [".func.gii"])
        return [path for path in found if entities(path).get("hemi") == "L"], "hemi-L_*bold.func.gii"
    # parcellated series are made of fMRIPrep's by others, who call them time series
    extension = f".{config.kind}.nii"
    return [*images(folder, "bold", [extension]), *images(folder, "timeseries", [extension])], f"bold{extension}"
