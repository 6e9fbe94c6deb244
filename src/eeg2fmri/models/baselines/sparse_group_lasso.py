"""Sparse group lasso: few groups of features, and few features in them (Simon et al., J Comput Graph Stat 22, 2013).

For each column y of the targets,

    min_w  |y - X w|^2 / (2 n) + l [ (1 - a) sum_g sqrt(p_g) |w_g|_2 + a |w|_1 ],

solved by accelerated proximal gradient steps (Beck and Teboulle, SIAM J Imaging Sci 2, 2009) for all columns at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: Share of the plain lasso in the penalty.
SPARSITY = 0.5
#: Penalties, in units of the smallest one that leaves nothing.
FRACTIONS = tuple(float(f) for f in np.geomspace(0.8, 0.1, 6))


class SparseGroupLasso:
    """Solver for features whose groups are equally long and follow each other.

    Parameters
    ----------
    x : array, shape (sample, feature)
        Features of zero mean.
    group : int
        Features in a group: the first `group` features are the first group, and so on.
    sparsity : float
        a, from 0 (groups alone) to 1 (lasso).
    iterations : int
        Steps for each penalty at most.
    tolerance : float
        Largest relative change of the weights in a step that ends the steps.
    """

    def __init__(
        self, x: np.ndarray, group: int, sparsity: float = SPARSITY, iterations: int = 100, tolerance: float = 1e-3
    ) -> None:
        self._x = x
        self._group = group
        self._sparsity = sparsity
        self._iterations = iterations
        self._tolerance = tolerance

    def path(self, y: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
        """Solve from the largest penalty to the smallest, each from the last solution.

        Parameters
        ----------
        y : array, shape (sample, column)
            Targets of zero mean.

        Yields
        ------
        fraction : float
            Of the penalty (one for each column) that leaves no weight.
        weights : array, shape (feature, column)
        """
        largest = self._smallest_empty(self._x.T @ y / len(y))
        weights = np.zeros((self._x.shape[1], y.shape[1]))
        for fraction in FRACTIONS:
            weights = self.solve(y, fraction * largest, weights)
            yield fraction, weights

    def solve(self, y: np.ndarray, penalty: np.ndarray, start: np.ndarray | None = None) -> np.ndarray:
        """Solve for one penalty (column,), and give the weights (feature, column).

        Groups that stay empty cost nothing: only those with a weight are stepped, and others join where the conditions
        of the optimum say that they must.
        """
        weights = np.zeros((self._x.shape[1], y.shape[1])) if start is None else start.copy()
        chosen = weights.reshape(-1, self._group, y.shape[1]).any(axis=(1, 2))
        stepped = False
        while True:
            slope = self._x.T @ (y - self._x @ weights) / len(y)
            left = np.abs(slope).reshape(-1, self._group, y.shape[1])
            left = np.sqrt((np.maximum(left - self._sparsity * penalty, 0) ** 2).sum(axis=1))
            limit = (1 - self._sparsity) * np.sqrt(self._group) * penalty
            joining = ~chosen & (left > limit * (1 + 1e-6) + 1e-12).any(axis=1)
            if not joining.any() and (stepped or not chosen.any()):
                return weights
            chosen |= joining
            stepped = True
            features = np.repeat(chosen, self._group)
            weights[features] = self._steps(self._x[:, features], y, penalty, weights[features])

    def _steps(self, x: np.ndarray, y: np.ndarray, penalty: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Accelerated proximal gradient steps."""
        largest = _largest_eigenvalue(x)
        step = len(x) / largest if largest > 0 else 1.0
        ahead, momentum = weights, 1.0
        for _ in range(self._iterations):
            gradient = x.T @ (x @ ahead - y) / len(y)
            found = self._shrink(ahead - step * gradient, step * penalty)
            change = found - weights
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = found + (momentum - 1) / following * change
            weights, momentum = found, following
            if np.linalg.norm(change) <= self._tolerance * max(np.linalg.norm(weights), np.finfo(float).tiny):
                break
        return weights

    def _shrink(self, weights: np.ndarray, amount: np.ndarray) -> np.ndarray:
        """Proximal step: single weights first, then whole groups."""
        soft = np.sign(weights) * np.maximum(np.abs(weights) - self._sparsity * amount, 0)
        grouped = soft.reshape(-1, self._group, weights.shape[1])
        norm = np.sqrt((grouped**2).sum(axis=1, keepdims=True))
        limit = (1 - self._sparsity) * np.sqrt(self._group) * amount
        grouped *= np.maximum(1 - limit / np.where(norm > 0, norm, 1), 0)
        return soft

    def _smallest_empty(self, correlation: np.ndarray) -> np.ndarray:
        """Smallest penalty (column,) that leaves no weight, by bisection in every group."""
        grouped = np.abs(correlation).reshape(-1, self._group, correlation.shape[1])
        low, high = np.zeros(correlation.shape[1]), grouped.max(axis=(0, 1)) * np.sqrt(self._group) + 1e-300
        high = high / max(self._sparsity, (1 - self._sparsity))
        for _ in range(40):
            middle = (low + high) / 2
            left = np.sqrt((np.maximum(grouped - self._sparsity * middle, 0) ** 2).sum(axis=1))
            empty = (left <= (1 - self._sparsity) * np.sqrt(self._group) * middle).all(axis=0)
            low, high = np.where(empty, low, middle), np.where(empty, middle, high)
        return high


def _largest_eigenvalue(x: np.ndarray) -> float:
    """Largest eigenvalue of x'x, a little too large rather than too small."""
    gram = x @ x.T if x.shape[0] <= x.shape[1] else x.T @ x
    vector = np.ones(len(gram)) + 0.01 * np.arange(len(gram))
    for _ in range(50):
        vector = gram @ vector
        norm = float(np.linalg.norm(vector))
        if norm == 0:
            return 0.0
        vector /= norm
    return 1.05 * norm
