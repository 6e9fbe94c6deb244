"""Collect what an explanation of a run found, over subjects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from eeg2fmri.core.random import generator
from eeg2fmri.explain.checks.fidelity import Fidelity
from eeg2fmri.explain.checks.recovery import Recovery
from eeg2fmri.explain.config import ExplainConfig
from eeg2fmri.explain.inputs import axes as along
from eeg2fmri.explain.inputs.axes import Axes
from eeg2fmri.explain.inputs.targets import Target
from eeg2fmri.explain.windows.graph import AttentionGraph, attention_graph
from eeg2fmri.explain.windows.inference import TTest, t_test
from eeg2fmri.explain.windows.of_one_subject import SubjectRelevance

#: Sums of maps that are tested over subjects: name -> function of maps (subject, channel, freq, time).
TESTED = {
    "electrodes": along.per_electrode,
    "frequencies": along.per_frequency,
    "times": along.per_time,
    "electrodes_by_frequencies": along.per_electrode_frequency,
    "electrodes_by_times": along.per_electrode_time,
    "frequencies_by_times": along.per_frequency_time,
}


@dataclass(frozen=True, eq=False)
class Explanation:
    """Relevance of the EEG for the volumes of a run.

    Attributes
    ----------
    config : ExplainConfig
    target : Target
    axes : Axes
    subjects : tuple of SubjectRelevance
    fidelity : Fidelity or None
        Whether the relevance tells the truth; None if it was not checked.
    recovery : Recovery or None
        Whether it agrees with what drives simulated recordings; None if no truth is known.
    affine : array, shape (4, 4)
        Voxel indices to mm, of the store.
    affines : dict of subject to array, shape (4, 4)
        Of each subject's own volumes.
    space : str
        BIDS space of the volumes, or ``native``.
    tr : float
        s.
    facts : dict
        Versions and digests of what was explained.
    notes : tuple of str
        What a reader should know.
    """

    config: ExplainConfig
    target: Target
    axes: Axes
    subjects: tuple[SubjectRelevance, ...]
    fidelity: Fidelity | None
    recovery: Recovery | None
    affine: np.ndarray
    affines: dict[str, np.ndarray]
    space: str
    tr: float
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def signed(self) -> np.ndarray:
        """Signed shares of every subject, shape (subject, channel, freq, time)."""
        return np.stack([subject.signed for subject in self.subjects])

    @property
    def magnitude(self) -> np.ndarray:
        """Shares of absolute relevance of every subject, shape (subject, channel, freq, time)."""
        return np.stack([subject.magnitude for subject in self.subjects])

    @property
    def fluctuation(self) -> np.ndarray | None:
        """Shares in the changes of the target of every subject, shape (subject, channel, freq, time)."""
        return self.stacked("fluctuation")

    @property
    def pattern(self) -> np.ndarray | None:
        """Correlations of the EEG with the target of every subject, shape (subject, channel, freq, time)."""
        return self.stacked("pattern")

    def stacked(self, name: str) -> np.ndarray | None:
        """Attention, pairs, latent, fluctuation or patterns of every subject, or None if one has none."""
        parts = [getattr(subject, name) for subject in self.subjects]
        return None if any(part is None for part in parts) else np.stack(parts)

    @cached_property
    def tests(self) -> dict[str, dict[str, TTest]]:
        """Tests against 0 over subjects, of every measure with a sign, for every sum in `TESTED` and the bands."""
        names = ("signed", "fluctuation", "pattern", "sensor_pattern")
        measures = {name: self.stacked(name) for name in names}
        return {name: self._tests(name, values) for name, values in measures.items() if values is not None}

    def _tests(self, name: str, maps: np.ndarray) -> dict[str, TTest]:
        columns = {}
        for which, function in self.sums().items():
            # correlations are averaged where shares are added up
            columns[which] = along.averaged(function, maps) if name.endswith("pattern") else function(maps)
        seed = self.config.seed
        return {which: t_test(values, generator(seed, "flips", which)) for which, values in columns.items()}

    def sums(self) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
        """Functions of maps (..., channel, freq, time) that sum them to each table, those of `TESTED` and the bands."""
        return {**TESTED, "bands": lambda maps: along.per_band(maps, self.axes)}

    @cached_property
    def graphs(self) -> dict[str, AttentionGraph]:
        """Graph of the attention scores and of the relevance of pairs; empty for a model without attention."""
        if len(self.axes.electrodes) < 3:
            return {}
        matrices = {name: self.stacked(name) for name in ("attention", "pairs")}
        return {name: attention_graph(m, self.axes.electrodes) for name, m in matrices.items() if m is not None}

    @cached_property
    def latent_test(self) -> TTest | None:
        """Test of the relevance of BOLD voxels against 0 over subjects, where voxels correspond between them."""
        latent = self.stacked("latent")
        if latent is None or self.space in {"native", "unknown"} or len(latent) < 2:
            return None
        return t_test(latent, generator(self.config.seed, "flips", "latent"), flips=999)

    @property
    def error(self) -> float:
        """Conservation error, mean over subjects."""
        return float(np.mean([subject.error for subject in self.subjects]))

    @property
    def from_biases(self) -> float:
        """Share of biases, for which no EEG is responsible, mean over subjects."""
        return float(np.mean([subject.from_biases for subject in self.subjects]))

    def summary(self) -> str:
        """Say the gist in a few lines."""
        share = self.magnitude.mean(0)
        strongest = np.argsort(-along.per_electrode(share))[:3]
        names = ", ".join(self.axes.electrodes[k] for k in strongest)
        by_band = along.per_band(share, self.axes)
        band = self.axes.bands()[int(np.argmax(by_band))][0] if by_band.size else "none"
        time = self.axes.times[int(np.argmax(along.per_time(share)))]
        lines = [
            f"{self.target.what}, {sum(s.n_windows for s in self.subjects)} windows of {len(self.subjects)} subjects",
            f"strongest electrodes {names}; band {band}; {time:g} s before the volume",
            f"{100 * self.from_biases:.0f} % of the output stems from biases whatever the EEG; conservation error "
            f"{self.error:.2g}, all but {max(subject.unaccounted for subject in self.subjects):.1g} of it in biases",
        ]
        if self.fidelity is not None:
            lines.append(
                f"deletion {self.fidelity.curves.deletion_gain:+.2f} and insertion "
                f"{self.fidelity.curves.insertion_gain:+.2f} against random orders (above 0 is better), rank agreement "
                f"{self.fidelity.gradients:.2f} with integrated gradients, {self.fidelity.untrained.map:.2f} with the "
                "untrained model"
            )
        if self.recovery is not None:
            lines.append(_recovered(self.recovery))
        return "\n".join(lines)


def _recovered(recovery: Recovery) -> str:
    parts = ("electrodes", "frequencies", "times")
    found, control = (
        ", ".join(f"{name} {getattr(one['pattern'], name):.2f}" for name in parts)
        for one in (recovery.measures, recovery.untrained)
    )
    return (
        f"rank agreement of the pattern with the true drivers: {found}; of untrained models: {control}; the target "
        f"follows what the EEG drives with r {recovery.r:.2f}"
    )
