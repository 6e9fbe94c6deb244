from __future__ import annotations

import numpy as np

from eeg2fmri.simulate.neural.envelopes import RATE, envelope_power
from eeg2fmri.simulate.neural.haemodynamics import (
    HISTORY_S,
    RESPONSE_S,
    convolve,
    drive,
    regional_bold,
    response,
    responses,
)


def test_response_is_glovers_and_a_delay_moves_it() -> None:
    plain = response(0.0)
    assert abs(plain.sum() - 1) < 1e-9
    peak = np.argmax(plain) / RATE
    assert 4.5 < peak < 5.5
    for delay in (-1.0, 0.7):
        np.testing.assert_allclose(np.argmax(response(delay)) / RATE, peak + delay, atol=0.11)
    assert len(plain) / RATE == RESPONSE_S < HISTORY_S


def test_an_impulse_gives_the_response_and_nothing_before_it() -> None:
    hrf = responses(np.array([0.0, 0.5]))
    impulse = np.zeros((2, 500))
    impulse[:, 100] = 1
    out = convolve(impulse, hrf)
    np.testing.assert_allclose(out[:, :100], 0, atol=1e-12)
    np.testing.assert_allclose(out[:, 100 : 100 + hrf.shape[1]], hrf, atol=1e-12)


def test_gain_is_the_standard_deviation_of_the_result() -> None:
    rng = np.random.default_rng(0)
    power = np.stack([envelope_power(np.eye(30), 8000, rng) for _ in range(2)], axis=1)
    angle = rng.uniform(0, 2 * np.pi, 30)
    neural = drive(power, np.column_stack([np.cos(angle), np.sin(angle)]))
    assert abs(neural.std() - 1) < 0.05
    gain = np.where(np.arange(30) < 15, 0.5, 2.0)
    bold = regional_bold(neural, responses(np.zeros(30)), gain)[:, 400:]
    assert abs(bold[:15].std() / 0.5 - 1) < 0.08
    assert abs(bold[15:].std() / 2.0 - 1) < 0.08


def test_drive_weighs_the_bands() -> None:
    power = np.ones((1, 2, 3))
    power[0, 0, 1], power[0, 1, 2] = 2, 2
    signal = drive(power, np.array([[-0.6, 0.8]]))[0]
    assert signal[0] == 0
    assert signal[1] < 0 < signal[2]
    np.testing.assert_allclose(signal[1] / signal[2], -0.75)
