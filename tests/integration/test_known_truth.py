"""Both ceilings of a simulated data set, from its files on, and the refusal of a truth that is not the store's."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from eeg2fmri.core.errors import InputError
from eeg2fmri.data.prepare.run import prepare
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.blocks import BlockStore
from eeg2fmri.evaluate.metrics.moments import temporal_r
from eeg2fmri.evaluate.run import evaluate_run
from eeg2fmri.evaluate.significance.drifts import time_basis
from eeg2fmri.evaluate.truth.ceilings import coupled_note, parts_of, score_ceilings
from eeg2fmri.evaluate.truth.known_truth import KnownTruth, known_truth
from eeg2fmri.evaluate.truth.parts import LeftOut, column_r
from eeg2fmri.simulate import simulate_dataset, small_config
from eeg2fmri.simulate.write.truth_files import FOLDER
from eeg2fmri.train.run import train_run

NAMES = ("sub-02_task-rest", "sub-03_task-rest")


def config(**changes):
    values = {"subjects": 3, "volumes": 120, "electrodes": 32, "coupling": 0.8, "seed": 5}
    return small_config(**{**values, **changes})


@pytest.fixture(scope="module")
def bids(tmp_path_factory):
    return simulate_dataset(tmp_path_factory.mktemp("known") / "bids", config())


@pytest.fixture(scope="module")
def store(bids):
    return prepare(bids, bids.parent / "store")


@pytest.fixture(scope="module")
def known(bids, store):
    return KnownTruth.open(bids, store, NAMES)


def coupled_r(known, name, volumes):
    """Mean temporal r over the voxels of coupled regions, from the first steady volume on."""
    parts = np.append(False, known.truth.coupled)[known.atlas(name)]
    mask = known.store.mask(name) & parts
    return float(np.nanmean(temporal_r(known.store.bold(name)[3:], volumes[3:], mask)))


@pytest.mark.parametrize("name", NAMES)
def test_ceilings_are_in_order_and_bound_a_model_that_knows_everything(known, name):
    """Noise bounds what knows all neural signals, and these what knows the EEG's sources, and these what sees EEG."""
    one = known.truth.recording(name)
    everything, sources = known.noiseless(name), one.noiseless_bold("eeg")
    decoded = known.decoded(name)
    assert everything.shape == decoded.shape == known.store.bold(name).shape
    bold, power, eeg = (coupled_r(known, name, volumes) for volumes in (everything, sources, decoded))
    assert 1 > bold > power > eeg > 0.1
    # what knows everything reaches the root of the variance that the noise leaves
    grey = known.atlas(name) > 0
    r = temporal_r(known.store.bold(name)[:], everything, known.store.mask(name) & grey)
    expected = np.sqrt(one.explainable[np.isfinite(r)])
    assert np.nanmedian(r) == pytest.approx(np.median(expected), abs=0.05)


def test_regions_that_follow_no_eeg_have_nothing_to_decode(known):
    name = NAMES[0]
    one = known.truth.recording(name)
    alone = np.asarray(one.voxel_weights[:, known.truth.coupled].sum(axis=1) == 0).reshape(known.store.grid)
    decoded = known.decoded(name)[:, alone]
    assert alone.any()
    assert np.ptp(decoded, axis=0).max() == 0


def test_the_oracle_needs_the_eeg_of_the_recording(known, monkeypatch):
    name, other = NAMES
    right = known.decoded(name)
    eeg = known._eeg
    monkeypatch.setattr(KnownTruth, "_eeg", lambda self, one: eeg(self.truth.recording(other)))
    assert coupled_r(known, name, known.decoded(name)) < 0.1 < coupled_r(known, name, right)


def test_truth_comes_to_the_grid_of_the_store(bids, known, tmp_path):
    store = prepare(bids, tmp_path / "coarse", PrepareConfig(grid=(8, 9, 7)))
    coarse = KnownTruth.open(bids, store, NAMES[:1])
    assert coarse.noiseless(NAMES[0]).shape == coarse.decoded(NAMES[0]).shape == (120, 8, 9, 7)
    assert set(np.unique(coarse.atlas(NAMES[0]))) <= set(range(11))
    assert coupled_r(coarse, NAMES[0], coarse.noiseless(NAMES[0])) > coupled_r(
        known, NAMES[0], known.noiseless(NAMES[0])
    )


