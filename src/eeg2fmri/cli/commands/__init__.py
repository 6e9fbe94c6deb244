"""One file a sub-command; each imports what it needs when it runs."""

from __future__ import annotations

import typer

from eeg2fmri.cli.commands import (
    benchmark,
    classify,
    crossvalidate,
    datasets,
    demo,
    download,
    evaluate,
    explain,
    export,
    import_checkpoint,
    predict,
    prepare,
    report,
    simulate,
    simulate_eeg,
    store,
    train,
    tune,
)


def register(app: typer.Typer) -> None:
    """Add every sub-command to `app`, in the order of the work."""
    app.command("demo")(demo.command)
    app.command("simulate")(simulate.command)
    app.command("simulate-eeg")(simulate_eeg.command)
    app.command("datasets")(datasets.command)
    app.command("download")(download.command)
    app.command("prepare")(prepare.command)
    app.add_typer(store.app, name="store")
    app.command("train")(train.command)
    app.command("predict")(predict.command)
    app.command("evaluate")(evaluate.command)
    app.command("crossvalidate")(crossvalidate.command)
    app.command("benchmark")(benchmark.command)
    app.command("explain")(explain.command)
    app.command("report")(report.command)
    app.command("export")(export.command)
    app.command("classify")(classify.command)
    app.command("tune")(tune.command)
    app.command("import-checkpoint")(import_checkpoint.command)
