"""Seeds by name: repeatable, unrelated, and the global state is left alone."""

import random

import numpy as np

from eeg2fmri.core.random import child_seed, generator


def test_the_same_names_give_the_same_seed_and_others_another():
    assert child_seed(1, "a", 2) == child_seed(1, "a", 2)
    seeds = {child_seed(1, "a", 2), child_seed(1, "a2"), child_seed(2, "a", 2), child_seed(1, "a"), child_seed(1)}
    assert len(seeds) == 5


def test_seeds_fit_a_signed_64_bit_integer():
    assert all(0 <= child_seed(k, "x") < 2**63 for k in range(200))


def test_the_global_state_is_untouched():
    random.seed(3)
    before_numpy, before_python = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    generator(0, "x").normal(size=10)
    assert np.array_equal(np.random.get_state()[1], before_numpy)  # noqa: NPY002
    assert random.getstate() == before_python
