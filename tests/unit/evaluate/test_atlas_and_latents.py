import json

import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.store.arrays.from_arrays import RecordingArrays, write_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.atlas import Atlas
from eeg2fmri.evaluate.inputs.open_run import open_run
from eeg2fmri.evaluate.metrics.frechet import frechet_distance
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.metrics.regions import region_courses, similarity_over
from eeg2fmri.evaluate.recordings.atlas_scores import OthersConnectivity, check_atlas, score_regions
from eeg2fmri.evaluate.recordings.latents import latent_distance
from eeg2fmri.evaluate.recordings.scoring import Recording
from eeg2fmri.evaluate.run import evaluate_run

GRID = (6, 5, 4)


@pytest.fixture
def template_store(tmp_path, rng):
    bold = 500 + rng.standard_normal((40, *GRID))
    recording = RecordingArrays("sub-01_task-a", rng.random((40, 2, 3)).astype(np.float32), bold.astype(np.float32))
    facts = {"electrodes": ("Cz", "Pz"), "frequencies": (4.0, 9.0, 14.0), "tr": 2.0, "affine": np.diag([3.0, 3, 3, 1])}
    return Store.open(write_store(tmp_path / "store", [recording], space="MNI152NLin2009cAsym", **facts))


@pytest.fixture
def atlas(tmp_path):
    labels = np.zeros(GRID, np.int16)
    labels[:2], labels[2:4], labels[4, :3], labels[5] = 11, 12, 15, 40
    nibabel.Nifti1Image(labels, np.diag([3.0, 3, 3, 1])).to_filename(tmp_path / "atlas.nii.gz")
    (tmp_path / "atlas.tsv").write_text("index\tname\n11\tCuneus L\n")
    return tmp_path / "atlas.nii.gz", labels


def test_scores_of_regions(template_store, atlas, rng):
    path, labels = atlas
    mask = np.ones(GRID, bool)
    mask[0, 0, 0] = False
    truth = np.asarray(template_store.bold(0))
    recording = Recording("sub-01_task-a", np.arange(40), truth, mask, 1.0, 2.0, mask)
    prediction = truth + rng.standard_normal(truth.shape) * 2
    scores = score_regions(template_store, recording, prediction, Atlas.open(path)).to_dict()
    assert list(scores["regions"]) == ["Cuneus L", "12", "15", "40"]
    assert [one["index"] for one in scores["regions"].values()] == [11, 12, 15, 40]
    courses = [region_courses(series, labels, mask)[1][:, :, None, None] for series in (truth, prediction)]
    expected = temporal_r(*courses, columns=recording.basis.drifts).ravel()
    assert [region["r"] for region in scores["regions"].values()] == pytest.approx(expected, abs=1e-6)
    assert scores["temporal_r"] == pytest.approx(np.median(expected), abs=1e-6)
    for region in scores["regions"].values():
        assert 0 < region["p_value"] <= region["p_corrected"] <= 1
    assert -1 <= scores["connectivity_similarity"] <= 1
    json.dumps(scores, allow_nan=False)


def test_connectivity_is_scored_beyond_that_of_other_people(tmp_path, atlas, rng):
    path, labels = atlas
    courses = rng.standard_normal((4, 40, 4)).astype(np.float32)
    recordings = []
    for subject, own in enumerate(courses):
        bold = np.zeros((40, *GRID), np.float32)
        for k, number in enumerate((11, 12, 15, 40)):
            bold[:, labels == number] = own[:, k : k + 1]
        recordings.append(RecordingArrays(f"sub-{subject}_task-a", np.ones((40, 2, 3), np.float32), 500 + bold))
    facts = {"electrodes": ("Cz", "Pz"), "frequencies": (4.0, 9.0, 14.0), "tr": 2.0, "affine": np.diag([3.0, 3, 3, 1])}
    store = Store.open(write_store(tmp_path / "four", recordings, space="MNI152NLin2009cAsym", **facts))
    opened = Atlas.open(path)
    others = OthersConnectivity(store, [f"sub-{k}_task-a" for k in range(3)], opened)

    def scored(subject, predicted):
        truth, mask = np.asarray(store.bold(subject)), np.ones(GRID, bool)
        recording = Recording(f"sub-{subject}_task-a", np.arange(40), truth, mask, 1.0, 2.0, mask)
        return score_regions(store, recording, np.asarray(store.bold(predicted)), opened, others)

    for subject, predicted, trained in ((3, 0, (0, 1, 2)), (0, 1, (1, 2))):
        template = np.mean([np.corrcoef(courses[k], rowvar=False) for k in trained], axis=0)
        expected = similarity_over(courses[subject], courses[predicted], template)
        found = scored(subject, predicted)
        assert found.connectivity_beyond == pytest.approx(expected, abs=1e-3)
        assert found.connectivity_beyond != pytest.approx(found.connectivity, abs=1e-3)
    assert scored(3, 3).to_dict()["connectivity_beyond_template"] == pytest.approx(1)
    assert np.isnan(OthersConnectivity(store, ["sub-0_task-a"], opened).beyond("3", np.arange(4), *np.ones((2, 9, 4))))


def test_atlas_needs_a_template_space(small_run, small_store, template_store, atlas):
    check_atlas(template_store, Atlas.open(atlas[0]))
    with pytest.raises(InputError, match="template space"):
        evaluate_run(small_run, small_store.path, atlas=atlas[0])
    assert not (small_run / "evaluation").exists()


def test_distance_of_latents_of_a_recording(small_run, small_store):
    run = open_run(small_run, small_store.path)
    found = []

    def keep(module, inputs, out):
        found.append((out.z_eeg.numpy(), out.z_fmri.numpy()))

    hook = run.loaded.model.register_forward_hook(keep)
    distance = latent_distance(run, "sub-04_task-a")
    hook.remove()
    eeg, volume = (np.concatenate(part) for part in zip(*found, strict=True))
    assert len(eeg) == 49 - 3 - 4
    assert distance == pytest.approx(frechet_distance(eeg, volume))
    assert distance > 0
    evaluate_run(small_run, small_store.path)
    scores = json.loads((small_run / "evaluation" / "scores.json").read_text())
    assert scores["latent_frechet_distance"]["sub-04_task-a"] == pytest.approx(distance)
