import numpy as np
import pytest
from sklearn.linear_model import Lasso

from eeg2fmri.data.pairs.windows import PairConfig, pair_index
from eeg2fmri.models.baselines.kinds.distributed_lag import DistributedLagLasso
from eeg2fmri.models.baselines.sparse_group_lasso import FRACTIONS, SparseGroupLasso

GROUP = 3


@pytest.fixture
def problem():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((50, 12))
    x[:, 1] += x[:, 0]
    y = x[:, [0, 4]] @ np.array([[1.0, 0.3], [0.5, -2.0]]) + 0.3 * rng.standard_normal((50, 2))
    return x - x.mean(axis=0), y - y.mean(axis=0)


def solver(x, sparsity=0.4, iterations=3000):
    return SparseGroupLasso(x, GROUP, sparsity, iterations, tolerance=1e-10)


def test_without_groups_it_is_the_lasso_of_scikit_learn(problem):
    x, y = problem
    penalty = np.array([0.2, 0.05])
    weights = solver(x, sparsity=1.0).solve(y, penalty)
    for column in range(2):
        peer = Lasso(alpha=penalty[column], fit_intercept=False, tol=1e-10, max_iter=10_000).fit(x, y[:, column])
        np.testing.assert_allclose(weights[:, column], peer.coef_, atol=1e-6)


@pytest.mark.parametrize("sparsity", [0.0, 0.4, 0.8])
def test_optimality_conditions(problem, sparsity):
    """Subgradient of Simon et al. (2013): in groups with a weight, and in those without."""
    x, y = problem
    penalty = np.array([0.15, 0.3])
    weights = solver(x, sparsity).solve(y, penalty)
    slope = x.T @ (y - x @ weights) / len(y)
    empty = 0
    for column in range(2):
        lasso, group = sparsity * penalty[column], (1 - sparsity) * np.sqrt(GROUP) * penalty[column]
        for start in range(0, 12, GROUP):
            w, s = weights[start : start + GROUP, column], slope[start : start + GROUP, column]
            soft = np.sign(s) * np.maximum(np.abs(s) - lasso, 0)
            if not w.any():
                empty += 1
                assert np.linalg.norm(soft) <= group + 1e-6
            else:
                used = w != 0
                expected = lasso * np.sign(w) + group * w / np.linalg.norm(w)
                np.testing.assert_allclose(s[used], expected[used], atol=1e-5)
                assert (np.abs(s[~used]) <= lasso + 1e-6).all()
    assert 0 < empty < 8


def test_path_starts_where_nothing_is_left(problem):
    x, y = problem
    sparse = solver(x)
    largest = sparse._smallest_empty(x.T @ y / len(y))
    assert not sparse.solve(y, largest * 1.001).any()
    assert sparse.solve(y, largest * 0.98).any(axis=0).all()
    found = dict(sparse.path(y))
    assert tuple(found) == FRACTIONS
    used = [int((weights != 0).sum()) for weights in found.values()]
    assert used[0] < used[-1]
    np.testing.assert_allclose(found[FRACTIONS[3]], sparse.solve(y, FRACTIONS[3] * largest), atol=1e-6)


def test_features_without_signal_do_not_divide_by_zero():
    sparse = solver(np.zeros((10, 6)))
    assert not any(weights.any() for _, weights in sparse.path(np.ones((10, 2))))


def test_few_electrodes_and_bands_are_used(coupled_store, parts):
    training, validation, test = parts
    pairs = PairConfig(window=8, skip_volumes=2)
    lasso = DistributedLagLasso().fit(coupled_store, training, pairs, validation)
    assert lasso.unseen_r > 0.1
    groups = np.abs(lasso._predict(np.eye(6 * 5 * 8)).reshape(6, 5, 8, -1)).sum(axis=(2, 3))
    # electrode 1, alpha drives the coupled voxels
    assert np.unravel_index(groups.argmax(), groups.shape) == (1, 2)
    assert groups[1, 2] > 2 * np.sort(groups.ravel())[-2]
    predicted = lasso.predict(coupled_store, test[0])
    _, targets = pair_index(coupled_store.recordings[coupled_store.index(test[0])].n_volumes, 2.0, pairs)
    truth = coupled_store.bold(test[0])[targets]
    r = np.array([np.corrcoef(truth[:, x, 1, 1], predicted[:, x, 1, 1])[0, 1] for x in range(2)])
    assert (r > 0.4).all()
