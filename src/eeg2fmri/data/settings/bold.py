"""Settings of reading BOLD: where it is, how it comes to the common grid, what is taken out of it."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from eeg2fmri.core.config import Config


def _not_too_long(name: str) -> str:
    if any(len(os.fsencode(part)) > LONGEST_NAME for part in name.split("/")) or len(name) > LONGEST_PATH:
        raise ValueError("longer than the name of a file can be")
    return name


#: Bytes of the name of a file, and letters of a path, at most.
LONGEST_NAME, LONGEST_PATH = 255, 4000
Name = Annotated[str, Field(min_length=1), AfterValidator(_not_too_long)]
#: Of a name; YAML reads ``2`` as a number.
Label = Annotated[str, BeforeValidator(str)]


class BoldConfig(Config):
    """How BOLD is read.

    Attributes
    ----------
    derivatives : str or None
        Folder of fMRIPrep below the BIDS folder, for example ``derivatives/fmriprep``: its ``desc-preproc_bold``
        images are read instead of the raw ones, with their brain masks.
    kind : {"volume", "dtseries", "ptseries", "gifti"}
        Which images of the derivatives: volumes; dense (``.dtseries.nii``) or parcellated (``.ptseries.nii``) series of
        CIFTI; the ``.func.gii`` files of both hemispheres. With a layout the names of its files tell.
    space : str or None
        Which ``space-`` of the derivatives; needed where there are several. For other files with a layout: the space
        that they are in, where their names do not say it.
    choose : dict of str to str
        Which image where a recording has several: labels of its name, for example ``{echo: 2}``, ``{res: 2}``,
        ``{acq: mb}``, ``{part: mag}``; with derivatives also ``{desc: smooth}`` in place of ``preproc``.
    resample : {"dct", "world"}
        How volumes come to the grid: ``dct`` keeps each recording's field of view (its cosine spectrum is cut or
        padded); ``world`` samples every recording at the same places in mm (cubic splines), those of `like`.
    like : str or None
        NIfTI image that gives grid and affine for ``world``; None takes those of the first recording.
    detrend : int or None
        Order of the polynomial in time that is regressed out of each voxel; the mean stays. None leaves all.
    confounds : tuple of str
        Columns (or patterns with ``*``) of fMRIPrep's confounds TSV that are regressed out of each voxel,
        for example ``trans_*`` and ``rot_*``.
    atlas : str or None
        NIfTI image of numbered regions in the space of the volumes: the target is then the mean of each region,
        stored as a grid of (region, 1, 1).
    """

    derivatives: Name | None = None
    kind: Literal["volume", "dtseries", "ptseries", "gifti"] = "volume"
    space: Name | None = None
    choose: dict[Name, Label] = Field(default_factory=dict)
    resample: Literal["dct", "world"] = "dct"
    like: Name | None = None
    detrend: Annotated[int, Field(ge=0, le=10)] | None = None
    confounds: tuple[Name, ...] = ()
    atlas: Name | None = None

    @model_validator(mode="after")
    def _consistent(self) -> BoldConfig:
        if self.kind != "volume" and self.derivatives is None:
            raise ValueError("'kind' chooses among derivatives: name their folder, for example derivatives/fmriprep")
        if self.like is not None and self.resample != "world":
            raise ValueError("'like' needs resample: world")
        if self.atlas is not None and self.resample == "world":
            raise ValueError("'atlas' takes region means in each recording's own voxels: leave 'resample' out")
        return self
