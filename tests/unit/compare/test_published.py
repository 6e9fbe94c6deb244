"""Published protocols: scaled as they say, chosen as they say, and marked as what not to do."""

import json
import signal

import numpy as np
import pytest
import scipy.signal
import torch

from eeg2fmri.compare.published import as_published
from eeg2fmri.compare.published_steps import _Course, _scored
from eeg2fmri.compare.published_targets import OtherPairs, filtered_by_quantile, region_courses, window_range
from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.data.pairs.dataset import PairDataset
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.models.output import Synthesis
from eeg2fmri.report import write_page
from eeg2fmri.results.files import ResultError
from eeg2fmri.results.published import FILE, WARNING, PublishedProtocol


def test_the_filter_knows_what_comes_and_the_quantile_is_one():
    courses = np.random.default_rng(0).standard_normal((200, 3)) + 5
    scaled = filtered_by_quantile(courses, 2.0, 0.15, 0.95)
    np.testing.assert_allclose(np.quantile(np.abs(scaled), 0.95, axis=0), 1)
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-9)
    b, a = scipy.signal.butter(5, 0.15 / 0.25)
    other = scipy.signal.filtfilt(b, a, courses, axis=0)
    for mine, theirs in zip(scaled.T, other.T, strict=True):
        assert np.corrcoef(mine[20:-20], theirs[20:-20])[0, 1] > 0.9999
    changed = courses.copy()
    changed[120] += 10
    assert np.abs(filtered_by_quantile(changed, 2.0, 0.15, 0.95) - scaled)[118].max() > 0.05
    with pytest.raises(InputError, match="too short"):
        filtered_by_quantile(courses[:8], 2.0, 0.15, 0.95)


def test_courses_of_regions_are_means_of_z_scores(five):
    parts = np.full(12 * 11 * 3, -1)
    parts[:5], parts[7:9] = 0, 1
    courses = region_courses(five, 2, parts, 2)
    flat = np.asarray(five.bold(2), float).reshape(44, -1)
    z = (flat - five.voxel_mean(2).ravel()) / five.voxel_std(2).ravel()
    np.testing.assert_allclose(courses, np.stack([z[:, :5].mean(axis=1), z[:, 7:9].mean(axis=1)], axis=1), atol=1e-4)


def test_windows_scaled_with_the_test_part_lie_between_0_and_1(five):
    config = PairConfig(window=4)
    train, test = PairDataset(five, [0, 1], config), PairDataset(five, [3], config)
    low, high = window_range(train, test)
    x = OtherPairs(test, low=low, high=high)[3].x
    assert 0 <= float(x.min()) < float(x.max()) <= 1
    np.testing.assert_allclose(x * (high - low) + low, test[3].x, atol=1e-5)


def test_the_epoch_by_the_validation_part_and_by_the_test_part():
    validation, test = np.zeros((3, 1, 2)), np.zeros((3, 2, 2))
    validation[1] = 0.5  # the second epoch is the best that can be known
    test[0] = [[0.4, -0.2], [0.2, -0.4]]
    test[1] = 0.1
    test[2] = [[-0.3, 0.6], [-0.1, 0.8]]
    course = _Course(validation, test)
    np.testing.assert_allclose(course.honest(), [0.1, 0.1])
    np.testing.assert_allclose(course.chosen_by_test(False), [0.15, 0.35])
    np.testing.assert_allclose(course.chosen_by_test(True), [0.5, 0.5])