def test_a_block_of_a_recording_has_its_part_of_the_truth(bids, store, known):
    name = f"{NAMES[0]}_volumes-30to89"
    blocks = BlockStore.cut(store, [name])
    of_block = KnownTruth.open(bids, blocks, [name])
    np.testing.assert_array_equal(of_block.noiseless(name), known.noiseless(NAMES[0])[30:90])
    np.testing.assert_array_equal(of_block.decoded(name), known.decoded(NAMES[0])[30:90])
    np.testing.assert_array_equal(of_block.atlas(name), known.atlas(NAMES[0]))


def test_a_truth_is_found_where_the_store_was_prepared_from(store, known):
    found = known_truth(store, None, NAMES)
    assert isinstance(found, KnownTruth)
    assert found.root == known.root


def test_a_store_whose_source_is_gone_or_real_has_no_truth(copied, tmp_path):
    store = prepare(copied, tmp_path / "own")
    shutil.rmtree(copied / FOLDER)
    assert known_truth(store, None, NAMES) is None
    shutil.rmtree(copied)
    assert known_truth(store, None, NAMES) is None


def test_a_truth_that_cannot_be_used_and_was_not_asked_for_is_left_out_with_a_word(bids, tmp_path):
    world = prepare(bids, tmp_path / "world", PrepareConfig.make({"bold": {"resample": "world"}}))
    with pytest.raises(InputError, match="cannot be brought to the volumes of this store"):
        known_truth(world, bids, NAMES)
    left_out = known_truth(world, None, NAMES)
    assert left_out == LeftOut("the truth cannot be brought to the volumes of this store")
    assert parts_of(left_out, NAMES) == {}
    assert "cannot be brought" in coupled_note(score_ceilings(left_out, [], None), "model")


def test_a_folder_without_truth_is_refused(store, tmp_path):
    with pytest.raises(InputError, match="the data set holds no truth"):
        known_truth(store, tmp_path, NAMES)


def test_another_data_set_is_refused(store, tmp_path):
    other = simulate_dataset(tmp_path / "other", config(seed=6, subjects=2))
    with pytest.raises(InputError) as caught:
        known_truth(store, other, NAMES)
    text = str(caught.value)
    assert "the store was made of another file of this name" in text
    assert "sub-02_task-rest_bold.nii.gz" in text
    assert "the truth holds no such recording" in text
    assert "sub-03_task-rest" in text
    assert "give the BIDS folder that the store was prepared from" in text


@pytest.fixture
def copied(bids, tmp_path):
    """The data set of the store, to be spoilt."""
    return Path(shutil.copytree(bids, tmp_path / "bids"))


def test_the_truth_of_another_simulation_among_the_right_files_is_refused(store, copied, tmp_path):
    other = simulate_dataset(tmp_path / "other", config(seed=6))
    shutil.rmtree(copied / FOLDER)
    shutil.copytree(other / FOLDER, copied / FOLDER)
    with pytest.raises(InputError) as caught:
        known_truth(store, copied, NAMES)
    assert str(caught.value).count("the truth is of another head than the recording") == 2


def test_settings_that_were_edited_are_refused(store, copied):
    file = copied / FOLDER / "truth.json"
    about = json.loads(file.read_text())
    about["config"]["seed"] = 7
    about["config"]["tr"] = 2.5
    file.write_text(json.dumps(about))
    with pytest.raises(InputError) as caught:
        known_truth(store, copied, NAMES)
    assert "its settings and its coupling weights do not belong together" in str(caught.value)
    assert "the truth has another TR than the store" in str(caught.value)


@pytest.fixture(scope="module")
def run(store):
    folder = store.path.parent / "run"
    split = {"train": ["01"], "validation": ["02"], "test": ["03"]}
    train_run(store.path, folder, {"model": {"preset": "recommended"}, "split": split})
    return folder


