"""What a synthesiser has to beat: methods that know no EEG, and linear ones that do."""

from __future__ import annotations

from eeg2fmri.models.baselines.band_power_ridge import HaemodynamicRidge, LaggedBandPowerRidge
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
    "SubjectMean",
    "all_baselines",
    "standard_baselines",
]


def standard_baselines() -> tuple[Baseline, ...]:
    """Make the baselines that stand beside every score, in the order of a table: each takes seconds."""
    return (MeanVolume(), SubjectMean(), GroupMeanOfOthers(), LaggedBandPowerRidge(), HaemodynamicRidge())


def all_baselines() -> tuple[Baseline, ...]:
    """Make one of each baseline, in the order of a table, with those that take longer."""
    return (*standard_baselines(), DistributedLagLasso())
