"""Intervals of a model in closed form are recalibrated with errors in recordings that it has not been fitted to."""

from pathlib import Path

import numpy as np

from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.intervals.left_out import without_validation
from eeg2fmri.evaluate.intervals.uncertainty import UncertainModel
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.train.run import train_run


def test_what_the_model_was_fitted_to_does_not_recalibrate_it(small_store: Path, tmp_path: Path, monkeypatch) -> None:
    settings = {
        "model": {"preset": "recommended", "scale": "laplace"},
        "pairs": {"window": 6},
        "accelerator": "cpu",
    }
    folder = train_run(small_store, tmp_path / "run", settings).run
    evaluation = evaluate_run(folder, small_store)
    assert any("the same model fitted without them" in note for note in evaluation.notes)

    run = open_run(folder, small_store)
    seen: list[str] = []
    read = Store.bold
    with monkeypatch.context() as spied:

        def bold(store: Store, one: int | str) -> np.ndarray:
            seen.append(store.recordings[one].id if isinstance(one, int) else one)
            return read(store, one)

        spied.setattr(Store, "bold", bold)
        other = without_validation(run)
    assert set(seen) == set(run.split.train)
    assert without_validation(other) is not other  # the run says what its own model was fitted to

    widths = []
    for each in (run, other):
        model = UncertainModel(each)
        validation = model.calibration()
        for name in run.split.validation:
            model.measure(name, validation)
        widths.append(validation.conformal_half_widths())
    np.testing.assert_allclose(evaluation.uncertainty.half_widths, widths[1])
    assert not np.allclose(*widths)
