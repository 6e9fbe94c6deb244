"""``eeg2fmri demo``: the whole way on small generated data sets."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from eeg2fmri.core.progress import Progress

#: Small enough for two cores and three minutes, with every part of the real thing: recordings in the files that a
#: scanner and an amplifier write, BOLD in a common space as fMRIPrep writes it.
SIMULATION: dict[str, Any] = {
    "subjects": 7,
    "volumes": 160,
    "seed": 1,
    "grid": [24, 28, 20],
    "electrodes": 32,
    "regions": 60,
    "derivatives": "fmriprep",
    "t1w_voxel_mm": 4.0,
}
#: Folder, what it shows, and the settings that make it.
WORLDS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("focal", "an effect in one part of the brain", {"world": "focal"}),
    ("wide", "an effect all over the brain", {"world": "shared"}),
    ("nothing", "EEG and BOLD that have nothing in common", {"world": "focal", "coupling": 0.0}),
)
SPLIT = {"by": "subject", "test": 2}
DOCUMENTED = {"epochs": 8, "seed": 1, "pairs": {"target": "dynamics"}, "split": SPLIT}


def command(
    out: Annotated[Path, typer.Argument(help="Folder to make. Must not exist.")] = Path("demo"),
    documented: Annotated[
        bool, typer.Option("--documented", help="Train the documented network too, on the first data set.")
    ] = False,
) -> None:
    """Generate three data sets, prepare, train, predict, evaluate, and compare them on one page, in minutes.

    Example: eeg2fmri demo demo
    """
    from eeg2fmri.core.errors import InputError

    if out.exists():
        raise InputError("the folder exists already", where=str(out), hint="remove it or choose another name")
    out.mkdir(parents=True)
    try:
        _demonstrate(out, documented)
    except KeyboardInterrupt:
        shutil.rmtree(out, ignore_errors=True)  # generated: the next demo would refuse the folder
        raise


def _demonstrate(out: Path, documented: bool) -> None:
    from joblib import cpu_count

    from eeg2fmri.cli.console import progress_bar, say
    from eeg2fmri.core.log import note
    from eeg2fmri.data.prepare.planning import run_jobs
    from eeg2fmri.report import write_index

    for number, (name, shows, _) in enumerate(WORLDS, 1):
        say(f"{number}/{len(WORLDS)} {name}: {shows}")
    jobs = [(out, name, SIMULATION | settings, SPLIT) for name, _, settings in WORLDS]
    with progress_bar() as progress:
        progress("Studies", 0, len(jobs))
        for done, (name, lines, notes) in enumerate(run_jobs(_study, jobs, min(len(jobs), cpu_count())), 1):
            for text in notes:
                note(f"{name}: {text}")
            for line in lines:
                say(f"{name}: {line}")
            progress("Studies", done, len(jobs))
    runs = [out / name for name, _, _ in WORLDS]
    _predict(out / "data" / WORLDS[0][0], runs[0], out / "predicted")
    if documented:
        say(f"The documented network on '{WORLDS[0][0]}'")
        runs.append(out / "documented")
        with progress_bar() as progress:
            say(f"  {_run(out / 'data' / WORLDS[0][0] / 'store', runs[-1], DOCUMENTED, progress)}")
    with progress_bar() as progress:
        page = write_index(runs, out / "index.html", progress=progress)
    say(f"Open {page.resolve()} in a browser.")


def _study(
    out: Path, name: str, simulation: dict[str, Any], split: dict[str, Any]
) -> tuple[str, tuple[str, str], list[str]]:
    """Simulate a data set, prepare it, and train, evaluate and report the recommended synthesiser.

    Returns
    -------
    name : str
    lines : tuple of str
        What there is, and the verdict.
    notes : list of str
        What was noted on the way: processes that work at the same time cannot share a terminal.
    """
    from eeg2fmri.core.log import collected, use_log_level
    from eeg2fmri.core.progress import silent
    from eeg2fmri.data.prepare.run import PrepareConfig, prepare
    from eeg2fmri.simulate import SimulationConfig, simulate_dataset

    data = out / "data" / name
    with use_log_level("ERROR"), collected() as notes:
        simulate_dataset(data / "bids", SimulationConfig.make(simulation))
        bold = {"derivatives": "derivatives/fmriprep"}
        store = prepare(data / "bids", data / "store", PrepareConfig.make({"bold": bold}))
        settings = {"model": {"preset": "recommended"}, "split": split, "seed": 1}
        verdict = _run(store.path, out / name, settings, silent)
    made = (
        f"{len(store.recordings)} recordings of {len(store.electrodes)} electrodes, "
        f"volumes {' x '.join(map(str, store.grid))} every {store.tr:g} s, space {store.space}"
    )
    return name, (made, verdict), notes


def _run(store: Path, run: Path, settings: dict[str, Any], progress: Progress) -> str:
    """Train, evaluate and report; give the verdict."""
    from eeg2fmri.evaluate.run import evaluate_run
    from eeg2fmri.report import write_report
    from eeg2fmri.train.run import train_run

    trained = train_run(store, run, settings, progress=progress)
    if trained.interrupted:
        trained.stop_again()
    verdict = evaluate_run(run, store, progress=progress).verdict
    write_report(run, progress=progress)
    return verdict


def _predict(data: Path, run: Path, out: Path) -> None:
    """Synthesise the BOLD of the first test recording from its EEG alone, as for a patient without a scanner."""
    from eeg2fmri.cli.commands.eeg import predict
    from eeg2fmri.data.splits.make import read_split

    name = read_split(run)[0].test[0]
    out.mkdir()
    eeg = data / "bids" / name.split("_")[0] / "eeg" / f"{name}_eeg.vhdr"
    predict.command(run, eeg, out / f"{name}_desc-synthesised_bold.nii.gz")
