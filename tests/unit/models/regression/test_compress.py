import numpy as np

from eeg2fmri.models.regression.compress import principal_directions


def test_the_directions_are_those_of_the_singular_value_decomposition():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 60)) @ np.diag(0.8 ** np.arange(60)) @ np.linalg.qr(rng.standard_normal((60, 60)))[0]
    found = principal_directions(x.astype(np.float32), 8)
    assert found.shape == (60, 8)
    np.testing.assert_allclose(found.T @ found, np.eye(8), atol=1e-4)
    exact = np.linalg.svd(x)[2][:8]
    np.testing.assert_allclose(np.linalg.svd(exact @ found)[1], 1, atol=1e-3)
