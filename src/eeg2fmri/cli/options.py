"""Declare the options that several commands have, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
Difference = Annotated[float, typer.Option(min=0, max=1, help="Smallest difference of temporal r that counts.")]
