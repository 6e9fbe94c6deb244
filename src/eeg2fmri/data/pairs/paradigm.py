"""Offer a store the way that users of MOABB and braindecode know: a dataset, and a paradigm that cuts it.

Names and shapes follow their conventions (``subject_list``, ``get_data``, ``description``, ``split``; ``X, y,
metadata``); neither package is needed. What is predicted is no class but BOLD: ``y`` has a column for each
voxel of the brain.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store

if TYPE_CHECKING:
    import pandas

#: Label of a session or run that a recording does not name.
FIRST = "0"


class StoreDataset:
    """Subjects, sessions and runs of a store; its length is the number of recordings.

    Parameters
    ----------
    store : Store or path
    subjects : sequence of str, optional
        All by default.

    Attributes
    ----------
    subject_list : list of str
    n_sessions : int
        Most sessions that a subject has.
    code : str
        Name of the store and the first digits of its hash.

    Raises
    ------
    InputError
        If a subject is not in the store.

    Examples
    --------
    >>> dataset = StoreDataset("store")
    >>> dataset.subject_list, len(dataset), dataset.get_data(["02"])
    (['01', '02', '03'], 3, {'02': {'0': {'0': 'sub-02_task-rest'}}})
    """

    def __init__(self, store: Store | str | PathLike[str], subjects: Sequence[str] | None = None) -> None:
        self.store = store if isinstance(store, Store) else Store.open(store)
        known = sorted({one.subject for one in self.store.recordings})
        wrong = [name for name in subjects or () if name not in known]
        if wrong:
            raise InputError(
                "no such subject in the store", got=", ".join(wrong), expected=f"one of {first_of(known, 10)}"
            )
        self.subject_list = known if subjects is None else list(subjects)
        self.code = f"{self.store.path.name}-{self.store.hash[:8]}"

    def __len__(self) -> int:
        """Count the recordings, which are the rows of `description`."""
        return sum(one.subject in self.subject_list for one in self.store.recordings)

    def __repr__(self) -> str:
        """Say in a line what it is."""
        return f"<StoreDataset | {self.code}: {len(self.subject_list)} subjects, {len(self)} recordings>"

    @property
    def n_sessions(self) -> int:
        """Count the sessions of the subject that has the most."""
        return max(map(len, self.get_data().values()), default=0)

    def get_data(self, subjects: Sequence[str] | None = None) -> dict[str, dict[str, dict[str, str]]]:
        """Give the id of each recording by subject, session and run."""
        wanted = StoreDataset(self.store, self.subject_list if subjects is None else subjects).subject_list
        found: dict[str, dict[str, dict[str, str]]] = {name: {} for name in wanted}
        for one in self.store.recordings:
            if one.subject in found:
                run = "_".join(part for part in (one.task if self._tasks() > 1 else "", one.run) if part) or FIRST
                found[one.subject].setdefault(one.session or FIRST, {})[run] = one.id
        return found

    def _tasks(self) -> int:
        return len({one.task for one in self.store.recordings})

    @property
    def description(self) -> pandas.DataFrame:
        """A row for each recording, as braindecode describes its datasets."""
        table = self.store.to_frame()
        return table[table["subject"].isin(self.subject_list)]

    def split(self, by: str = "subject") -> dict[str, StoreDataset]:
        """Divide by subject.

        Raises
        ------
        InputError
            If it is to be divided by something else.
        """
        if by != "subject":
            raise InputError("a store is divided by subject here", got=by, hint="for sessions and blocks: SplitConfig")
        return {name: StoreDataset(self.store, [name]) for name in self.subject_list}


class BoldParadigm:
    """Windows of EEG and the BOLD that follows them.

    Parameters
    ----------
    pairs : PairConfig, optional
        Windows, lag, scaling and target.

    Examples
    --------
    >>> X, y, metadata = BoldParadigm(PairConfig(window=4)).get_data(StoreDataset("store"), ["02"])
    >>> X.shape, len(y) == len(metadata), list(metadata.columns)
    ((23, 12, 36, 4), True, ['subject', 'session', 'run', 'recording', 'volume'])
    """

    def __init__(self, pairs: PairConfig | None = None) -> None:
        self.pairs = pairs or PairConfig()

    def is_valid(self, dataset: object) -> bool:
        """Tell whether the paradigm can cut a dataset."""
        return isinstance(dataset, StoreDataset)

    def get_data(
        self, dataset: StoreDataset, subjects: Sequence[str] | None = None
    ) -> tuple[np.ndarray, np.ndarray, pandas.DataFrame]:
        """Cut the windows of some subjects.

        Returns
        -------
        X : array, shape (window, channel, freq, time)
        y : array, shape (window, voxel)
            Voxels that lie in the brain of every recording; of each volume of a block, the oldest first.
        metadata : DataFrame
            Subject, session, run, recording, and the volume that is predicted.

        Raises
        ------
        InputError
            If a subject is unknown, or a recording is too short.
        """
        import pandas

        store = dataset.store
        runs = [
            (subject, session, run, name)
            for subject, sessions in dataset.get_data(subjects).items()
            for session, each in sessions.items()
            for run, name in each.items()
        ]
        inside, x, y, rows = np.tile(store.brain_mask(), (self.pairs.block, 1, 1)), [], [], []
        for subject, session, run, name in runs:
            pairs = PairDataset(store, [name], self.pairs)
            for pair in (pairs[k] for k in range(len(pairs))):
                x.append(pair.x.numpy())
                y.append(pair.y.numpy()[inside])
                rows.append((subject, session, run, name, pair.volume))
        columns = ["subject", "session", "run", "recording", "volume"]
        return np.stack(x), np.stack(y), pandas.DataFrame(rows, columns=columns)
