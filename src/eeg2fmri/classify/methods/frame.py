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

from dataclasses import dataclass
from typing import Self

import numpy as np

from eeg2fmri.data.features.recentring import Recentring


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


def _rows(covariances: np.ndarray) -> np.ndarray:
    return covariances.reshape(-1, *covariances.shape[2:])


def _plain(whitener: np.ndarray) -> Recentring:
    """Whiten, and leave mean and deviation as they are."""
    shape = (whitener.shape[-1], len(whitener))
    return Recentring(whitener, np.zeros(shape), np.ones(shape))