def test_evaluate_tells_how_much_of_both_ceilings_is_reached(run, store, bids):
    from eeg2fmri.cli.main import app

    ended = CliRunner().invoke(app, ["evaluate", str(run), str(store.path)])
    assert ended.exit_code == 0, ended.output
    for text in ("of BOLD", "of EEG", "BOLD ceiling", "EEG ceiling", "regions that were simulated to follow"):
        assert text in ended.output
    scores = json.loads((run / "evaluation" / "scores.json").read_text())
    pooled = {row["method"]: row for row in scores["pooled"]}
    assert list(pooled)[-2:] == ["bold_ceiling", "eeg_ceiling"]
    assert pooled["bold_ceiling"]["of_bold_ceiling"] == pooled["eeg_ceiling"]["of_eeg_ceiling"] == 1
    assert 0 < pooled["eeg_ceiling"]["of_bold_ceiling"] < 1
    r = {name: row["temporal_r_mean"]["mean"] for name, row in pooled.items()}
    assert pooled["model"]["of_eeg_ceiling"] == pytest.approx(r["model"] / r["eeg_ceiling"])
    assert "bold_ceiling" not in scores["model_minus"]
    coupled = scores["ceilings"]["parts"]["coupled_regions"]["temporal_r"]
    assert set(coupled) == set(pooled)
    assert coupled["bold_ceiling"]["sub-03_task-rest"] > coupled["eeg_ceiling"]["sub-03_task-rest"] > 0.2
    with (run / "evaluation" / "scores.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert float(rows[0]["of_eeg_ceiling"]) == pytest.approx(pooled["model"]["of_eeg_ceiling"])


def test_parts_in_the_scores_are_those_of_the_volumes(run, store, known):
    evaluation = evaluate_run(run, store.path, truth=known.root)
    name = "sub-03_task-rest"
    labels, targets = known.atlas(name), slice(13, None)
    numbers = np.flatnonzero(known.truth.coupled) + 1
    inside = store.mask(name)
    courses = [
        np.stack(
            [volumes[targets][:, inside & (labels == k)].mean(axis=1) for k in numbers if (labels == k)[inside].any()],
            1,
        )
        for volumes in (store.bold(name), known.decoded(name))
    ]
    drifts = time_basis(len(courses[0]), store.tr, 13 * store.tr).drifts
    expected = np.median(column_r(*(each - drifts @ (drifts.T @ each) for each in courses)))
    found = evaluation.facts["ceilings"]["parts"]["coupled_regions"]["temporal_r"]["eeg_ceiling"][name]
    assert found == pytest.approx(expected, abs=0.02)


def test_null_data_has_no_eeg_ceiling(tmp_path):
    bids = simulate_dataset(tmp_path / "bids", config(coupling=0.0, volumes=40, electrodes=16))
    store = prepare(bids, tmp_path / "store")
    null = KnownTruth.open(bids, store, NAMES[:1])
    assert np.ptp(null.decoded(NAMES[0]), axis=0).max() == 0
    assert null.drawn_coupled.sum() == 6
    assert not null.truth.coupled.any()


def test_evaluate_refuses_a_wrong_truth_before_it_reads_the_test_part(run, store, tmp_path):
    before = (run / "evaluation" / "reads.json").read_text() if (run / "evaluation" / "reads.json").exists() else ""
    with pytest.raises(InputError, match="holds no truth"):
        evaluate_run(run, store.path, truth=tmp_path)
    after = (run / "evaluation" / "reads.json").read_text() if (run / "evaluation" / "reads.json").exists() else ""
    assert after == before


def test_where_bold_does_not_follow_powers_there_is_no_eeg_ceiling_and_a_word_why(tmp_path):
    bids = simulate_dataset(tmp_path / "bids", config(world="exponent", volumes=40, electrodes=8))
    store = prepare(bids, tmp_path / "store")
    run = train_run(store.path, tmp_path / "run", {"model": {"preset": "recommended"}, "split": {"seed": 1}}).run
    evaluation = evaluate_run(run, store.path)
    assert [ceiling.name for ceiling in evaluation.ceilings] == ["bold_ceiling"]
    assert "No EEG ceiling: BOLD follows the exponent" in coupled_note(evaluation.facts, "model")


def test_the_oracle_knows_which_region_is_followed_and_which_electrodes_are_there(tmp_path):
    for world in ("far", "gaps"):
        bids = simulate_dataset(tmp_path / world, config(world=world, subjects=2, coupling=1.0))
        store = prepare(bids, tmp_path / f"{world}-store")
        known = KnownTruth.open(bids, store, NAMES[:1])
        assert known.undecodable == ""
        assert coupled_r(known, NAMES[0], known.decoded(NAMES[0])) > 0.1
