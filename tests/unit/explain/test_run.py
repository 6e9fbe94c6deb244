"""A run explained from its folder: what is written, and what is refused."""

import csv
import json
import shutil

import mne
import nibabel
import numpy as np
import pytest

from eeg2fmri.core.errors import CheckpointError, InputError
from eeg2fmri.data.store.store import Store
from eeg2fmri.explain.config import ExplainConfig
from eeg2fmri.explain.run import explain_run


@pytest.fixture(scope="module")
def explained(small_run, small_store, small_bids, tmp_path_factory):
    """Explanation of all three subjects, and its folder."""
    out = tmp_path_factory.mktemp("explain") / "out"
    steps = []
    config = {"part": "all", "windows": 5, "latent_windows": 2, "checks": 3, "batch_size": 4, "steps": 4, "controls": 2}
    found = explain_run(
        small_run, small_store, out, config, truth=small_bids, progress=lambda *step: steps.append(step)
    )
    return found, out, steps


@pytest.fixture(scope="module")
def summary(explained):
    return json.loads((explained[1] / "explain.json").read_text())


def test_every_subject_is_explained(explained, small_store):
    found, _, steps = explained
    store = Store.open(small_store)
    assert sorted(subject.subject for subject in found.subjects) == ["01", "02", "03"]
    assert found.signed.shape == (3, len(store.electrodes), len(store.frequencies), 4)
    np.testing.assert_allclose(found.magnitude.sum((1, 2, 3)), 1)
    assert (np.abs(found.signed) <= found.magnitude + 1e-12).all()
    for subject in found.subjects:
        assert subject.n_windows == 5
        assert subject.unaccounted < 1e-3
        np.testing.assert_allclose(subject.attention.sum(1), 1, rtol=1e-5)
        assert subject.pairs.sum() == pytest.approx(1)
        assert subject.latent.shape == store.grid
        assert 0 < subject.through_scores < 1
        assert -1 <= subject.explained / np.prod(store.grid) <= 10
    # batches of 4 and 1 windows, then one of 2 volumes, for each of three recordings
    explaining = [step for step in steps if step[0] == "Explaining"]
    assert [done for _, done, _ in explaining] == [4, 5, 7, 11, 12, 14, 18, 19, 21]
    assert explaining[-1] == ("Explaining", 21, 21)


def test_the_summary_says_what_was_explained_and_how_well(explained, summary):
    found, _, _ = explained
    assert summary["target"] == {"name": "volume", "what": "sum of the synthesised volume", "voxels": 792}
    assert summary["config"]["rules"]["convolution"] == {"kind": "gamma", "gamma": 0.25}
    assert summary["conservation_error"] == pytest.approx(found.error)
    assert [subject["windows"] for subject in summary["subjects"]] == [5, 5, 5]
    assert summary["fidelity"]["n_windows"] == 9
    assert summary["truth"]["r"] == pytest.approx(found.recovery.r)
    assert summary["truth"]["n_untrained"] == 2
    assert set(summary["truth"]["measures"]) == {"magnitude", "fluctuation", "pattern"}
    pattern = summary["truth"]["untrained_sd"]["pattern"]
    assert pattern["times"] == pytest.approx(found.recovery.untrained_sd["pattern"].times)
    assert summary["fidelity"]["gradients"] == pytest.approx(found.fidelity.gradients)
    assert summary["tests"]["signed"]["electrodes"] == {
        "n_subjects": 3,
        "smallest_p_max": 0.25,
        "significant_fdr": int((found.tests["signed"]["electrodes"].p_fdr < 0.05).sum()),
        "significant_max": 0,
        "tests": 12,
    }
    assert set(summary["graphs"]) == {"attention", "pairs"}
    assert "98" in summary["graphs"]["attention"]["thresholds"]
    assert summary["graphs"]["attention"]["edges"]
    assert any("no p value" in note for note in summary["notes"])
    assert any("trained the model" in note for note in summary["notes"])
    assert "stems from biases" in summary["summary"]


