"""From a run and a person's store to a run folder of that person."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from numbers import Real
from os import PathLike
from pathlib import Path

import numpy as np

import eeg2fmri
from eeg2fmri.calibrate.minutes import minutes_split
from eeg2fmri.core.disk.files import whole_folder
from eeg2fmri.core.errors import CheckpointError, InputError, Problem
from eeg2fmri.core.log import Verbose, note, tells
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.scaling import group_statistics
from eeg2fmri.data.splits.split import Split, read_split
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.frozen import GROUP
from eeg2fmri.evaluate.inputs.open_run import card_problems
from eeg2fmri.models.capabilities import FIT
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.recommended.personal import PersonalReport, fit_to_person
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import Loaded, load, save
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.run_folder import make_run_folder, refuse_existing_run, write_json


@dataclass(frozen=True)
class Calibrated:
    """What a calibration left behind.

    Attributes
    ----------
    run : Path
        Run folder of the person.
    split : Split
        Which volumes were used, and which test.
    report : PersonalReport
    """

    run: Path
    split: Split
    report: PersonalReport

    def summary(self) -> str:
        """Say in one line what was fitted to what."""
        return self.report.summary()


@tells
def calibrate_run(
    run: str | Path,
    store: str | PathLike[str],
    out: str | Path,
    *,
    minutes: float = 5.0,
    subject: str | None = None,
    verbose: Verbose = None,
) -> Calibrated:
    """Fit the model of a run to one person, by the first minutes of that person's first recording.

    Gain, maps and weights are fitted around the group's, which are their prior; what minutes that were left out do not
    confirm stays as it was. ``evaluate`` scores the result beside the frozen model of the group, on volumes that were
    not used: other recordings of the person, or what comes after the minutes.

    Parameters
    ----------
    run : path
        Run folder of a `recommended` model.
    store : Store or path
        With the person's recordings, prepared as those of the run.
    out : path
        Run folder to make.
    minutes : float
        Of EEG and BOLD that are fitted to.
    subject : str, optional
        The person, where the store has several.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Returns
    -------
    Calibrated

    Raises
    ------
    CheckpointError
        If the run cannot be used, or the store was prepared differently: every difference is named.
    InputError
        If `out` exists, `minutes` is no length of time, the person is not named or trained the run, or the recordings
        are too short.
    StoreError
        If the store cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> from eeg2fmri.train.run import train_run
    >>> rng = np.random.default_rng(0)
    >>> power, regions = rng.standard_normal((600, 4)), rng.standard_normal((600, 3))
    >>> people = np.repeat(["01", "02", "03", "04"], 150)
    >>> store = Store.from_arrays("people", power, regions, subjects=people, tr=2.0)
    >>> settings = {"model": {"preset": "recommended"}, "split": {"test": ["04"]}}
    >>> group = train_run(store, "group", settings).run
    >>> calibrate_run(group, store, "person", minutes=3, subject="04").split.test
    ('sub-04_task-own_volumes-100to149',)
    """
    if not (isinstance(minutes, Real) and np.isfinite(minutes) and minutes > 0):
        raise InputError(
            "the minutes to fit to are no length of time",
            where="minutes",
            got=repr(minutes),
            expected="a number above 0",
        )
    run, out, store = Path(run), Path(out), Store.open(store)
    refuse_existing_run(out, resumable=False)
    group = _group(run, store)
    person = _person(run, store, subject)
    pairs = group.card.pairs
    split = minutes_split(store, person, minutes, pairs)
    view = split.view(store)
    used = (*split.train, *split.validation)
    assert isinstance(group.model, Recommended)
    config = TrainConfig.read(run / "train.yaml")
    facts = {
        "eeg2fmri": eeg2fmri.__version__,
        "store_hash": store.hash,
        "seed": config.seed,
        "group": group.digest,
        "minutes": minutes,
    }
    with whole_folder(out) as part:  # the place is tried before the work
        acquisition = Acquisition.of_store(view, used, pairs.lag)
        model, report = fit_to_person(group.model, PairDataset(view, used, pairs), acquisition)
        made = part / "run"
        make_run_folder(made, config, split, store, facts)
        save(made, model, ModelCard.of_store(view, model.config, pairs), group_statistics(view, split.train))
        save(made / GROUP, group.model, group.card, group.statistics)
        write_json(
            made / FIT, {"fitted_to": ["training", "validation"], "minutes": minutes, **dataclasses.asdict(report)}
        )
        for each in made.iterdir():
            each.rename(part / each.name)
        made.rmdir()
    return Calibrated(out, split, report)


def _group(run: Path, store: Store) -> Loaded:
    read_split(run)
    group = load(run)
    if not isinstance(group.model, Recommended):
        raise CheckpointError(
            "this model cannot be fitted to a person",
            where=str(run),
            got=str(group.card.model.get("kind")),
            expected="recommended: its weights are computed, not trained",
            hint="train with --preset recommended",
        )
    problems: list[Problem] = list(card_problems(group.card, store, str(run)))
    if problems:
        raise CheckpointError.of(problems)
    return group


def _person(run: Path, store: Store, subject: str | None) -> str:
    """Find whom to calibrate to: a person whom the model of the group has not seen."""
    split, store_hash = read_split(run)
    everyone = sorted({recording.subject for recording in store.recordings})
    named = {_subject(name) for name in (*split.train, *split.validation)}
    trained = named if store_hash == store.hash else set()
    unseen = [label for label in everyone if label not in trained]
    subject = None if subject is None else subject.removeprefix("sub-")
    if subject is None and len(everyone) == 1:
        subject = everyone[0]
    if subject in unseen:
        if subject in named:
            note(
                f"The model of the group was trained on a sub-{subject} of another store. If it is the same person, "
                "the scores say nothing of new people: name another person, or train without this one."
            )
        return subject
    if subject in everyone:
        what, got = "the model of the group was trained on this person", str(subject)
    elif subject is None:
        what, got = "it is not known whom to calibrate to", f"{len(everyone)} people"
    else:
        what, got = "the person is not in the store", subject
    raise InputError(
        what,
        where=str(store.path),
        got=got,
        expected="one of " + ", ".join(unseen) if unseen else "a person who is not in the training of the run",
        hint=f"name a person whom the group's model has not seen: --subject {unseen[0]}"
        if unseen
        else "prepare the recordings of the person as a store of their own",
    )


def _subject(name: str) -> str:
    return name.split("_")[0].removeprefix("sub-")
