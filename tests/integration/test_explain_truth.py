"""On strongly coupled simulated recordings, the explanation of a trained model finds the drivers; others do not."""

import pytest

from eeg2fmri.data.prepare.run import PrepareConfig, prepare
from eeg2fmri.explain.run import explain_run
from eeg2fmri.simulate import SimulationConfig, simulate_dataset
from eeg2fmri.train.run import train_run

STRONG = {
    "subjects": 4,
    "volumes": 140,
    "grid": (10, 12, 8),
    "electrodes": 24,
    "regions": 20,
    "coupled": 0.5,
    "seed": 1,
    "sfreq": 100.0,
    "t1w_voxel_mm": 8.0,
    "tr": 2.0,
    "eeg": {"rhythm_uv": 25.0, "background_uv": 4.0},
    "bold": {"signal": 3.0, "thermal": 0.3, "drift": 0.2, "cardiac": 0.2, "respiratory": 0.2, "vascular": 0.2},
}


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strong")
    bids = simulate_dataset(folder / "bids", SimulationConfig.make(STRONG))
    store = prepare(bids, folder / "store", PrepareConfig()).path
    # amplitudes through responses alone: what drives the BOLD of a band is known for these
    pairs = {"eeg": "amplitude", "target": "dynamics"}
    model = {"preset": "recommended", "components": 12, "responses": "shifts"}
    train_run(store, folder / "run", {"model": model, "pairs": pairs, "seed": 1})
    settings = {"windows": None, "checks": 6, "latent_windows": 4, "controls": 4, "batch_size": 64}
    return explain_run(folder / "run", store, folder / "explain", settings, truth=bids), folder / "explain"


def test_the_drivers_are_found_by_the_trained_model_alone(explained):
    found = explained[0].recovery
    assert found.r > 0.6
    assert abs(found.untrained_r) < 0.3
    pattern, control = found.measures["pattern"], found.untrained["pattern"]
    assert pattern.electrodes > 0.6
    assert pattern.electrodes > control.electrodes + 0.4
    assert pattern.times > control.times + 0.5
    assert pattern.signed > 0.7 > 0.4 > abs(control.signed)
    sensors = found.measures["sensor_pattern"]
    # the bands of the rhythms in the order in which they drive
    assert sensors.frequencies == 1 > found.untrained["sensor_pattern"].frequencies
    assert sensors.electrodes_by_frequencies > found.untrained["sensor_pattern"].electrodes_by_frequencies + 0.5
    for measure in ("magnitude", "fluctuation"):
        assert found.measures[measure].map > found.untrained[measure].map + 3 * found.untrained_sd[measure].map
    assert found.measures["fluctuation"].electrodes_by_frequencies > 0.4


def test_the_relevance_of_a_linear_model_is_its_integrated_gradient(explained):
    fidelity = explained[0].fidelity
    assert fidelity.gradients > 0.999
    assert min(fidelity.curves.deletion_gain, fidelity.curves.insertion_gain) > 0.5
    assert fidelity.curves.deletion_gain > fidelity.untrained_curves.deletion_gain + 0.5
    assert abs(fidelity.untrained.map) < 0.3


def test_bands_and_volumes_of_the_recommended_synthesiser(explained):
    found, out = explained
    assert found.axes.frequencies.tolist() == [6.0, 10.5, 21.5]
    subject = found.subjects[0]
    assert subject.unaccounted < 1e-3
    assert subject.latent.shape == (10, 12, 8)
    # the sum of what the EEG gives and of what the offset gives
    assert subject.latent_error < 0.5
    name = f"sub-{subject.subject}"
    table = (out / name / "eeg" / f"{name}_desc-volume_bands.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in table[1:]] == ["theta", "alpha", "beta"]