def test_arrays_are_those_of_the_explanation(explained):
    found, out, _ = explained
    with np.load(out / "explain.npz") as arrays:
        np.testing.assert_allclose(arrays["signed"], found.signed, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(arrays["fluctuation"], found.fluctuation, rtol=1e-5, atol=1e-9)
        assert arrays["electrodes"].tolist() == list(found.axes.electrodes)
        assert arrays["times"].tolist() == [5.25, 3.75, 2.25, 0.75]
        assert arrays["attention"].shape == arrays["pairs"].shape == (3, 12, 12)
        assert arrays["latent"].shape == (3, 9, 11, 8)
        assert arrays["curve_deletion"].shape == (5,)
        assert arrays["target"].sum() == 792


def rows(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_tables_hold_the_sums_with_their_units(explained):
    found, out, _ = explained
    first = found.subjects[0]
    name = f"sub-{first.subject}"
    folder = out / name / "eeg"
    electrodes = rows(folder / f"{name}_desc-volume_electrodes.csv")
    assert [row["electrode"] for row in electrodes] == list(found.axes.electrodes)
    magnitude = np.array([float(row["magnitude"]) for row in electrodes])
    np.testing.assert_allclose(magnitude, first.magnitude.sum((1, 2)), rtol=1e-5)
    frequencies = rows(folder / f"{name}_desc-volume_frequencies.csv")
    alpha = sum(float(row["magnitude"]) for row in frequencies if row["band"] == "alpha")
    bands = {row["band"]: float(row["magnitude"]) for row in rows(folder / f"{name}_desc-volume_bands.csv")}
    assert bands["alpha"] == pytest.approx(alpha, rel=1e-4)
    times = rows(folder / f"{name}_desc-volume_times.csv")
    assert [float(row["seconds_before_volume"]) for row in times] == [5.25, 3.75, 2.25, 0.75]
    both = rows(folder / f"{name}_desc-volume_electrodesByTimes.csv")
    expected = first.magnitude.sum(1)
    assert len(both) == expected.size
    assert (both[5]["electrode"], both[5]["seconds_before_volume"]) == (found.axes.electrodes[1], "3.75")
    assert float(both[5]["magnitude"]) == pytest.approx(expected[1, 1], rel=1e-4)
    assert float(both[5]["pattern_mean"]) == pytest.approx(first.pattern[1, :, 1].mean(), rel=1e-4)
    pattern = [float(row["pattern_rms"]) for row in electrodes]
    np.testing.assert_allclose(pattern, np.sqrt((first.pattern**2).mean((1, 2))), rtol=1e-4)
    tested = rows(out / "group" / "group_desc-volume_frequenciesByTimes.csv")
    one = found.tests["pattern"]["frequencies_by_times"]
    assert float(tested[7]["pattern_p_fdr"]) == pytest.approx(one.p_fdr[1, 3], rel=1e-4)
    np.testing.assert_allclose(one.mean, found.pattern.mean((0, 1)), atol=1e-12)
    assert tested[7]["frequency_hz"] == f"{found.axes.frequencies[1]:.6g}"
    pairs = rows(folder / f"{name}_desc-volume_pairs.csv")
    assert len(pairs) == 144
    electrodes = found.axes.electrodes
    assert (pairs[1]["electrode"], pairs[1]["attends_to"]) == (electrodes[0], electrodes[1])
    assert float(pairs[1]["attention"]) == pytest.approx(first.attention[0, 1], rel=1e-5)
    group = rows(out / "group" / "group_desc-volume_times.csv")
    for measure in ("signed", "fluctuation"):
        assert float(group[2][f"{measure}_t"]) == pytest.approx(found.tests[measure]["times"].t[2], rel=1e-4)
    assert float(times[1]["fluctuation"]) == pytest.approx(first.fluctuation.sum((0, 1))[1], rel=1e-4)
    assert float(group[2]["signed_mean"]) == pytest.approx(found.signed.sum((1, 2)).mean(0)[2], rel=1e-4)
    edges = rows(out / "group" / "group_desc-volume_attentionEdges.csv")
    assert len(edges) == 66
    assert float(edges[0]["strength"]) >= float(edges[1]["strength"])


def test_images_are_at_their_place(explained, small_store):
    found, out, _ = explained
    store = Store.open(small_store)
    for subject in found.subjects:
        name = f"sub-{subject.subject}"
        image = nibabel.load(out / name / "func" / f"{name}_desc-latent_relevance.nii.gz")
        recording = next(r for r in store.recordings if r.subject == subject.subject)
        np.testing.assert_allclose(image.affine, recording.affine, atol=1e-5)
        np.testing.assert_allclose(image.get_fdata(), subject.latent, rtol=1e-5, atol=1e-9)


def test_electrodes_over_time_are_read_by_mne(explained):
    found, out, _ = explained
    name = f"sub-{found.subjects[1].subject}"
    (evoked,) = mne.read_evokeds(out / name / "eeg" / f"{name}_desc-volume_ave.fif", verbose="error")
    assert evoked.ch_names == list(found.axes.electrodes)
    np.testing.assert_allclose(evoked.data, found.subjects[1].signed.sum(1), rtol=1e-4, atol=1e-9)
    # the start of each TR
    np.testing.assert_allclose(evoked.times, [-6, -4.5, -3, -1.5], atol=1e-6)
    assert "no unit" in evoked.comment
    assert evoked.info["dig"] is not None


def test_the_folder_is_a_derivative_that_names_its_files(explained, summary):
    _, out, _ = explained
    assert json.loads((out / "dataset_description.json").read_text())["DatasetType"] == "derivative"
    there = {str(path.relative_to(out)) for path in out.rglob("*") if path.is_file()}
    assert there == {*summary["files"], "explain.json"}
    assert not list(out.parent.glob(".out-*"))


def test_it_is_written_to_the_run_and_replaced(small_run, small_store, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    config = {"windows": 2, "checks": 0, "latent": "none"}
    first = explain_run(run, small_store, config=config)
    written = (run / "explain" / "explain.npz").read_bytes()
    assert first.fidelity is None
    assert first.stacked("latent") is None
    assert not list((run / "explain").rglob("*.nii.gz"))
    again = explain_run(run, small_store, config=config)
    np.testing.assert_array_equal(first.signed, again.signed)
    voxel = explain_run(run, small_store, config={**config, "target": (4, 5, 4), "rules": "z-plus"})
    assert voxel.target.name == "voxel4x5x4"
    assert (run / "explain" / "explain.npz").read_bytes() != written
    assert any("Nothing" in note or "nothing can be tested" in note for note in voxel.notes)


def test_a_region_of_a_file_is_explained(small_run, small_store, tmp_path):
    store = Store.open(small_store)
    mask = np.zeros(store.grid, np.uint8)
    mask[3:6, 4:7, 2:5] = 1
    test = next(r for r in store.recordings if r.id == json.loads((small_run / "split.json").read_text())["test"][0])
    path = tmp_path / "centre.nii"
    nibabel.Nifti1Image(mask, test.affine).to_filename(path)
    config = {"windows": 2, "checks": 0, "latent": "none", "target": str(path)}
    found = explain_run(small_run, small_store, tmp_path / "out", config)
    assert (found.target.name, found.target.n_voxels) == ("centre", 27)
    assert (tmp_path / "out" / "group" / "group_desc-centre_times.csv").is_file()


def test_what_is_no_explanation_is_not_replaced(small_run, small_store, tmp_path):
    precious = tmp_path / "data"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years")
    with pytest.raises(InputError, match="is no explanation"):
        explain_run(small_run, small_store, precious)
    assert (precious / "thesis.txt").read_text() == "years"


def test_a_run_of_another_store_is_refused_with_every_difference(small_run, small_store, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(small_run, run)
    split = json.loads((run / "split.json").read_text())
    split["store_hash"] = "0" * 64
    split["test"] = ["sub-99_task-rest"]
    (run / "split.json").write_text(json.dumps(split))
    with pytest.raises(CheckpointError) as caught:
        explain_run(run, small_store)
    assert [problem.what for problem in caught.value.problems] == [
        "the run was trained on another store",
        "recordings of the run are not in the store",
    ]


@pytest.mark.parametrize("content", [None, "no json", "[1]"])
def test_a_folder_without_a_split_is_no_run(small_store, tmp_path, content):
    (tmp_path / "run").mkdir()
    if content is not None:
        (tmp_path / "run" / "split.json").write_text(content)
    with pytest.raises(CheckpointError):
        explain_run(tmp_path / "run", small_store)


def test_a_data_set_without_truth_is_an_error(small_run, small_store, tmp_path):
    with pytest.raises(InputError, match="no truth"):
        explain_run(small_run, small_store, tmp_path / "out", {"windows": 1, "checks": 1}, truth=tmp_path)
    assert not (tmp_path / "out").exists()


def test_rules_are_given_by_name_or_in_full():
    assert ExplainConfig.make({"rules": "z-plus"}).rules.dense.kind == "z-plus"
    full = ExplainConfig.make({"rules": {"convolution": {"kind": "epsilon"}, "nodes": 5}})
    assert (full.rules.convolution.kind, full.rules.dense.kind, full.rules.nodes) == ("epsilon", "epsilon", 5)
    assert ExplainConfig.make({"target": [1, 2, 3]}).target == (1, 2, 3)
