"""``eeg2fmri demo``: the whole way on a small generated data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

#: Small enough for two cores and a few minutes, with every part of the real thing.
SIMULATION = {"subjects": 5, "volumes": 150, "seed": 1, "grid": [24, 28, 20], "electrodes": 32, "regions": 60}
TRAINING = {"epochs": 8, "seed": 1, "pairs": {"target": "dynamics"}}


def command(
    out: Annotated[Path, typer.Argument(help="Folder to make. Must not exist.")] = Path("demo"),
) -> None:
    """Generate recordings, prepare, train, predict, evaluate and report, in a few minutes.

    Example: eeg2fmri demo demo
    """
    from eeg2fmri.cli.commands import evaluate, predict, prepare, report, train
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.core.errors import InputError

    if out.exists():
        raise InputError("the folder exists already", where=str(out), hint="remove it or choose another name")
    from eeg2fmri.evaluate.run import evaluate_run
    from eeg2fmri.simulate import SimulationConfig, simulate_dataset
    from eeg2fmri.train.run import train_run

    out.mkdir(parents=True)
    bids, store, run = out / "bids", out / "store", out / "run"
    say("1/6 Simulating simultaneous EEG-fMRI recordings")
    with progress_bar() as progress:
        simulate_dataset(bids, SimulationConfig.make(SIMULATION), progress=progress)
    wrote("BIDS data set", bids)
    say("2/6 Preparing")
    prepare.command(bids, store, config=None, n_jobs=1)
    say("3/6 Training the documented synthesiser")
    with progress_bar() as progress:
        result = train_run(store, run, TRAINING, progress=progress)
    say(result.summary())
    say("4/6 Synthesising the BOLD of the held-out subject from its EEG alone")
    name = _first_test_recording(run)
    subject = name.split("_")[0]
    (out / "predicted").mkdir()
    predict.command(
        run,
        bids / subject / "eeg" / f"{name}_eeg.vhdr",
        out / "predicted" / f"{name}_desc-synthesised_bold.nii.gz",
        first_volume=None,
        marker=None,
        mean_image=None,
    )
    say("5/6 Evaluating beside the baselines, and writing the report")
    evaluate.command(run, store, json=None)
    report.command(run, out=None)
    say("6/6 The recommended synthesiser on the same recordings")
    small = out / "run-recommended"
    train.command(store, small, preset="recommended", seed=1)
    with progress_bar() as progress:
        say(evaluate_run(small, store, progress=progress).verdict)
    report.command(small, out=None)
    say(f"Open {(run / 'report.html').resolve()} in a browser.")


def _first_test_recording(run: Path) -> str:
    import json

    return str(json.loads((run / "split.json").read_text(encoding="utf-8"))["test"][0])
