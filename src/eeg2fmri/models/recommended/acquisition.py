"""Collect what a fit has to know of the recordings beside their pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

if TYPE_CHECKING:
    from eeg2fmri.data.store.store import Store


#: Data sets, of stores that were joined, from which on they are left out in turn rather than people.
DATA_SETS = 3


@dataclass(frozen=True, eq=False)
class Acquisition:
    """Clock and geometry of a training group.

    Attributes
    ----------
    tr : float
        s.
    lag : int
        Volumes between the end of a window and its target.
    mask : bool array, shape (x, y, z)
        Voxels to synthesise.
    affine : array, shape (4, 4)
        Voxel indices to mm.
    space : str
        BIDS name of the space of the volumes, or ``native``.
    electrodes : array, shape (channel, 3), or None
        mm on a template head in MNI space, NaN where unknown; None if no place is known.
    subjects : mapping of int to str
        Position of a recording in its pairs to the subject, or to the data set, whom `left_out` names; one that is not
        named is a subject of its own.
    left_out : {"subjects", "data sets"}
        What is left out in turn while settings are chosen.
    """

    tr: float
    mask: np.ndarray
    affine: np.ndarray
    lag: int = 0
    space: str = "native"
    electrodes: np.ndarray | None = None
    subjects: Mapping[int, str] = field(default_factory=dict)
    left_out: Literal["subjects", "data sets"] = "subjects"

    @classmethod
    def of_store(cls, store: Store, recordings: Sequence[str | int], lag: int = 0) -> Self:
        """Take clock and geometry from a store.

        Parameters
        ----------
        store : Store
        recordings : sequence of str or int
            All that are not tested; the mask is where any of them has brain.
        lag : int
            Of the pairs.
        """
        from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions

        known = {store.index(name): store.recordings[store.index(name)] for name in recordings}
        several = len({one.data_set for one in known.values()}) >= DATA_SETS
        return cls(
            tr=store.tr,
            # brains in native space differ: a voxel of one of them is worth a prediction
            mask=np.logical_or.reduce([store.mask(recording) for recording in recordings]),
            affine=store.affine,
            lag=lag,
            space=store.space,
            electrodes=electrode_positions(store.electrodes),
            subjects={place: one.data_set if several else one.subject for place, one in known.items()},
            left_out="data sets" if several else "subjects",
        )
