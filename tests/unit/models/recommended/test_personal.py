"""A model of a person: changed where the person differs from the group, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.recommended.personal import fit_to_person


class Changed(Dataset):
    """The pairs of a recording, whose volumes follow the EEG in another way."""

    def __init__(self, pairs, change):
        self.items = [pair._replace(y=change(pair)) for pair in pairs]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        return self.items[k]


def test_a_person_of_the_group_keeps_the_model_of_the_group(fitted, planted, acquisition, correlation):
    made, report = fit_to_person(fitted[0], planted([8]), acquisition)
    assert report.gain == pytest.approx(1, abs=0.1)
    unseen = planted([9])
    assert correlation(made, unseen).mean() >= correlation(fitted[0], unseen).mean() - 0.01


def test_a_larger_response_is_a_gain(fitted, planted, acquisition):
    double = Changed(planted([8]), lambda pair: 2 * pair.y)
    assert fit_to_person(fitted[0], double, acquisition)[1].gain == pytest.approx(2, abs=0.2)


def test_a_person_whose_hemispheres_are_exchanged_is_predicted(fitted, planted, acquisition, correlation):
    turned = Changed(planted([8]), lambda pair: pair.y.flip(0))
    unseen = Changed(planted([9]), lambda pair: pair.y.flip(0))
    made, report = fit_to_person(fitted[0], turned, acquisition)
    assert report.maps > 0
    assert report.r > report.r_frozen + 0.1
    assert correlation(made, unseen).mean() > correlation(fitted[0], unseen).mean() + 0.2


def test_a_person_whose_bold_follows_another_electrode_is_predicted(fitted, planted, acquisition, config, correlation):
    def follow(pair):
        """Add what electrode 2 does in band 1, which the group's model does not see."""
        return pair.y + 6 * torch.einsum("t,t->", fitted[0].responses[0].detach(), pair.x[2, 1])

    made, report = fit_to_person(fitted[0], Changed(planted([8], 180), follow), acquisition)
    assert report.weights > 0
    unseen = Changed(planted([9]), follow)
    assert correlation(made, unseen).mean() > correlation(fitted[0], unseen).mean() + 0.1
    assert made.config.components > config.components


def test_what_a_person_has_in_a_small_part_of_the_brain_is_seen(fitted, planted, acquisition):
    """One of 59 voxels follows another electrode; all others have nothing but noise, of which the person has more."""
    rng = np.random.default_rng(3)

    def follow(pair):
        volume = torch.from_numpy(rng.standard_normal(pair.y.shape).astype(np.float32)) * 3
        volume[2, 1, 0] += 3 * torch.einsum("t,t->", fitted[0].responses[0].detach(), pair.x[2, 1])
        return volume

    _, report = fit_to_person(fitted[0], Changed(planted([8], 240, coupling=0.0), follow), acquisition)
    assert report.weights > 0


def test_noise_changes_nothing_of_the_pattern(fitted, planted, acquisition):
    _, report = fit_to_person(fitted[0], planted([8], coupling=0.0), acquisition)
    assert report.r <= report.r_frozen + 0.05
    assert abs(report.gain) < 0.3


def test_the_model_of_the_group_is_not_changed(fitted, planted, acquisition):
    before = {name: value.clone() for name, value in fitted[0].state_dict().items()}
    fit_to_person(fitted[0], planted([8]), acquisition)
    assert all(torch.equal(value, fitted[0].state_dict()[name]) for name, value in before.items())


def test_a_model_that_was_never_fitted_is_refused(config, planted, acquisition):
    with pytest.raises(InputError, match="never fitted"):
        fit_to_person(Recommended(config), planted([8]), replace(acquisition))


def test_minutes_of_which_nothing_can_be_left_out_are_refused(fitted, planted, acquisition):
    with pytest.raises(InputError, match="nothing to leave out"):
        fit_to_person(fitted[0], planted([8], 20), acquisition)
