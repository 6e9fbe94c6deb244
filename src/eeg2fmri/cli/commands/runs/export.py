"""``eeg2fmri export``: a run as an ONNX or torch.export file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    run: Annotated[Path, typer.Argument(help="Run folder made by train.")],
    out: Annotated[Path, typer.Argument(help="File to write: .onnx, or .pt2 for torch.export. Must not exist.")],
) -> None:
    """Export a run for other runtimes, checked against the model.

    Example: eeg2fmri export run model.onnx
    """
    from eeg2fmri.cli.console import say, wrote
    from eeg2fmri.predict.export import export_run

    made = export_run(run, out)
    say(f"largest difference from the model: {made.difference:.1e} of its largest value")
    wrote("model", made.path)
    wrote("input and output", made.sidecar)
