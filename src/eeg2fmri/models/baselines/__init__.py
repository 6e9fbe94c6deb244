"""What a synthesiser has to beat: methods that know no EEG, and linear ones that do."""

from __future__ import annotations

from eeg2fmri.models.baselines.band_power_ridge import HaemodynamicRidge, LaggedBandPowerRidge
from eeg2fmri.models.baselines.base import Baseline
from eeg2fmri.models.baselines.constant import MeanVolume, SubjectMean
from eeg2fmri.models.baselines.time_locked import GroupMeanOfOthers

__all__ = [
    "Baseline",
    "GroupMeanOfOthers",
    "HaemodynamicRidge",
    "LaggedBandPowerRidge",
    "MeanVolume",
    "SubjectMean",
    "all_baselines",
]


def all_baselines() -> tuple[Baseline, ...]:
    """Make one of each baseline, in the order of a table."""
    return (MeanVolume(), SubjectMean(), GroupMeanOfOthers(), LaggedBandPowerRidge(), HaemodynamicRidge())
