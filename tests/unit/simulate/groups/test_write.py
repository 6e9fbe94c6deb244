import json

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError, InputError
from eeg2fmri.simulate.groups.write import (
    GroupsConfig,
    affected,
    draw_members,
    electrode_power,
    simulate_groups,
    simulate_member,
    site_gain,
)
from eeg2fmri.simulate.recording.study import make_study, place_cap

SMALL = {
    "subjects": 6,
    "seconds": 20.0,
    "sfreq": 100.0,
    "electrodes": ("Fz", "C3", "Cz", "C4", "Pz", "O1", "O2"),
    "regions": 24,
}


def config(**changes):
    return GroupsConfig.make({**SMALL, **changes})


def alpha(eeg, rate=100.0):
    power = np.abs(np.fft.rfft(eeg, axis=1)) ** 2
    hz = np.fft.rfftfreq(eeg.shape[1], 1 / rate)
    return power[:, (hz > 6) & (hz < 13)].mean(axis=1)


def test_the_effect_is_in_its_regions_and_band_alone():
    settings = config(effect=0.5)
    study = make_study(settings.recording())
    change = affected(settings, study, "patient")
    assert not affected(settings, study, "control").any()
    posterior = study.sources.centres[:, 1] < -60
    assert set(np.round(np.unique(change[:, 0]), 6)) == {-0.5, 0.0}
    assert posterior[change[:, 0] != 0].mean() > 0.8
    assert (change[study.sources.centres[:, 1] > 30] == 0).all()


def test_a_patient_has_less_posterior_alpha_by_the_effect():
    """The same draws with and without the effect: what differs is what the lead field makes of it, not scaled away."""
    found = {}
    for effect in (0.0, 1.5):
        # alpha alone: the skirts of a beta that grows as well would fill the band
        alone = [{"group": "patient", "band": "alpha", "centre": (15, -80, 10), "weight": -1.0}]
        eeg = {"background_uv": 0.1, "sensor_noise": 0.001}
        settings = config(effect=effect, effects=alone, seconds=120.0, eeg=eeg)
        study = make_study(settings.recording())
        member = next(m for m in draw_members(settings, study) if m.group == "patient")
        found[effect] = 0.5 * np.log(alpha(simulate_member(settings, study, member)))
    projection = place_cap(study, member.subject, f"sub-{member.subject.label}").projection
    power = (projection.lead_field * projection.moment[:, 0]) ** 2
    change = affected(settings, study, "patient")[:, 0]
    expected = 0.5 * np.log(power @ np.exp(2 * change) / power.sum(axis=1))
    assert expected[5:].max() < -0.1  # O1, O2
    np.testing.assert_allclose(found[1.5] - found[0.0], expected, atol=0.15)


def test_the_truth_says_what_an_effect_makes_of_the_electrodes():
    """Power of the regions at the electrodes of a mean head, beside that of single heads with the same effect."""
    settings = config(effect=1.0, electrodes=32, subjects=8)
    study = make_study(settings.recording())
    power = electrode_power(study)
    assert power.shape == (2, 32, 24)
    change = affected(settings, study, "patient")
    mean = 0.5 * np.log((power * np.exp(2 * change.T)[:, None]).sum(-1) / power.sum(-1))
    own = []
    for member in draw_members(settings, study):
        projection = place_cap(study, member.subject, "x").projection
        lead = projection.lead_field - projection.lead_field.mean(axis=0)
        one = (lead * projection.moment.T[:, None]) ** 2
        own.append(0.5 * np.log((one * np.exp(2 * change.T)[:, None]).sum(-1) / one.sum(-1)))
    for band in (0, 1):
        assert np.corrcoef(mean[band], np.mean(own, axis=0)[band])[0, 1] > 0.8
    assert mean[0].max() < 0 < mean[1].min()  # less alpha, more beta


def test_a_control_does_not_depend_on_the_effect():
    made = []
    for effect in (0.0, 1.5):
        settings = config(effect=effect)
        study = make_study(settings.recording())
        made.append(
            simulate_member(settings, study, next(m for m in draw_members(settings, study) if m.group == "control"))
        )
    assert (made[0] == made[1]).all()


def test_site_and_age_go_with_the_group_on_request():
    wanted = config(subjects=40, site_confound=1.0, site_effect=0.4, age_confound=12)
    study = make_study(wanted.recording())
    members = draw_members(wanted, study)
    assert all((m.site == "B") == (m.group == "patient") for m in members)
    ages = {g: np.mean([m.subject.age for m in members if m.group == g]) for g in wanted.groups}
    assert 5 < ages["patient"] - ages["control"] < 19
    plain = draw_members(config(subjects=40), study)
    assert {m.site for m in plain if m.group == "patient"} == {"A", "B"}
    old, young = (np.mean([m.subject.peak[0] for m in members if m.group == g]) for g in ("patient", "control"))
    assert old < young
    gain = site_gain(wanted, study)
    assert gain[0] > gain[-1]  # Fz, O2


def test_a_data_set_is_bids_with_its_truth_and_the_same_for_the_same_seed(tmp_path):
    one, other = (simulate_groups(tmp_path / name, config(subjects=3, groups=("a", "b", "c"))) for name in "xy")
    for path in one.rglob("*"):
        if path.is_file() and path.suffix != ".npz":
            assert path.read_bytes() == (other / path.relative_to(one)).read_bytes(), path
    rows = [line.split("\t") for line in (one / "participants.tsv").read_text().splitlines()]
    assert rows[0] == ["participant_id", "group", "site", "age", "sex"]
    assert sorted(row[1] for row in rows[1:]) == ["a", "b", "c"]
    assert not list(one.rglob("*bold*"))
    assert not list(one.rglob("*events*"))
    truth = json.loads((one / "derivatives/truth/groups.json").read_text())
    assert truth["regions_affected"]["a"] == {"alpha": [], "beta": []}
    assert truth["regions_affected"]["b"]["alpha"]
    with np.load(one / "derivatives/truth/groups.npz") as arrays:
        assert arrays["change_c"].shape == (24, 2)
        assert arrays["electrode_power"].shape == (2, 7, 24)
        assert arrays["electrodes"].tolist() == list(SMALL["electrodes"])


def test_wrong_settings_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="changes nothing"):
        config(site_confound=0.5)
    with pytest.raises(ConfigError, match="not among"):
        config(effects=[{"group": "x", "band": "alpha", "centre": (0, 0, 0)}])
    with pytest.raises(ConfigError, match="reaches no region"):
        simulate_groups(tmp_path / "x", config(effects=[{"group": "patient", "band": "beta", "centre": (0, 0, 500)}]))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    with pytest.raises(InputError, match="exists already"):
        simulate_groups(tmp_path / "full", config())
