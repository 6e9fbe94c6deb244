"""From dipoles in grey matter to potentials at the electrodes: MNE's spherical head model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eeg2fmri.simulate.head.electrodes import Electrodes
from eeg2fmri.simulate.head.sources import Parcels

#: Radius of the brain relative to that of the head in MNE's four-shell sphere (brain, fluid, skull, scalp).
BRAIN_RADIUS = 0.90
#: Dipoles beyond this fraction of the brain's radius are drawn in: the brain is not a ball.
DEEPEST_TO_SURFACE = 0.985


@dataclass(frozen=True)
class Gain:
    """What unit dipoles show at the electrodes, against the recording reference.

    Attributes
    ----------
    regions : array, shape (electrode, region, 3)
        Mean over the dipoles of a region of the potential of a dipole along x, y, z of the head frame, V / (A m).
    dipoles : array, shape (electrode, dipole * 3)
        The same for every dipole.
    """

    regions: np.ndarray
    dipoles: np.ndarray


def compute_gain(electrodes: Electrodes, positions: np.ndarray, sources: Parcels) -> Gain:
    """Solve the forward problem for electrodes at `positions`.

    The four-shell sphere is MNE's (conductivities 0.33, 1.0, 0.004, 0.33 S/m). Dipoles are given in head coordinates
    with an identity transform between head and MRI: a source space in other coordinates would lose, without a word,
    the dipoles that seem to lie outside the sphere.

    Parameters
    ----------
    electrodes : Electrodes
        Names, reference, head frame and sphere.
    positions : array, shape (electrode, 3)
        Where the electrodes really are, head coordinates, m.
    sources : Parcels
        The dipoles.
    """
    import mne

    head = electrodes.mni_to_head
    points = _inside(sources.dipoles / 1000 @ head[:3, :3].T + head[:3, 3], electrodes)
    names = list(electrodes.names)
    where = dict(zip(names, positions, strict=True))
    if electrodes.reference is not None:
        names.append("reference")
        where["reference"] = electrodes.reference
    info = mne.create_info(names, 100.0, "eeg", verbose="error")
    info.set_montage(mne.channels.make_dig_montage(where, coord_frame="head"), verbose="error")
    sphere = mne.make_sphere_model(
        r0=electrodes.sphere_centre, head_radius=electrodes.sphere_radius, info=None, verbose="error"
    )
    up = np.tile([0.0, 0.0, 1.0], (len(points), 1))
    space = mne.setup_volume_source_space(pos={"rr": points, "nn": up}, verbose="error")
    identity = mne.transforms.Transform("head", "mri", np.eye(4))
    solution = mne.make_forward_solution(
        info, identity, space, sphere, meg=False, eeg=True, mindist=0.0, verbose="error"
    )
    if solution["nsource"] != len(points):
        raise RuntimeError(f"the forward model dropped {len(points) - solution['nsource']} of {len(points)} dipoles")
    gain = solution["sol"]["data"]
    gain = gain - gain.mean(axis=0) if electrodes.reference is None else gain[:-1] - gain[-1]

    count = np.bincount(sources.dipole_region)
    average = np.zeros((len(points), len(count)))
    average[np.arange(len(points)), sources.dipole_region] = 1 / count[sources.dipole_region]
    regions = np.einsum("edk,dr->erk", gain.reshape(len(gain), -1, 3), average)
    return Gain(regions=regions, dipoles=gain)


def _inside(points: np.ndarray, electrodes: Electrodes) -> np.ndarray:
    """Draw the few dipoles outside the sphere's brain radially to its rim."""
    limit = DEEPEST_TO_SURFACE * BRAIN_RADIUS * electrodes.sphere_radius
    offset = points - electrodes.sphere_centre
    distance = np.linalg.norm(offset, axis=1, keepdims=True)
    return electrodes.sphere_centre + offset * np.minimum(1, limit / distance)
