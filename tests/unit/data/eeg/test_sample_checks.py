"""What samples cannot be is refused, and what is odd about them is told."""

import numpy as np
import pytest

from eeg2fmri.core.random import generator
from eeg2fmri.data.eeg.sample_checks import SignalChecks

NAMES, SFREQ = ["Fz", "Cz", "Pz", "Oz", "Fp1"], 100.0


def checked(signal, block=700):
    checks = SignalChecks(NAMES, SFREQ)
    for start in range(0, signal.shape[1], block):
        checks.update(signal[:, start : start + block], start)
    return checks


@pytest.fixture
def sound():
    return np.round(generator(0, "checks").standard_normal((5, 4000)) * 200) * 1e-7  # 0.1 uV a step, as amplifiers give


def test_sound_samples_are_not_told_of(sound):
    assert checked(sound).problems("a") == []
    assert checked(sound).notes() == []
    drifting = sound + np.linspace(0, 0.05, 4000)  # DC amplifiers
    assert checked(drifting).problems("a") == []


@pytest.mark.parametrize("value", [1e30, -1e300, 2.0, 1e155])
def test_a_sample_that_no_amplifier_gives_is_refused(sound, value):
    sound[2, 1234] = value
    (problem,) = checked(sound).problems("a")
    assert "no amplifier" in problem.what
    assert problem.got == "Pz"


def test_one_loud_electrode_is_told(sound):
    sound[3] = 0.2 * np.sin(np.arange(4000) / 7)
    assert checked(sound).problems("a") == []
    (note,) = checked(sound).notes()
    assert "as loud as the others" in note
    assert "Oz 1.41e+05 uV" in note


@pytest.mark.parametrize("value", [0.0, 3e-5])
def test_half_a_recording_of_one_value_is_told(sound, value):
    sound[:, 2000:] = value
    (note,) = checked(sound).notes()
    assert "hold one value" in note
    assert all(f"{name} 50%" in note or f"{name} 49%" in note for name in NAMES)


def test_samples_at_the_limit_are_told(sound):
    sound[1] = np.clip(sound[1] * 100, -32768e-8, 32767e-8)
    notes = checked(sound).notes()
    assert any("limit of their converter" in note and "Cz" in note and "Fz" not in note for note in notes)


def test_tones_and_coarse_steps_are_not_at_a_limit(sound):
    sound[0] = 2e-5 * np.sin(2 * np.pi * 10 * np.arange(4000) / SFREQ)
    sound[1] = np.round(sound[1] / 2e-6) * 2e-6
    assert checked(sound).notes() == []
