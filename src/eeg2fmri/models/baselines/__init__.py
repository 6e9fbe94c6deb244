"""Offer what a synthesiser has to beat: methods that know no EEG, and linear ones that do."""

from __future__ import annotations

from eeg2fmri.data.pairs.of_store import has_amplitudes
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.baselines.band_power_ridge import HaemodynamicRidge, LaggedBandPowerRidge, RecentredRidge
from eeg2fmri.models.baselines.base import Baseline
from eeg2fmri.models.baselines.constant import MeanVolume, SubjectMean
from eeg2fmri.models.baselines.distributed_lag import DistributedLagLasso
from eeg2fmri.models.baselines.time_locked import GroupMeanOfOthers

__all__ = [
    "Baseline",
    "DistributedLagLasso",
    "GroupMeanOfOthers",
    "HaemodynamicRidge",
    "LaggedBandPowerRidge",
    "MeanVolume",
    "RecentredRidge",
    "SubjectMean",
    "all_baselines",
    "standard_baselines",
]


def standard_baselines(store: Store) -> tuple[Baseline, ...]:
    """Make the baselines that stand beside every score, in the order of a table: each takes seconds.

    Parameters
    ----------
    store : Store
        The strongest ridge needs band amplitudes, which not every store has.
    """
    ridges = [LaggedBandPowerRidge(), HaemodynamicRidge(), *([RecentredRidge()] if has_amplitudes(store) else [])]
    return (MeanVolume(), SubjectMean(), GroupMeanOfOthers(), *ridges)


def all_baselines(store: Store) -> tuple[Baseline, ...]:
    """Make one of each baseline, in the order of a table, with those that take longer."""
    return (*standard_baselines(store), DistributedLagLasso())