@pytest.fixture(scope="module")
def steps(five, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published") / "steps"
    settings = {"epochs": 3, "split": {"train": 2, "validation": 1, "test": 2, "seed": 0}, "accelerator": "cpu"}
    return folder, as_published({"nothing": five}, folder, ["e2fnet"], settings)


def test_steps_of_a_model_of_volumes(steps):
    _, found = steps
    (model,) = found.models
    means = [step.mean for step in model.steps]
    assert [step.published for step in model.steps] == [True] * 4 + [False] * 2
    assert means[3] >= means[2]
    assert means[4] > 0.8  # people of this store differ little: their mean volume is nearly the truth
    assert all(len(step.scores) == 2 for step in model.steps)


@pytest.mark.parametrize("models", [["e2fnet"], ["all"]])
def test_slices_without_a_similarity_are_told_before_a_training(models, tmp_path):
    rng = np.random.default_rng(0)
    recordings = [
        RecordingArrays(f"sub-0{k}_task-a", 1 + rng.random((40, 3, 30)), 9 + rng.random((40, 12, 9, 2)))
        for k in (1, 2, 3)
    ]
    facts = {"electrodes": ("Fz", "Cz", "Pz"), "frequencies": np.arange(0.5, 15.5, 0.5), "tr": 2.0, "affine": np.eye(4)}
    store = write_store(tmp_path / "store", recordings, **facts)
    with pytest.raises(InputError, match="smaller than its window") as told:
        as_published({"small": store}, tmp_path / "out", models)
    assert "12x9x2 voxels" in str(told.value)
    assert not (tmp_path / "out").exists()


def test_it_is_marked_as_what_not_to_do(steps):
    folder, found = steps
    content = json.loads((folder / FILE).read_text())
    assert content["warning"] == WARNING
    assert content["protocol"] == "as published"
    assert PublishedProtocol.read(folder).models == found.models
    page = write_page(folder).read_text()
    assert WARNING in page
    assert "As published: not to be done" in page
    assert "no EEG, as published" in page


def test_damage_is_named(steps, tmp_path):
    folder, _ = steps
    (tmp_path / FILE).write_text((folder / FILE).read_text()[:-200])
    with pytest.raises(ResultError):
        PublishedProtocol.read(tmp_path)


def test_targets_of_a_block_are_the_courses_up_to_its_volume(five):
    config = PairConfig(window=4, block=3)
    courses = {2: np.arange(44 * 2, dtype=float).reshape(44, 2)}
    pair = OtherPairs(PairDataset(five, [2], config), courses)[5]
    assert pair.volume == 3 + 4 + 5
    assert pair.y.ravel().tolist() == [20, 21, 22, 23, 24, 25]
    assert tuple(pair.y.shape) == (6, 1, 1)


class _Blocks(torch.nn.Module):
    """Gives two volumes of one region: the mean of the window, and that plus 1."""

    block_length = 2

    def __init__(self):
        super().__init__()
        self.one = torch.nn.Parameter(torch.ones(()))

    def forward(self, x):
        mean = self.one * x.mean(dim=(1, 2, 3))
        return Synthesis(torch.stack([mean, mean + 1], dim=1)[:, :, None, None], None, x, None, None)


def test_the_steps_average_the_estimates_of_each_recording_by_itself(five):
    config = PairConfig(window=4, block=2, eeg_scaling="none")
    pairs = OtherPairs(PairDataset(five, [0, 3], config), {k: np.arange(44.0)[:, None] for k in (0, 3)}, high=1e-6)
    seen = {}

    def score(recording, truth, made):
        seen[recording] = truth.ravel(), made.ravel()
        return np.zeros(1)

    _scored(_Blocks(), pairs, [score])
    n = len(pairs) // 2
    means = np.array([float(pairs[k].x.mean()) for k in range(len(pairs))]).reshape(2, n)
    for own, (truth, made) in zip(means, seen.values(), strict=True):
        assert truth.tolist() == list(range(7, 44))
        np.testing.assert_allclose(made[:-1], (own[:-1] + 1 + own[1:]) / 2, rtol=1e-5)
        assert made[-1] == pytest.approx(own[-1] + 1)


def test_a_stop_ends_the_steps_and_leaves_none_with_too_few_epochs(five, tmp_path):
    settings = {"epochs": 3, "split": {"train": 2, "validation": 1, "test": 2, "seed": 0}, "accelerator": "cpu"}

    def stop(text, done, total):
        if text.startswith("Epoch 1/3"):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        as_published({"nothing": five}, tmp_path / "steps", ["e2fnet"], settings, progress=stop)
    assert not (tmp_path / "steps").exists()


def test_an_encoder_is_read_in_every_step(five, tmp_path, monkeypatch):
    read = []

    def told(model, config):
        read.append(type(model).__name__)
        raise CheckpointError("the file does not fit")

    monkeypatch.setattr("eeg2fmri.compare.published_steps.start_encoder", told)
    with pytest.raises(CheckpointError, match="does not fit"):
        as_published({"nothing": five}, tmp_path / "steps", ["e2fnet"], {"accelerator": "cpu", "epochs": 1})
    assert read == ["E2fNet"]
