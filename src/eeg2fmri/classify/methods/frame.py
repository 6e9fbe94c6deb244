"""Amplitudes that the recommended synthesiser reads, in a frame that all subjects of a training fold share.

The synthesiser was fitted to amplitudes that are recentred by each recording's own covariance, and have mean 0 and
deviation 1 in each recording (`eeg2fmri.data.features.recentring`). What tells subjects apart is gone from them: every
recording's mean view is the same. Here the recentring is that of the group: one whitener, mean and deviation, those of
the training subjects, each of whom weighs the same. What a data set has of its own (cap, amplifier, clinic) is
recentred away as before, and how a subject differs from the others stays. A subject whose mean covariance is that of
the group gets the windows that the synthesiser was fitted to.

A lasting difference of amplitudes is so taken for what it would be as a fluctuation in time: that the coupling of EEG
and BOLD over time holds for differences between subjects is an assumption, and the view of a subject is no estimate of
its blood flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from eeg2fmri.data.features.recentring import Recentring
from eeg2fmri.data.features.row_features import side_by_side
from eeg2fmri.data.features.rows import whitened

#: Before the name of a kind of row features among the features of windows.
PLAIN = "plain "


@dataclass(frozen=True, eq=False)
class GroupFrame:
    """Recentring by a group of subjects.

    Attributes
    ----------
    recentring : Recentring
        Whitener (band, channel, channel) of the mean of the subjects' mean covariances; mean over the subjects of the
        mean, and of the deviation over time, of the whitened amplitudes, (channel, band).
    """

    recentring: Recentring

    @classmethod
    def of(cls, covariances: np.ndarray, subjects: np.ndarray) -> Self:
        """Learn the frame from the windows of the training subjects.

        Parameters
        ----------
        covariances : array, shape (window, row, band, channel, channel)
            V^2, average of any reference.
        subjects : array, shape (window,)

        Raises
        ------
        InputError
            If there are fewer than two subjects, a band has no power, or values are not finite.
        """
        owners = [np.flatnonzero(subjects == name) for name in dict.fromkeys(subjects.tolist())]
        means = np.stack([covariances[own].mean(axis=(0, 1), dtype=np.float64) for own in owners])
        whitener = Recentring.of(means).whitener
        plain = _plain(whitener)
        found = [plain.apply(_rows(covariances[own])) for own in owners]
        mean = np.mean([one.mean(axis=0, dtype=np.float64) for one in found], axis=0)
        std = np.mean([one.std(axis=0, dtype=np.float64) for one in found], axis=0)
        return cls(Recentring(whitener, mean, std))

    def windows(self, covariances: np.ndarray) -> np.ndarray:
        """Bring covariances (window, row, band, channel, channel), V^2, to windows (window, channel, band, row)."""
        amplitude = self.recentring.apply(_rows(covariances))
        return np.ascontiguousarray(np.moveaxis(amplitude.reshape(*covariances.shape[:2], *amplitude.shape[1:]), 1, -1))


@dataclass(frozen=True, eq=False)
class RowFrame:
    """Row features scaled by a group of subjects: mean, and deviation over time, of each feature as of `GroupFrame`.

    Attributes
    ----------
    kinds : tuple of str
        Row features of the synthesiser (`eeg2fmri.data.features.row_features`).
    group : GroupFrame or None
        Recentring of the amplitudes among them.
    scaling : dict
        Kind to mean and deviation (channel, column).
    """

    kinds: tuple[str, ...]
    group: GroupFrame | None
    scaling: dict[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, kinds: tuple[str, ...], features: Mapping[str, np.ndarray], subjects: np.ndarray) -> Self:
        """Learn the frame from the windows of the training subjects.

        Parameters
        ----------
        kinds : tuple of str
        features : mapping of str to array
            Windows of these subjects, see `eeg2fmri.classify.methods.features.WindowData`.
        subjects : array, shape (window,)

        Raises
        ------
        InputError
            As `GroupFrame.of`.
        """
        owners = [np.flatnonzero(subjects == name) for name in dict.fromkeys(subjects.tolist())]
        group = GroupFrame.of(features["rows"], subjects) if "rows" in features else None
        scaling: dict[str, tuple[np.ndarray, np.ndarray]] = {}

        def learn(kind: str, values: np.ndarray) -> np.ndarray:
            own = [values[owner].reshape(-1, *values.shape[2:]) for owner in owners]
            mean = np.mean([one.mean(axis=0, dtype=np.float64) for one in own], axis=0)
            std = np.mean([one.std(axis=0, dtype=np.float64) for one in own], axis=0)
            scaling[kind] = mean, std
            return _scale(values, scaling[kind])

        side_by_side(_plain_rows(features, group), kinds, learn)
        return cls(kinds, group, scaling)

    def windows(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Bring the windows of `features` to windows (window, channel, column, row)."""
        made = side_by_side(
            _plain_rows(features, self.group), self.kinds, lambda kind, values: _scale(values, self.scaling[kind])
        )
        return np.ascontiguousarray(np.moveaxis(made, 1, -1))


def _plain_rows(features: Mapping[str, np.ndarray], group: GroupFrame | None) -> dict[str, np.ndarray]:
    """Values (window, row, channel, column) that the kinds are made of."""
    plain = {name.removeprefix(PLAIN): values for name, values in features.items() if name.startswith(PLAIN)}
    if group is not None:
        plain[whitened.KIND] = np.moveaxis(group.windows(features["rows"]), -1, 1)
    return plain


def _scale(values: np.ndarray, scaling: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    mean, std = scaling
    varies = std > 1e-9 * np.abs(mean).max()
    return np.where(varies, (values - mean) / np.where(varies, std, 1), 0)


def _rows(covariances: np.ndarray) -> np.ndarray:
    return covariances.reshape(-1, *covariances.shape[2:])


def _plain(whitener: np.ndarray) -> Recentring:
    """Whiten, and leave mean and deviation as they are."""
    shape = (whitener.shape[-1], len(whitener))
    return Recentring(whitener, np.zeros(shape), np.ones(shape))
