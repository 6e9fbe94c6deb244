"""Offer what a synthesiser has to beat: methods that know no EEG, and simple ones that do."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from eeg2fmri.models.baselines import kinds
from eeg2fmri.models.baselines.base import Baseline

__all__ = ["Baseline", "all_baselines", "standard_baselines"]

#: Order of a table.
_ORDER = ("nothing", "own BOLD", "EEG")


def all_baselines() -> tuple[Baseline, ...]:
    """Make one of each baseline, in the order of a table: what sees nothing first, then by name."""
    modules = [import_module(f"{kinds.__name__}.{found.name}") for found in pkgutil.iter_modules(kinds.__path__)]
    every: list[Baseline] = [kind() for module in modules for kind in module.BASELINES]
    return tuple(sorted(every, key=lambda one: (_ORDER.index(one.sees), _slow(one), one.name)))


def standard_baselines() -> tuple[Baseline, ...]:
    """Make the baselines that stand beside every score: each takes seconds."""
    return tuple(one for one in all_baselines() if not _slow(one))


def _slow(baseline: Baseline) -> bool:
    """Whether a baseline says that it takes more than seconds: it stands in benchmarks alone."""
    return bool(getattr(baseline, "slow", False))
