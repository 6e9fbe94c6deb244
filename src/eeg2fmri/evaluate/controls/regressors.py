"""Make columns of what is known of a recording beside the activity of the brain, one row a target volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from eeg2fmri.data.features.band_power import log_band_power, recentre
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.features import pairs_of, row_features
from eeg2fmri.models.baselines.response import response_filters

#: Head radius (mm) by which rotations become displacements (Power et al., NeuroImage 59, 2012).
RADIUS_MM = 50.0
#: Framewise displacement (mm) from which a volume is a motion event.
EVENT_MM = 0.5
#: Longest delay (s) at which pulse, breathing or a movement still acts on BOLD.
MEMORY_S = 16.0
#: Bands of the EEG (Hz) to which the brain gives little, and muscles and movements much.
OUTSIDE = {"below 1 Hz": (0.0, 1.0), "above 45 Hz": (45.0, np.inf)}
_ROTATIONS, _SHIFTS = ("rot_x", "rot_y", "rot_z"), ("trans_x", "trans_y", "trans_z")


@dataclass(frozen=True)
class Known:
    """A kind of thing that a recording may know beside its EEG and BOLD.

    Attributes
    ----------
    name, label, could_be : str
        See `eeg2fmri.results.scores.control.Control`.
    columns : tuple of str
        Names, or beginnings of names, of columns of `Store.nuisance`.
    absent : str
        What to say where it is not known.
    """

    name: str
    label: str
    could_be: str
    columns: tuple[str, ...]
    absent: str


KNOWN = (
    Known(
        "motion",
        "motion (24 regressors and displacement)",
        "motion",
        (*_SHIFTS, *_ROTATIONS),
        "no motion parameters: put the confounds of fMRIPrep under derivatives/fmriprep and prepare again",
    ),
    Known(
        "task",
        "the task (events convolved with the response)",
        "the task",
        ("task_",),
        "no events.tsv with events that come and go",
    ),
    Known(
        "heart",
        "the heart (its rate, the power of the ECG)",
        "the heartbeat",
        ("heart_rate", "ecg_power"),
        "no ECG or pulse was recorded",
    ),
    Known(
        "respiration",
        "breathing (respiration volume per time)",
        "breathing",
        ("respiration",),
        "no breathing was recorded (_physio.tsv.gz)",
    ),
    Known("eyes", "the power of the EOG", "eye movements", ("eog_power",), "no EOG was recorded"),
)


def known_columns(store: Store, recording: str, kind: Known) -> dict[str, np.ndarray]:
    """Make the regressors of a kind, by name, each (volume,) of the whole recording; empty where it is not known."""
    table = store.nuisance(recording)
    own = {name: values for name, values in table.items() if name.startswith(kind.columns)}
    if kind.name == "motion":
        return motion_columns(own, store.tr) if len(own) == 6 else {}
    return own if kind.name == "task" else delayed(own, store.tr)


def motion_columns(parameters: Mapping[str, np.ndarray], tr: float) -> dict[str, np.ndarray]:
    """Make the 24 regressors of Friston et al. (Magn Reson Med 35, 1996), and the displacement at several delays.

    Parameters
    ----------
    parameters : mapping of name to array, shape (volume,)
        ``trans_x`` to ``rot_z``, mm and rad.
    tr : float
        s.

    Returns
    -------
    dict of name to array, shape (volume,)
        The parameters, those of the volume before, the squares of both, and the framewise displacement and its
        logarithm up to 16 s later: a movement changes the power of the EEG at once, and of what is predicted from it
        seconds later.
    """
    found = dict(parameters)
    found |= {f"{name}_before": np.r_[values[:1], values[:-1]] for name, values in parameters.items()}
    found |= {f"{name}_squared": values**2 for name, values in dict(found).items()}
    moved = displacement(parameters)
    return found | delayed({"displacement": moved, "log_displacement": np.log(moved + 0.05)}, tr)


def displacement(parameters: Mapping[str, np.ndarray]) -> np.ndarray:
    """Framewise displacement (volume,), mm, of Power et al. (NeuroImage 59, 2012); 0 for the first volume."""
    weight = {**dict.fromkeys(_SHIFTS, 1.0), **dict.fromkeys(_ROTATIONS, RADIUS_MM)}
    steps = sum(weight[name] * np.abs(np.diff(values)) for name, values in parameters.items())
    return np.r_[0.0, np.asarray(steps, float)]


def delayed(columns: Mapping[str, np.ndarray], tr: float) -> dict[str, np.ndarray]:
    """Give columns at delays up to 16 s, 2 s apart at least; before the recording they are as at its beginning."""
    step = max(1, round(2.0 / tr))
    rows = range(0, int(MEMORY_S / tr) + 1, step)
    return {
        f"{name}_after_{delay * tr:g}s": np.r_[np.full(delay, values[0]), values[: len(values) - delay]]
        for name, values in columns.items()
        for delay in rows
        if delay < len(values)
    }


def clean_targets(store: Store, recording: str, targets: np.ndarray, reach: int, after: int = 0) -> np.ndarray | None:
    """Tell which targets have no motion event in the volumes of their windows or in their own.

    Parameters
    ----------
    store : Store
    recording : str
    targets : int array, shape (target,)
    reach : int
        Volumes before the target that its window begins.
    after : int
        Volumes after the target that the last window ends, with several windows a target.

    Returns
    -------
    bool array, shape (target,), or None
        None where motion is not known.
    """
    table = store.nuisance(recording)
    own = {name: table[name] for name in (*_SHIFTS, *_ROTATIONS) if name in table}
    if len(own) < 6:
        return None
    moved = displacement(own) > EVENT_MM
    before = np.concatenate([[0], np.cumsum(moved)])
    end = np.minimum(targets + 1 + after, len(moved))
    clean: np.ndarray = before[end] == before[np.maximum(targets - reach, 0)]
    return clean


def outside_band(store: Store, recording: str, pairs: PairConfig) -> np.ndarray:
    """Make features of the EEG below 1 Hz and above 45 Hz: log power of each electrode, convolved with the response.

    Returns
    -------
    array, shape (pair, feature)

    Raises
    ------
    InputError
        If the store has no such frequencies.
    """
    power = recentre(log_band_power(store.eeg(recording), store.frequencies, OUTSIDE))
    starts, _ = pairs_of(store, recording, pairs)
    filters = response_filters(store.tr, pairs.window, pairs.lag, (-2.0, 0.0, 2.0), False)
    return row_features(power.reshape(len(power), -1), starts, filters)
