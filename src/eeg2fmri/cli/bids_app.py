"""Take the command line of BIDS Apps, and do what their two levels are."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eeg2fmri.cli.console import progress_bar, say, table, warn, wrote

if TYPE_CHECKING:
    from eeg2fmri.data.bids.labels import Labels

#: Options that take several labels at once, as those of other BIDS Apps do.
SEVERAL = ("--participant-label", "--session-label", "--task-label")
STORE = "store"


def main() -> None:
    """Run ``eeg2fmri-bids``: ``eeg2fmri bids-app`` with the spellings that users of BIDS Apps know."""
    from eeg2fmri.cli.main import main as command_line

    given = as_ours(sys.argv[1:])
    command_line(["--version"] if "--version" in given else ["bids-app", *given])


def as_ours(arguments: Sequence[str]) -> list[str]:
    """Write the arguments of a BIDS App as the commands here take them.

    Examples
    --------
    >>> as_ours(["bids", "out", "participant", "--participant_label", "01", "02", "--n_cpus", "2"])
    ['bids', 'out', 'participant', '--participant-label', '01', '--participant-label', '02', '--n-cpus', '2']
    """
    ours: list[str] = []
    option, had = "", False
    for argument in arguments:
        if argument.startswith("-"):
            name, equals, value = argument.partition("=")
            argument = (name.replace("_", "-") if name.startswith("--") else name) + equals + value
            option, had = (argument if argument in SEVERAL else ""), False
        elif option and had:
            ours.append(option)
        had = had or not argument.startswith("-")
        ours.append(argument)
    return ours


def temporary_files(folder: Path | None) -> None:
    """Have temporary files, also those of other processes, in a folder."""
    if folder is None:
        return
    from eeg2fmri.core.disk.files import told_of

    with told_of(folder):
        folder.mkdir(parents=True, exist_ok=True)
    place = str(folder.resolve())
    os.environ["TMPDIR"] = os.environ["JOBLIB_TEMP_FOLDER"] = tempfile.tempdir = place


def validated(root: Path, *, skip: bool) -> None:
    """Ask the BIDS validator, unless it is to be skipped, and say so where there is none."""
    from eeg2fmri.data.bids.validator import check_bids

    if not skip and root.is_dir() and not check_bids(root):
        warn("the data set was not validated: there is no BIDS validator (pip install bids-validator-deno)")


def jobs(n_cpus: int, mem_mb: int | None, each_mb: int) -> int:
    """Give the number of recordings at the same time that processors and memory allow.

    Examples
    --------
    >>> jobs(8, 4000, 1500), jobs(2, None, 1500)
    (2, 2)
    """
    if mem_mb is None:
        return n_cpus
    if mem_mb < each_mb:
        warn(f"{mem_mb} MB may be too little: a recording takes about {each_mb} MB")
    return max(1, min(n_cpus, mem_mb // each_mb))


def prepare_participants(root: Path, out: Path, labels: Labels, settings: Mapping[str, Any], n_jobs: int) -> None:
    """Prepare the recordings that are asked for as ``OUT/store``, and draw how good they are."""
    from eeg2fmri.data.bids.pairing import find_recordings
    from eeg2fmri.data.prepare.run import PrepareConfig, prepare

    config = PrepareConfig.make(dict(settings))
    recordings = find_recordings(root, config).recordings
    of = [(one.id, {"sub": one.subject, "ses": one.session, "task": one.task}) for one in recordings]
    kept = labels.chosen((name, {key: value for key, value in each.items() if value}) for name, each in of)
    others = tuple(one.id for one in recordings if one.id not in kept)
    config = config.model_copy(update={"leave_out": (*config.leave_out, *others)})
    with progress_bar() as progress:
        made = prepare(root, out / STORE, config, n_jobs=n_jobs, progress=progress)
    _quality(out)
    say(f"next: eeg2fmri train {made.path} RUN")


def group(out: Path) -> int:
    """Write tables and pages over what the participant level has made, and return the exit status."""
    from eeg2fmri.cli.predictions import told
    from eeg2fmri.report import write_predictions
    from eeg2fmri.results.predictions import Predictions

    if (out / STORE).is_dir():
        _quality(out)
        return 0
    found = Predictions.read(out)
    found.write_table()
    with progress_bar() as progress:
        page = write_predictions(out, progress=progress)
    return told(found, page)


def _quality(out: Path) -> None:
    """Write the table of the store's recordings, and a figure for each."""
    from eeg2fmri.core.disk.files import write_csv
    from eeg2fmri.data.prepare.quality_figure import write_figures
    from eeg2fmri.data.store.quality import rows, warnings
    from eeg2fmri.data.store.store import Store

    store = Store.open(out / STORE)
    columns, each = rows(store)
    write_csv(out / "recordings.tsv", columns, each, delimiter="\t")
    with progress_bar() as progress:
        figures = list(write_figures(store, out / "figures", progress))
    for text in warnings(store):
        say(text)
    table("Recordings", columns, each)
    wrote("store", out / STORE)
    wrote("table", out / "recordings.tsv")
    wrote(f"{len(figures)} figure{'s' * (len(figures) != 1)}", out / "figures")
