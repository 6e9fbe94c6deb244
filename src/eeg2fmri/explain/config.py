"""Settings of an explanation."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from eeg2fmri.core.config import Config, Seed
from eeg2fmri.explain.rules.choice import Composite, composite

Index = Annotated[int, Field(ge=0)]


class ExplainConfig(Config):
    """What is explained, by which rules, and on how many windows.

    Attributes
    ----------
    target : "volume", (x, y, z) or path
        Sum of the synthesised volume, one voxel by its indices, or the region of a NIfTI mask on the grid of the store.
        Of a surface or parcels: the name of a structure or parcel, such as ``cortex left``.
    rules : Composite
        Also given by name: ``default``, ``epsilon``, ``gamma``, ``alpha-beta``, ``z-plus``.
    part : {"test", "validation", "train", "all"}
        Recordings whose windows are explained.
    windows : int or None
        Windows of each recording, spread evenly over it; None for all.
    passes : int
        Passes over which variational layers are averaged; 0 explains them at their means.
    latent : {"agreement", "sum", "none"}
        What is explained of the fMRI encoder: the cosine between the latents of EEG and BOLD, the sum of the latent of
        BOLD, or nothing.
    latent_windows : int
        Volumes of each recording, spread evenly, whose latents are explained; the encoder of volumes is the slow one.
    checks : int
        Windows of each recording on which it is checked whether the relevance tells the truth; 0 for no checks.
    controls : int
        Untrained models that are compared with the truth of simulated recordings beside the trained one.
    steps : int
        Points of the deletion and insertion curves.
    batch_size : int
        Windows that go through the model at once.
    seed : int
        Of random orders, flips of signs, draws of variational layers and the untrained model.

    Examples
    --------
    >>> ExplainConfig(windows=32).part
    'test'
    """

    target: Literal["volume"] | tuple[Index, Index, Index] | str = "volume"
    rules: Composite = Composite()
    part: Literal["test", "validation", "train", "all"] = "test"
    windows: Annotated[int, Field(ge=1)] | None = 64
    passes: Annotated[int, Field(ge=0)] = 0
    latent: Literal["agreement", "sum", "none"] = "agreement"
    latent_windows: Annotated[int, Field(ge=1)] = 16
    checks: Annotated[int, Field(ge=0)] = 8
    controls: Annotated[int, Field(ge=1)] = 3
    steps: Annotated[int, Field(ge=2)] = 10
    batch_size: Annotated[int, Field(ge=1)] = 8
    seed: Seed = 0

    @field_validator("rules", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return composite(value) if isinstance(value, str) else value
