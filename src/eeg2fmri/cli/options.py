"""Declare the options that several commands have, each once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Montage(StrEnum):
    """Electrodes of stores that are joined."""

    common = "common"
    first = "first"


class Steps(StrEnum):
    """Whether the steps of the training's recordings are taken."""

    replay = "replay"
    done = "done"


Stores = Annotated[
    list[Path],
    typer.Argument(help="Store made by prepare; several of one space are joined."),
]
Electrodes = Annotated[
    Montage | None,
    typer.Option(help="Of several stores: the electrodes that all have, or those of the first, interpolated."),
]
Atlas = Annotated[
    Path | None,
    typer.Option(help="NIfTI of numbered regions, or of a map a region, in the space of the store: scores them."),
]
Regions = Annotated[
    Path | None,
    typer.Option(help="Table of the atlas's names (TSV, CSV, look-up table, XML). Found beside it otherwise."),
]
Truth = Annotated[
    Path | None,
    typer.Option(help="BIDS folder of simulated recordings: its truth gives two ceilings. Found where it was."),
]
Cleaning = Annotated[
    Steps,
    typer.Option(help="replay: take the steps of the training's recordings; done: they were taken already."),
]
Difference = Annotated[float, typer.Option(min=0, max=1, help="Smallest difference of temporal r that counts.")]
