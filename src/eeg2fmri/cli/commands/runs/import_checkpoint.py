"""``eeg2fmri import-checkpoint``: a checkpoint of the earlier TensorFlow package to one of ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    source: Annotated[Path, typer.Argument(help="SavedModel folder, or Keras .h5 weight file.")],
    out: Annotated[Path, typer.Argument(help="Folder to make, loadable with from_pretrained.")],
    config: Annotated[
        Path | None, typer.Option(help="JSON with the model's settings; needed for .h5, which holds none.")
    ] = None,
) -> None:
    """Read a checkpoint of the earlier package (TensorFlow is not needed) and save it as ours.

    Example: eeg2fmri import-checkpoint saved_model imported
    """
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.models.earlier_package.keras_import.convert import import_checkpoint

    with progress_bar() as progress:
        report = import_checkpoint(source, out, config=config, progress=progress)
    for line in report.lines():
        say(line)
    wrote("model", out)
