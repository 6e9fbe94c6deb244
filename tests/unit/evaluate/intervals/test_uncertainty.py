import json

import nibabel
import numpy as np
import pytest

from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.intervals.calibration import LEVELS
from eeg2fmri.evaluate.intervals.uncertainty import UncertainModel
from eeg2fmri.evaluate.run import evaluate_run

VARIATIONAL = {
    "head": {
        "low_resolution": {"grid": (4, 4, 1)},
        "transform": "dct",
        "up": {"kind": "variational_dct", "coefficients": (2, 1, 1), "distribution": "von_mises", "heads": 2},
    },
}


@pytest.fixture(params=["scale", "drawn", "both"])
def uncertain(request, make_run, small_store):
    changes = {
        "scale": {"scale": "exponential"},
        "drawn": VARIATIONAL,
        "both": {**VARIATIONAL, "scale": "exponential"},
    }
    return request.param, UncertainModel(open_run(make_run(**changes[request.param]), small_store.path), passes=4)


def test_parts_of_the_uncertainty(uncertain, small_store):
    kind, model = uncertain
    assert model.uncertain
    assert model.passes == (2 if kind == "scale" else 4)
    calibration = model.calibration()
    assert calibration.distribution == ("normal" if kind == "drawn" else "laplace")
    maps = model.measure("sub-04_task-a", calibration)
    assert (maps.aleatoric is None) == (kind == "drawn")
    assert (maps.epistemic.max() == 0) == (kind == "scale")
    mask = small_store.mask("sub-04_task-a")
    parts = [part for part in (maps.epistemic, maps.aleatoric) if part is not None]
    assert (np.sum(np.square(parts), axis=0)[mask] > 0).all()
    assert calibration.n == mask.sum() * (49 - 3 - 4)


def test_uncertainty_is_in_bold_units(make_run, small_store):
    """The scale that the model predicts, times the deviation that its output is a multiple of."""
    run = open_run(make_run(scale="exponential"), small_store.path)
    model = UncertainModel(run)
    maps = model.measure("sub-04_task-a", model.calibration())
    scales = np.stack([scale for _, _, scale in model._passes("sub-04_task-a", 2)])
    expected = np.sqrt(2 * np.mean(scales**2, axis=0)) * run.loaded.statistics.voxel_std
    np.testing.assert_allclose(maps.aleatoric, expected, rtol=1e-3)


def test_a_model_that_tells_nothing(small_run, small_store):
    assert not UncertainModel(open_run(small_run, small_store.path)).uncertain
    evaluate_run(small_run, small_store.path)
    assert "uncertainty" not in json.loads((small_run / "evaluation" / "scores.json").read_text())


def test_evaluation_writes_intervals_and_maps(make_run, small_store):
    folder = make_run(**VARIATIONAL, scale="exponential")
    evaluation = evaluate_run(folder, small_store.path)
    assert any(note.startswith("Intervals that claim to hold 50%, 80%, 95%") for note in evaluation.notes)
    facts = json.loads((folder / "evaluation" / "scores.json").read_text())["uncertainty"]
    assert facts["levels"] == list(LEVELS)
    assert facts["distribution"] == "laplace"
    # subjects of this store are alike, so what holds on the validation subject holds on the test subjects
    np.testing.assert_allclose(facts["recalibrated_coverage"], LEVELS, atol=0.06)
    assert np.all(np.diff(facts["observed_coverage"]) >= 0)
    assert facts["sharpness"] > 0
    with np.load(folder / "evaluation" / "sub-05_task-b_examples.npz") as examples:
        for name in ("epistemic", "aleatoric"):
            image = nibabel.load(folder / "evaluation" / f"sub-05_task-b_desc-{name}_map.nii.gz")
            np.testing.assert_allclose(image.get_fdata(), examples[name], rtol=1e-6)
            assert examples[name].max() > 0


def test_draws_repeat_with_the_seed(make_run, small_store):
    run = open_run(make_run(**VARIATIONAL), small_store.path)
    first, again, other = (UncertainModel(run, passes=3, seed=seed) for seed in (1, 1, 2))
    maps = [model.measure("sub-04_task-a", model.calibration()).epistemic for model in (first, again, other)]
    np.testing.assert_array_equal(maps[0], maps[1])
    assert (maps[0] != maps[2]).any()
