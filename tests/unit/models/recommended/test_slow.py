"""Slow changes are fitted where the EEG tells those of people who were left out, and only there."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset

from eeg2fmri.data.pairs.dataset import Pair
from eeg2fmri.models.recommended.acquisition import Acquisition
from eeg2fmri.models.recommended.config import RecommendedConfig
from eeg2fmri.models.recommended.families.family import Basis
from eeg2fmri.models.recommended.haemodynamic import row_responses
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.recommended.recordings import gather
from eeg2fmri.models.recommended.slow import slow_part

CHANNELS, ROWS, GRID, TR, VOLUMES = 3, 8, (3, 2, 2), 2.5, 480


def slow_course(rng):
    """Make a course that changes over 5 to 8 minutes, of deviation 1."""
    time = np.arange(VOLUMES) * TR
    found = sum(np.cos(2 * np.pi * (time / period + rng.uniform())) for period in rng.uniform(300, 480, 4))
    return (found - found.mean()) / found.std()


class SlowPairs(Dataset):
    """EEG whose first electrode drifts; BOLD that follows it (``eeg``), drifts by itself (``own``), or as all do.

    ``against``: it follows the slow part of that electrode, and the fast part the other way round; ``shared``: EEG and
    BOLD of everyone have one trend.
    """

    def __init__(self, recordings, bold):
        self.items = []
        response = row_responses(ROWS, TR, 0, (0.0,))[0]
        for recording in recordings:
            rng = np.random.default_rng(recording)
            rows = rng.standard_normal((VOLUMES, CHANNELS, 1))
            trend = np.linspace(-1, 1, VOLUMES) * 3
            told = slow_course(rng)
            rows[:, 0, 0] += trend if bold == "shared" else told
            rows = rows.astype(np.float32)
            slow = {"own": 4 * slow_course(rng), "shared": 2 * trend, "eeg": 0 * told}.get(bold, 2 * told)
            for t in range(ROWS, VOLUMES):
                window = np.moveaxis(rows[t - ROWS : t], 0, -1)
                seen = np.einsum("cbt,t->cb", window, response)
                volume = 0.5 * rng.standard_normal(GRID) + slow[t]
                against = 3 * (response @ told[t - ROWS : t] - seen[0, 0])
                weak = seen[0, 0] + 10 * rng.standard_normal(GRID)
                volume += {"eeg": weak, "against": against}.get(bold, seen[1, 0])
                volume = torch.from_numpy(volume.astype(np.float32))
                self.items.append(Pair(torch.from_numpy(window.copy()), volume, recording, t))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, k):
        return self.items[k]


def fitted(bold, **settings):
    config = RecommendedConfig(eeg_shape=(CHANNELS, 1, ROWS), volume_shape=GRID, components=2, fit=settings)
    model = Recommended(config).eval()
    acquisition = Acquisition(TR, np.ones(GRID, bool), np.diag([20.0, 20, 20, 1]))
    return model, model.fit_closed_form(SlowPairs(range(5), bold), None, acquisition)


@pytest.mark.parametrize(
    ("bold", "note"),
    [("eeg", "slow changes are fitted"), ("against", "to fit them"), ("own", ""), ("shared", "")],
)
def test_slow_changes_are_fitted_where_the_own_eeg_tells_them_at_no_cost(bold, note):
    _, report = fitted(bold)
    said = [each for each in report.notes if "slow changes" in each or "drifts" in each]
    assert [note in each for each in said] == ([True] if note else [])


def test_people_whose_bold_changes_slowly_are_predicted_better_where_it_is_asked_for(correlation):
    unseen = SlowPairs([11, 12], "against")
    whole, fast = (
        correlation(fitted("against", **settings)[0], unseen).mean() for settings in ({"drift_s": 3600.0}, {})
    )
    assert whole > fast + 0.1


def test_a_period_that_is_given_is_kept_to():
    _, report = fitted("eeg", drift_s=100.0)
    assert not any("slow changes" in note for note in report.notes)


class FocalPairs(SlowPairs):
    """Slow EEG is followed by one of 400 voxels; every other one has noise and slow changes of its own."""

    def __init__(self, recordings):
        super().__init__(recordings, "against")
        noise = {recording: np.random.default_rng([7, recording]) for recording in recordings}
        slow = {one: np.stack([slow_course(rng) for _ in range(400)], axis=1) for one, rng in noise.items()}
        for k, pair in enumerate(self.items):
            fast = noise[pair.recording].standard_normal(400)
            volume = torch.from_numpy((2 * slow[pair.recording][pair.volume] + 4 * fast).astype(np.float32))
            volume[0] = pair.y.flatten()[0] + 4 * pair.x[0, 0].mean()
            self.items[k] = pair._replace(y=volume.reshape(20, 20, 1))


def test_slow_changes_of_a_small_part_of_the_brain_are_seen():
    recordings, _ = gather([FocalPairs(range(9, 14))], {}, np.arange(400), TR, 256.0)
    courses = [recordings.volumes(run) for run in recordings.runs]
    response = Basis(row_responses(ROWS, TR, 0, (0.0,)), np.eye(CHANNELS), np.ones(1))
    whole = recordings.drifts_from(TR, np.inf)
    assert slow_part(recordings, whole, [(slice(0, 1), response)], courses) == "costly"
