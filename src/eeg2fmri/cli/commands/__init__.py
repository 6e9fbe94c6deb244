"""One file a sub-command; each imports what it needs when it runs."""

from __future__ import annotations

import typer

from eeg2fmri.cli.commands import demo, report
from eeg2fmri.cli.commands.data import datasets, download, prepare, simulate, simulate_eeg, store
from eeg2fmri.cli.commands.eeg import bids_app, classify, explain, predict, stream
from eeg2fmri.cli.commands.runs import (
    benchmark,
    calibrate,
    crossvalidate,
    evaluate,
    export,
    import_checkpoint,
    train,
    tune,
)
from eeg2fmri.cli.common import Command


def register(app: typer.Typer) -> None:
    """Add every sub-command to `app`, in the order of the work."""
    app.command("demo", cls=Command)(demo.command)
    app.command("simulate", cls=Command)(simulate.command)
    app.command("simulate-eeg", cls=Command)(simulate_eeg.command)
    app.command("datasets", cls=Command)(datasets.command)
    app.command("download", cls=Command)(download.command)
    app.command("prepare", cls=Command)(prepare.command)
    app.add_typer(store.app, name="store")
    app.command("train", cls=Command)(train.command)
    app.command("calibrate", cls=Command)(calibrate.command)
    app.command("predict", cls=Command)(predict.command)
    app.command("stream", cls=Command)(stream.command)
    app.command("bids-app", cls=Command)(bids_app.command)
    app.command("evaluate", cls=Command)(evaluate.command)
    app.command("crossvalidate", cls=Command)(crossvalidate.command)
    app.command("benchmark", cls=Command)(benchmark.command)
    app.command("explain", cls=Command)(explain.command)
    app.command("report", cls=Command)(report.command)
    app.command("export", cls=Command)(export.command)
    app.command("classify", cls=Command)(classify.command)
    app.command("tune", cls=Command)(tune.command)
    app.command("import-checkpoint", cls=Command)(import_checkpoint.command)
