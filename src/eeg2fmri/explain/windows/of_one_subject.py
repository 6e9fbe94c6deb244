"""One subject's relevance: sums over all its windows, in shares that do not depend on the unit of the volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.explain.windows.of_one_recording import LatentRelevance, WindowRelevance


@dataclass(frozen=True, eq=False)
class SubjectRelevance:
    """Relevance of one subject's windows for one target.

    Attributes
    ----------
    subject : str
        BIDS label.
    signed : array, shape (channel, freq, time)
        Sum of the relevance over the sum of its absolute values: -1 to 1. What raises the target in some windows and
        lowers it in others cancels.
    magnitude : array, shape (channel, freq, time)
        Share of the absolute relevance; sums to 1.
    fluctuation : array, shape (channel, freq, time), or None
        Share that each part has in what changes from window to window: the covariance over windows of its relevance
        with the target over the variance of the target. With that of the biases it sums to 1; anatomy and other
        constants have no share. None if the target does not vary.
    pattern : array, shape (channel, freq, time), or None
        Correlation over windows of each part of the EEG itself with the target as the model gives it, -1 to 1: what
        the output follows. Weights, and relevance with them, also show what a model subtracts to cancel noise; the
        pattern of an output does not (Haufe et al., NeuroImage 87, 2014, doi:10.1016/j.neuroimage.2013.10.067). None
        if the target does not vary.
    sensor_pattern : array, shape (channel, freq, time), or None
        The same of single electrodes as they were recorded, where the model reads recentred ones.
    attention : array, shape (channel, channel), or None
        Mean attention scores from each electrode (row) to each other (column).
    pairs : array, shape (channel, channel), or None
        Share of the absolute relevance of pairs of electrodes; sums to 1.
    latent : array, shape (x, y, z), or None
        Relevance of BOLD voxels for the agreement of the latents: mean over volumes.
    n_windows : int
    explained, absorbed, spread : float
        Means over windows, in the unit of the target; see `WindowRelevance`.
    from_biases : float
        Absolute part of biases over that of biases and EEG together, all windows: 0 to 1.
    error, unaccounted : float
        Conservation errors over all windows.
    through_scores : float or None
        Share of the absolute relevance that came through attention scores and not through values.
    latent_error : float or None
        Conservation error of `latent`.
    """

    subject: str
    signed: np.ndarray
    magnitude: np.ndarray
    fluctuation: np.ndarray | None
    pattern: np.ndarray | None
    sensor_pattern: np.ndarray | None
    attention: np.ndarray | None
    pairs: np.ndarray | None
    latent: np.ndarray | None
    n_windows: int
    explained: float
    absorbed: float
    spread: float
    from_biases: float
    error: float
    unaccounted: float
    through_scores: float | None = None
    latent_error: float | None = None


class SubjectSums:
    """Adds up windows of one subject; memory does not grow with their number.

    Parameters
    ----------
    subject : str
        BIDS label.
    """

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self._n = self._n_latent = 0
        self._sums: dict[str, np.ndarray] = {}

    def add(self, found: WindowRelevance, x: np.ndarray, sensors: np.ndarray | None = None) -> None:
        """Add windows.

        Parameters
        ----------
        found : WindowRelevance
        x : array, shape (window, channel, freq, time)
            The windows themselves.
        sensors : array, shape (window, channel, freq, time), optional
            Of single electrodes, if those of the model are not; V.
        """
        self._n += len(found.explained)
        for name, part in (("x", x), ("sensors", sensors)):
            if part is not None:
                wide = np.asarray(part, np.float64)
                self._add(name, wide.sum(0))
                self._add(f"{name} squares", np.square(wide).sum(0))
                self._add(f"{name} products", np.tensordot(found.explained.astype(float), wide, axes=1))
        total = found.relevance.sum((1, 2, 3), dtype=np.float64)
        self._add("signed", found.relevance.sum(0, dtype=np.float64))
        self._add("magnitude", np.abs(found.relevance).sum(0, dtype=np.float64))
        self._add("explained", found.explained.sum(dtype=np.float64))
        self._add("squares", np.square(found.explained, dtype=np.float64).sum())
        self._add("products", np.tensordot(found.explained.astype(float), found.relevance.astype(float), axes=1))
        self._add("size", np.abs(found.explained).sum(dtype=np.float64))
        self._add("absorbed", found.absorbed.sum(dtype=np.float64))
        self._add("bias size", np.abs(found.absorbed).sum(dtype=np.float64))
        self._add("total size", np.abs(total).sum())
        self._add("spread", found.spread.sum(dtype=np.float64))
        self._add("missing", np.abs(total - found.explained).sum())
        self._add("unaccounted", np.abs(total + found.absorbed - found.explained).sum())
        if found.attention is not None:
            self._add("attention", found.attention.sum(0, dtype=np.float64))
        if found.pairs is not None:
            self._add("pairs", np.abs(found.pairs).sum(0, dtype=np.float64))
        if found.values is not None and found.scores is not None:
            by_way = np.array([np.abs(found.values).sum(), np.abs(found.scores).sum()], float)
            self._add("ways", by_way)

    def add_latent(self, found: LatentRelevance) -> None:
        """Add the relevance of volumes for their latent."""
        self._n_latent += len(found.explained)
        total = found.relevance.sum((1, 2, 3), dtype=np.float64)
        self._add("latent", found.relevance.sum(0, dtype=np.float64))
        self._add("latent size", np.abs(found.explained).sum(dtype=np.float64))
        self._add("latent missing", np.abs(total - found.explained).sum())

    def _add(self, name: str, value: np.ndarray) -> None:
        self._sums[name] = self._sums[name] + value if name in self._sums else np.asarray(value)

    def result(self) -> SubjectRelevance:
        """Divide by the numbers and sizes of the windows.

        Raises
        ------
        InputError
            If no window was added, or no window has any relevance.
        """
        if not self._n:
            raise InputError("a subject has no window to explain", where=f"sub-{self.subject}")
        sums = self._sums
        size = float(sums["magnitude"].sum())
        if not size > 0:
            raise InputError(
                "no part of the EEG has any relevance: the output is the same whatever the EEG is",
                where=f"sub-{self.subject}",
                hint="the model has learnt to ignore the EEG; look at its scores beside the baselines",
            )
        pairs, ways = sums.get("pairs"), sums.get("ways")
        return SubjectRelevance(
            subject=self.subject,
            signed=sums["signed"] / size,
            magnitude=sums["magnitude"] / size,
            fluctuation=self.fluctuation(),
            pattern=self._pattern("x"),
            sensor_pattern=self._pattern("sensors"),
            attention=self._mean("attention"),
            pairs=None if pairs is None else pairs / max(float(pairs.sum()), np.finfo(float).tiny),
            latent=None if not self._n_latent else sums["latent"] / self._n_latent,
            n_windows=self._n,
            explained=float(sums["explained"]) / self._n,
            absorbed=float(sums["absorbed"]) / self._n,
            spread=float(sums["spread"]) / self._n,
            from_biases=_ratio(sums["bias size"], sums["bias size"] + sums["total size"]),
            error=_ratio(sums["missing"], sums["size"]),
            unaccounted=_ratio(sums["unaccounted"], sums["size"]),
            through_scores=None if ways is None else _ratio(ways[1], ways.sum()),
            latent_error=None if not self._n_latent else _ratio(sums["latent missing"], sums["latent size"]),
        )

    def fluctuation(self) -> np.ndarray | None:
        """Share of each part in the changes of the target so far; see `SubjectRelevance`."""
        mean, variance = self._moments()
        if variance == 0:
            return None
        return np.asarray((self._sums["products"] / self._n - mean * self._sums["signed"] / self._n) / variance)

    def _moments(self) -> tuple[float, float]:
        """Mean and variance of the target over windows; 0 if it does not vary."""
        mean, square = (float(self._sums[name]) / self._n for name in ("explained", "squares"))
        # single precision leaves a trace of variance in a constant
        return mean, 0.0 if square - mean**2 <= 1e-10 * square else square - mean**2

    def _pattern(self, of: str) -> np.ndarray | None:
        mean, variance = self._moments()
        if variance == 0 or of not in self._sums:
            return None
        x, square, product = (self._sums[of + part] / self._n for part in ("", " squares", " products"))
        spread = (square - x**2).clip(0)
        # a part that is constant follows nothing
        size = np.where(spread > 1e-10 * square, np.sqrt(spread * variance), np.inf)
        return np.asarray((product - mean * x) / size)

    def _mean(self, name: str) -> np.ndarray | None:
        return self._sums[name] / self._n if name in self._sums else None


def _ratio(part: np.ndarray, whole: np.ndarray) -> float:
    return float(part) / max(float(whole), np.finfo(float).tiny)
