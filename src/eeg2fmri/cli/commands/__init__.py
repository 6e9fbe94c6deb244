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
from eeg2fmri.cli.common import Command, WithSettings


def register(app: typer.Typer) -> None:
    """Add every sub-command to `app`, in the order of the work."""
    app.command("demo", cls=Command)(demo.command)
    app.command("simulate", cls=WithSettings)(simulate.command)
    app.command("simulate-eeg", cls=WithSettings)(simulate_eeg.command)
    app.command("datasets", cls=Command)(datasets.command)
    app.command("download", cls=Command)(download.command)
    app.command("prepare", cls=WithSettings)(prepare.command)
    app.add_typer(store.app, name="store")
    app.command("train", cls=WithSettings)(train.command)
    app.command("calibrate", cls=Command)(calibrate.command)
    app.command("predict", cls=WithSettings)(predict.command)
    app.command("stream", cls=Command)(stream.command)
    app.command("bids-app", cls=WithSettings)(bids_app.command)
    app.command("evaluate", cls=Command)(evaluate.command)
    app.command("crossvalidate", cls=WithSettings)(crossvalidate.command)
    app.command("benchmark", cls=WithSettings)(benchmark.command)
    app.command("explain", cls=WithSettings)(explain.command)
    app.command("report", cls=Command)(report.command)
    app.command("export", cls=Command)(export.command)
    app.command("classify", cls=WithSettings)(classify.command)
    app.command("tune", cls=WithSettings)(tune.command)
    app.command("import-checkpoint", cls=Command)(import_checkpoint.command)
