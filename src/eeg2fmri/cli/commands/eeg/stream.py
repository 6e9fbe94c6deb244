"""``eeg2fmri stream``: BOLD of EEG that is being recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.options import Steps


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train.")],
    lsl: Annotated[str, typer.Option(help="Name of the Lab Streaming Layer stream of EEG.")],
    markers: Annotated[str | None, typer.Option(help="Name of the stream of volume markers; the first begins.")] = None,
    marker: Annotated[str | None, typer.Option(help="Marker of a volume; every one if left out.")] = None,
    first_volume: Annotated[float, typer.Option(help="Without markers: seconds from first sample to volume 0.")] = 0.0,
    out: Annotated[str, typer.Option(help="Name of the stream of courses that others read.")] = "eeg2fmri",
    atlas: Annotated[Path | None, typer.Option(help="Image of numbered regions in the model's space.")] = None,
    mean: Annotated[bool, typer.Option("--mean", help="The mean over the brain too.")] = False,
    unit: Annotated[str | None, typer.Option(help="Unit of the channels: V, mV, uV, nV.")] = None,
    cleaning: Annotated[
        Steps, typer.Option(help="replay: the training's steps, causally; done: they were taken already.")
    ] = Steps.replay,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the page on 127.0.0.1; 0: a free one.")] = 0,
    page: Annotated[bool, typer.Option("--page/--no-page", help="Serve the page, to this machine alone.")] = True,
    seconds: Annotated[float | None, typer.Option(min=0, help="End by itself after so many seconds.")] = None,
) -> None:
    """Synthesise BOLD while the EEG is recorded: courses of regions as a stream, and as a page on this machine.

    Example: eeg2fmri stream run --lsl BrainVision --markers Triggers --marker "R128"
    """
    from eeg2fmri.cli.console import say
    from eeg2fmri.predict.live.run import LiveSettings, stream_lsl

    settings = LiveSettings(
        lsl=lsl,
        markers=markers,
        marker=marker,
        first_volume_s=first_volume,
        out=out,
        atlas=atlas,
        mean=mean,
        unit=unit,
        cleaning=cleaning.value,
        port=port if page else None,
        seconds=seconds,
    )
    sent = stream_lsl(run, settings, say)
    say(f"{sent} volumes sent")
