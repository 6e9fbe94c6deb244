from __future__ import annotations

from dataclasses import replace

import numpy as np

from eeg2fmri.simulate.head.electrodes import place_electrodes
from eeg2fmri.simulate.head.forward import compute_gain
from eeg2fmri.simulate.head.sources import parcels

NAMES = ("Oz", "Fz", "C3", "C4", "Pz")


def test_every_dipole_reaches_the_electrodes_in_plausible_strength() -> None:
    """A dipole of 10 nA m in cortex gives some tenths of a microvolt to a few (Nunez and Srinivasan 2006)."""
    electrodes, sources = place_electrodes(NAMES, "FCz"), parcels(12)
    gain = compute_gain(electrodes, electrodes.positions, sources)
    assert gain.dipoles.shape == (5, 3 * len(sources.dipoles))
    strongest = np.abs(gain.dipoles).max(axis=0) * 10e-9 * 1e6
    assert 0.1 < np.median(strongest) < 2


def test_regions_average_their_dipoles() -> None:
    electrodes, sources = place_electrodes(NAMES, "FCz"), parcels(12)
    gain = compute_gain(electrodes, electrodes.positions, sources)
    members = sources.dipole_region == 5
    expected = gain.dipoles.reshape(5, -1, 3)[:, members].mean(axis=1)
    np.testing.assert_allclose(gain.regions[:, 5], expected)


def test_average_reference_sums_to_zero_and_differs_by_a_constant() -> None:
    common, sources = place_electrodes(NAMES, "FCz"), parcels(12)
    average = replace(common, reference=None)
    to_fcz = compute_gain(common, common.positions, sources).regions
    to_mean = compute_gain(average, average.positions, sources).regions
    np.testing.assert_allclose(to_mean.sum(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(to_fcz - to_fcz.mean(axis=0), to_mean, atol=1e-9)


def test_a_radial_dipole_is_strongest_above_itself() -> None:
    electrodes, sources = place_electrodes(NAMES, "FCz"), parcels(60)
    regions = compute_gain(electrodes, electrodes.positions, sources).regions
    centre = sources.centres
    for name, place in (("C3", (-45, -20, 50)), ("C4", (45, -20, 50)), ("Oz", (0, -95, 5))):
        region = np.argmin(((centre - place) ** 2).sum(axis=1))
        potential = regions[:, region] @ (centre[region] / np.linalg.norm(centre[region]))
        assert NAMES[np.argmax(potential)] == name
