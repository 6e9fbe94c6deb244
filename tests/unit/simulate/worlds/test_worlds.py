"""Every world shows in its EEG what its BOLD follows, and its twin without coupling does not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.simulate import SimulationConfig, small_config
from eeg2fmri.simulate.recording.bold import at_times
from eeg2fmri.simulate.recording.eeg import Projection, Sound, simulate_eeg
from eeg2fmri.simulate.recording.simultaneous import Neural, SimulatedRecording, draw_neural, simulate_recording
from eeg2fmri.simulate.recording.study import Study, make_participant, make_study, place_cap
from eeg2fmri.simulate.worlds.catalogue import WORLDS

SIZE = {"subjects": 2, "volumes": 60, "grid": (7, 9, 6), "regions": 20, "seed": 6}
ARTEFACTS = ("motion", "pulse", "gradient")
NEURAL = tuple(name for name in WORLDS if name not in ARTEFACTS)


@cache
def recorded(world: str, coupling: float = 1.0) -> tuple[Study, SimulatedRecording]:
    study = make_study(small_config(**SIZE, world=world, coupling=coupling))
    participant = make_participant(study, "01")
    cap = place_cap(study, participant.subject, "sub-01")
    return study, simulate_recording(study, participant, cap, "sub-01_task-x")


@pytest.mark.parametrize("name", NEURAL)
def test_bold_follows_the_eeg_where_the_world_says_and_not_in_its_twin(name: str) -> None:
    study, bound = recorded(name)
    free = recorded(name, 0.0)[1]
    coupled = study.group.coupled
    assert 0 < coupled.sum() < len(coupled)
    np.testing.assert_array_equal(bound.eeg, free.eeg)
    assert not free.neural.bold_from_eeg.any()
    np.testing.assert_array_equal(bound.neural.bold_from_eeg[coupled], bound.neural.bold[coupled])
    assert not bound.neural.bold_from_eeg[~coupled].any()
    # what is not coupled stays as it is, what is coupled is another draw of the same size
    np.testing.assert_allclose(free.neural.bold[~coupled], bound.neural.bold[~coupled], rtol=1e-6)
    ratio = free.neural.bold[coupled].std() / bound.neural.bold[coupled].std()
    assert 0.3 < ratio < 3


@pytest.mark.parametrize("name", ARTEFACTS)
def test_artefacts_couple_without_neurons_and_not_in_the_twin(name: str) -> None:
    (study, bound), (_, free) = recorded(name), recorded(name, 0.0)
    assert not study.group.coupled.any()
    assert not bound.neural.bold_from_eeg.any()
    np.testing.assert_array_equal(bound.bold.data, free.bold.data)
    assert (bound.eeg != free.eeg).any()


def _shared_size(name: str, coupling: float) -> float:
    """Correlation of changes over ten volumes of the size of the EEG and of what the artefact does to BOLD."""
    study = make_study(small_config(**SIZE | {"volumes": 250}, world=name, coupling=coupling))
    participant = make_participant(study, "01")
    cap = place_cap(study, participant.subject, "sub-01")
    made = simulate_recording(study, participant, cap, "sub-01_task-x")
    step, starts = round(study.config.tr * study.clock.sfreq), study.clock.marker_samples()
    size = np.log([made.eeg[:, start : start + step].std() for start in starts])
    if name == "pulse":
        course = np.interp(study.clock.volumes, study.clock.envelopes, made.physiology.vascular)
    elif name == "gradient":
        assert made.motion is not None
        course = made.motion[:, 2] + 50 * made.motion[:, 5]
    else:
        course = -made.bold.data[participant.space.grey > 0.3].mean(axis=0)
    return float(np.corrcoef(size[10:] - size[:-10], course[10:] - course[:-10])[0, 1])


@pytest.mark.parametrize("name", ARTEFACTS)
def test_the_size_of_an_artefact_goes_with_the_bold(name: str) -> None:
    assert _shared_size(name, 1.0) > 0.35
    assert abs(_shared_size(name, 0.0)) < 0.35


@cache
def sounding(name: str) -> tuple[Study, Neural, np.ndarray]:
    """EEG of electrodes that each see one region alone, without noise: (region, sample)."""
    study = make_study(small_config(**SIZE | {"volumes": 150}, world=name))
    participant = make_participant(study, "01")
    neural = draw_neural(study, participant, np.random.default_rng(1), np.random.default_rng(2))
    n, bands = len(study.group.coupled), len(study.world.rhythms)
    projection = Projection(np.eye(n), np.full((n, bands), 1e-5), np.zeros((n, n)))
    sound = Sound(study.world.rhythms)
    if neural.synchrony is not None:
        sound = replace(sound, in_phase=study.group.in_phase, synchrony=neural.synchrony)
    quiet = study.config.eeg.model_copy(update={"sensor_noise": 0.0})
    rng = np.random.default_rng(3)
    return study, neural, simulate_eeg(projection, neural.power, participant.subject, quiet, study.clock, rng, sound)


def _by_volume(study: Study, eeg: np.ndarray, low: float, high: float) -> np.ndarray:
    """Power in a band of the four seconds that start with each volume, (region, volume)."""
    rate, starts = study.clock.sfreq, study.clock.marker_samples()[:-2]
    step = round(4 * rate)
    frequency = np.fft.rfftfreq(step, 1 / rate)
    inside = (frequency >= low) & (frequency < high)
    spectra = np.fft.rfft([eeg[:, start : start + step] for start in starts], axis=-1)[..., inside]
    return (np.abs(spectra) ** 2).sum(-1).T


def _courses(study: Study, courses: np.ndarray) -> np.ndarray:
    return at_times(study.clock.volumes[:-2] + 2, study.clock.envelopes, courses)


def _r(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.median([np.corrcoef(x, y)[0, 1] for x, y in zip(a, b, strict=True)]))


@pytest.mark.parametrize("name", [n for n in NEURAL if n not in ("exponent", "synchrony")])
def test_electrodes_show_the_power_of_every_rhythm(name: str) -> None:
    study, neural, eeg = sounding(name)
    for band, rhythm in enumerate(study.world.rhythms):
        seen = _by_volume(study, eeg, rhythm.low - 0.5, rhythm.high + 0.5)
        # the bands of spindles and alpha overlap
        assert _r(np.log(seen), np.log(_courses(study, neural.power[:, band]) + 0.05)) > 0.3, rhythm.name


def test_the_background_steepens_as_bold_falls() -> None:
    study, neural, eeg = sounding("exponent")
    slope = np.log(_by_volume(study, eeg, 30, 45) / _by_volume(study, eeg, 1, 4))
    assert _r(slope, _courses(study, neural.power[:, 1] - neural.power[:, 0])) > 0.6
    # alpha and beta sound too, and tell nothing
    assert [rhythm.name for rhythm in study.world.rhythms] == ["steep", "flat", "alpha", "beta"]
    assert not study.group.weights[:, 2:].any()


def test_neighbours_fall_into_step_and_their_power_stays() -> None:
    study, neural, eeg = sounding("synchrony")
    assert neural.synchrony is not None
    members = np.flatnonzero(np.bincount(study.group.in_phase)[study.group.in_phase] >= 3)
    assert abs(_r(_by_volume(study, eeg, 8, 13), _courses(study, neural.synchrony))) < 0.25
    together, shown = [], []
    for group in np.unique(study.group.in_phase[members]):
        inside = study.group.in_phase == group
        each, all_of_them = _by_volume(study, eeg[inside], 8, 13), _by_volume(study, eeg[inside].sum(0)[None], 8, 13)
        together.append(all_of_them[0] / each.sum(0))
        shown.append(_courses(study, neural.synchrony[inside][:1])[0])
    assert _r(np.array(together), np.array(shown)) > 0.6


def test_places_of_the_coupled_regions() -> None:
    deep, focal = (make_study(small_config(**SIZE, world=name)) for name in ("deep", "focal"))
    centre = np.array([0, -20, 10])
    away = np.linalg.norm(deep.sources.centres - centre, axis=1)
    assert away[deep.group.coupled].max() < away[~deep.group.coupled].min()
    inside = focal.group.coupled
    between = np.linalg.norm(focal.sources.centres[inside][:, None] - focal.sources.centres[inside], axis=2)
    others = np.linalg.norm(focal.sources.centres[inside][:, None] - focal.sources.centres, axis=2)
    assert between.max() < np.median(others)
    courses = recorded("focal")[1].neural.power[inside, 0]
    np.testing.assert_array_equal(courses, np.repeat(courses[:1], inside.sum(), axis=0))


def test_far_regions_are_followed() -> None:
    study = make_study(small_config(**SIZE, world="far"))
    distance = np.linalg.norm(study.sources.centres[:, None] - study.sources.centres, axis=2)
    followed = distance[np.arange(20), study.group.source]
    assert (followed >= np.median(distance, axis=1)).all()
    assert followed.min() > 40


def test_responses_and_lags_differ_by_region_and_subject_in_their_range() -> None:
    for name, low, high in (("responses", 3.5, 8.0), ("lags", 0.0, 6.0)):
        study = make_study(small_config(**SIZE | {"regions": 60}, world=name))
        people = [make_participant(study, label).subject for label in ("01", "02")]
        values = [(p.stretch * 5.0 if name == "responses" else p.delay) for p in people]
        for one in values:
            assert one.min() >= low - 0.1
            assert one.max() <= high + 0.1
            assert np.ptp(one) > 0.6 * (high - low)
        assert 0.1 < np.abs(values[0] - values[1]).mean() < 1.5


def test_stages_last_and_wake_alpha_while_theta_sleeps() -> None:
    study, neural, _ = sounding("vigilance")
    alpha, theta = np.log(neural.power[:, 0].mean(0)), np.log(neural.power[:, 2].mean(0))
    assert np.corrcoef(alpha, theta)[0, 1] < -0.3
    assert [rhythm.name for rhythm in study.world.rhythms] == ["alpha", "beta", "theta", "sigma"]


def test_blocks_are_the_same_for_everybody_and_events_are_not() -> None:
    for name, same in (("blocks", True), ("events", False)):
        study = make_study(small_config(**SIZE, world=name))
        onsets = []
        for label in ("01", "02"):
            participant = make_participant(study, label)
            cap = place_cap(study, participant.subject, f"sub-{label}")
            task = simulate_recording(study, participant, cap, f"sub-{label}_task-x").neural.task
            assert task is not None
            onsets.append(task.onsets[:5])
        assert np.array_equal(*onsets) == same
        power = recorded(name)[1].neural
        assert power.task is not None
        on = power.task.course(study.clock.envelopes) > 0
        active = power.power[study.group.coupled, 0]
        assert active[:, on].mean() < 0.6 * active[:, ~on].mean()


def test_caps_differ_in_gain_and_reference_or_lack_electrodes() -> None:
    study = make_study(small_config(**SIZE | {"subjects": 6}, world="unequal_caps"))
    people = [make_participant(study, f"{k:02d}").subject for k in range(1, 7)]
    caps = [place_cap(study, person, f"sub-{person.label}") for person in people]
    assert len({cap.reference for cap in caps}) > 1
    assert all(cap.electrodes.names == study.electrodes.names for cap in caps)
    study = make_study(small_config(**SIZE, world="gaps"))
    names = [place_cap(study, person, f"sub-{person.label}").electrodes.names for person in people]
    assert all(len(one) == 15 and set(one) < set(study.electrodes.names) for one in names)
    assert len(set(names)) > 1


def test_drifts_of_both_know_nothing_of_each_other() -> None:
    study, made = recorded("drifts")
    assert study.config.bold.drift == 2.0
    step = round(10 * study.clock.sfreq)
    size = np.log([made.eeg[:, k : k + step].std(axis=1) for k in range(0, made.eeg.shape[1] - step, step)])
    plain = recorded("powers")[1].eeg
    still = np.log([plain[:, k : k + step].std(axis=1) for k in range(0, plain.shape[1] - step, step)])
    assert np.median(size.std(axis=0)) > 2 * np.median(still.std(axis=0))


def test_a_world_fills_in_settings_beneath_those_that_are_given() -> None:
    assert SimulationConfig.make({"world": "drifts"}).bold.drift == 2.0
    assert SimulationConfig.make({"world": "drifts", "bold": {"thermal": 0.5}}).bold.drift == 2.0
    assert SimulationConfig.make({"world": "drifts", "bold": {"drift": 0.1}}).bold.drift == 0.1
    config = SimulationConfig.make({"world": "events", "coupled": 0.5})
    assert (config.tasks, config.coupled) == (("events",), 0.5)
    assert SimulationConfig.make(config.model_dump(mode="json")) == config


def test_an_unknown_world_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean synchrony"):
        small_config(world="synchrny")
