import numpy as np
import pytest

from eeg2fmri.data.features.row_features import row_kinds
from eeg2fmri.models.recommended.families.family import all_families, basis_of, usable_families

CLOCK = (6, 2.0, 0)


def test_every_file_is_a_family_of_a_known_kind():
    found = all_families()
    assert len(found) >= 8
    assert len({family.name for family in found}) == len(found)
    assert {family.kind for family in found} <= set(row_kinds())


@pytest.mark.parametrize("family", all_families(), ids=lambda family: family.name)
def test_filters_of_windows_give_what_weights_of_features_give(family):
    rng = np.random.default_rng(0)
    basis = basis_of(family, CLOCK, (0.0, -2.0, 2.0), 0.3, 5)
    rows = rng.standard_normal((20, 5, 3)).astype(np.float32)
    features = basis.features(rows)
    assert len(features) == 20 - 6 + 1
    weights = rng.standard_normal((4, features.shape[1]))
    windows = np.lib.stride_tricks.sliding_window_view(rows, 6, axis=0)
    by_window = np.einsum("nckt,atkc->na", windows, basis.filters(weights))
    np.testing.assert_allclose(by_window, features @ weights.T, rtol=1e-4, atol=1e-4)


def test_relative_powers_do_not_see_what_all_electrodes_share():
    family = next(family for family in all_families() if family.space == "relative")
    basis = basis_of(family, CLOCK, (0.0,), 0.3, 5)
    shared = np.repeat(np.random.default_rng(0).standard_normal((20, 1, 3)), 5, axis=1)
    np.testing.assert_allclose(basis.features(shared), 0, atol=1e-6)


def test_what_the_recordings_do_not_have_is_left_out_and_said():
    kept, notes = usable_families({"log_power": slice(0, 5)}, "rows", 5)
    assert {family.kind for family in kept} == {"log_power"}
    assert any("whitened" in note for note in notes)
    fixed, _ = usable_families({"log_power": slice(0, 5)}, "shifts", 5)
    assert all(family.time != "lags" for family in fixed)
    single, _ = usable_families({"log_power": slice(0, 5)}, "rows", 1)
    assert all(family.space == "electrodes" for family in single)
