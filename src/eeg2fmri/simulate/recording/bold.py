"""BOLD images: an anatomical baseline, regional signals sampled at slice times, and noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from eeg2fmri.simulate.config import BoldConfig
from eeg2fmri.simulate.head.anatomy import Anatomy, Grid, average, region_shares, template_voxels
from eeg2fmri.simulate.head.sources import Parcels
from eeg2fmri.simulate.head.template import Template
from eeg2fmri.simulate.recording.clock import Clock
from eeg2fmri.simulate.recording.physiology import Physiology

#: Intensity of grey matter. White matter, fluid and scalp relative to it, as in T2*-weighted echo-planar images.
GREY_INTENSITY, WHITE, FLUID, SCALP = 1000.0, 0.85, 1.3, 0.3
#: Standard deviation of the signal that sudden movements take away for some seconds, %.
SPIN = 1.0
#: Distance between the points at which template maps are averaged over a voxel, mm.
SPACING = 3.0


@dataclass(frozen=True)
class BoldSpace:
    """What does not change over a subject's BOLD recordings.

    Attributes
    ----------
    grid : Grid
        Voxels.
    baseline : array of float32, shape (x, y, z)
        Intensity without any fluctuation.
    grey, white, csf : array of float32, shape (x, y, z)
        Fraction of each voxel.
    weights : scipy.sparse.csr_array, shape (voxel, region)
        Per cent of signal in a voxel for each per cent of its regions' BOLD; voxels in C order.
    """

    grid: Grid
    baseline: np.ndarray
    grey: np.ndarray
    white: np.ndarray
    csf: np.ndarray
    weights: Any


def make_space(
    anatomy: Anatomy, grid: Grid, template: Template, sources: Parcels, rng: np.random.Generator
) -> BoldSpace:
    """Sample the subject's anatomy on its BOLD grid.

    Responsiveness differs between voxels of a region by about 20 % (vasculature).
    """
    voxels = template_voxels(anatomy, grid, template, SPACING)
    tissue = (template.grey, template.white, template.csf, template.scalp)
    grey, white, csf, scalp = (average(values, voxels, grid.shape) for values in tissue)
    sensitivity = anatomy.sensitivity(grid.points()).reshape(grid.shape).astype(np.float32)
    baseline = GREY_INTENSITY * sensitivity * (grey + WHITE * white + FLUID * csf + SCALP * scalp)
    shares = region_shares(voxels, template, sources)
    responsiveness = np.exp(rng.normal(0, 0.2, shares.shape[0])).astype(np.float32)
    weights = shares.multiply(responsiveness[:, None]).tocsr()
    return BoldSpace(grid=grid, baseline=baseline.astype(np.float32), grey=grey, white=white, csf=csf, weights=weights)


def slice_signal(space_weights: Any, shape: tuple[int, int, int], z: int, regional: np.ndarray) -> np.ndarray:
    """Signal of one slice in % of the baseline.

    Parameters
    ----------
    space_weights : scipy.sparse.csr_array, shape (voxel, region)
        See `BoldSpace`.
    shape : tuple of int
        The grid.
    z : int
        Slice.
    regional : array, shape (region, volume)
        Regional BOLD, %, at the times of this slice.

    Returns
    -------
    array of float32, shape (x, y, volume)
    """
    rows = np.arange(shape[0] * shape[1]) * shape[2] + z
    return (space_weights[rows] @ regional.astype(np.float32)).reshape(shape[0], shape[1], -1)


def at_times(times: np.ndarray, grid_times: np.ndarray, courses: np.ndarray) -> np.ndarray:
    """Linear interpolation of courses (row, time) given on `grid_times`, at `times`: (row, time)."""
    return np.stack([np.interp(times, grid_times, course) for course in courses])


@dataclass(frozen=True)
class BoldRun:
    """BOLD of one recording.

    Attributes
    ----------
    data : array of int16, shape (x, y, z, volume)
        Intensity.
    explainable : array of float32, shape (x, y, z)
        Variance over volumes of the noiseless signal over that of `data`; 0 where there is no signal.
    """

    data: np.ndarray
    explainable: np.ndarray


def simulate_bold(
    space: BoldSpace,
    regional: np.ndarray,
    physiology: Physiology,
    motion: np.ndarray | None,
    config: BoldConfig,
    clock: Clock,
    rng: np.random.Generator,
) -> BoldRun:
    """Simulate the volumes of one recording, slice by slice, each at its own times.

    intensity = |baseline * (1 + (signal + drift + heart + breath + vessels) / 100) + complex thermal noise|: the
    magnitude of complex data, hence Rician (Gudbjartsson and Patz, Magn Reson Med 34, 1995).

    Parameters
    ----------
    space : BoldSpace
        The subject.
    regional : array, shape (region, time)
        Regional BOLD, %, on ``clock.envelopes``.
    physiology : Physiology
        Heartbeat and breathing.
    motion : array, shape (volume, 6), or None
        Head movement (see `draw_motion`).
    config : BoldConfig
        Amplitudes.
    clock : Clock
        Volume and slice times.
    rng : numpy.random.Generator
        Source of the draws.
    """
    nx, ny, nz = space.grid.shape
    n_volumes = len(clock.volumes)
    noise_maps = _noise_maps(space, config, rng, spin=physiology.spin is not None)
    drift = _drift(n_volumes, rng)
    thermal = np.float32(config.thermal / 100 * np.median(space.baseline[space.grey > 0.5 * space.grey.max()]))
    moved = None if motion is None else _moved(space, motion)
    unsteady = _unsteady(config.unsteady, n_volumes)

    data = np.empty((nx, ny, nz, n_volumes), np.int16, order="F")
    explainable = np.zeros((nx, ny, nz), np.float32)
    for z in range(nz):
        times = clock.volumes + clock.slices[z]
        signal = slice_signal(space.weights, space.grid.shape, z, at_times(times, clock.envelopes, regional))
        courses = np.concatenate([_physiological(physiology, clock, times), drift]).astype(np.float32)
        noise = noise_maps[:, :, z] @ courses
        still = space.baseline[:, :, z, None]
        image = (still if moved is None else moved[:, :, z]) * (1 + (signal + noise) / 100)
        image *= unsteady
        image += thermal * rng.standard_normal(image.shape, dtype=np.float32)
        image = np.hypot(image, thermal * rng.standard_normal(image.shape, dtype=np.float32))
        data[:, :, z] = np.rint(image.clip(0, 32767))
        recorded = data[:, :, z].var(axis=-1, dtype=np.float64)
        explained = (still * signal / 100).var(axis=-1, dtype=np.float64)
        np.divide(explained, recorded, out=explainable[:, :, z], where=recorded > 0, casting="same_kind")
    np.minimum(explainable, 1, out=explainable)  # rounding to integers takes variance away as well as adding it
    return BoldRun(data=data, explainable=explainable)


def _unsteady(count: int, n_volumes: int) -> np.ndarray:
    """Factor on each of the first volumes, until spins are saturated; float32, shape (volume,)."""
    return (1 + np.where(np.arange(n_volumes) < count, 0.3 * 0.4 ** np.arange(n_volumes), 0)).astype(np.float32)


def _physiological(physiology: Physiology, clock: Clock, times: np.ndarray) -> np.ndarray:
    """Courses of unit variance or less at `times`: two harmonics of the heart, breath, vessels, movement if any."""
    heart, breath = (
        np.interp(times, clock.envelopes, physiology.heart),
        np.interp(times, clock.envelopes, physiology.breathing),
    )
    slow = [physiology.vascular] if physiology.spin is None else [physiology.vascular, physiology.spin]
    return np.stack(
        [
            np.cos(heart),
            np.sin(heart),
            0.5 * np.cos(2 * heart),
            0.5 * np.sin(2 * heart),
            np.cos(breath),
            np.sin(breath),
            *(np.interp(times, clock.envelopes, course) for course in slow),
        ]
    )


_DRIFTS = 4


def _drift(n_volumes: int, rng: np.random.Generator) -> np.ndarray:
    """Linear and slow cosine courses, unit rms, shape (drift, volume)."""
    position = (np.arange(n_volumes) + 0.5) / n_volumes
    linear = (position - 0.5) * np.sqrt(12)
    cosines = [np.sqrt(2) * np.cos(np.pi * k * position + rng.uniform(0, 2 * np.pi)) for k in range(1, _DRIFTS)]
    return np.stack([linear, *cosines])


def _noise_maps(space: BoldSpace, config: BoldConfig, rng: np.random.Generator, *, spin: bool) -> np.ndarray:
    """Amplitude, %, of each physiological and drift course in each voxel: (x, y, z, course).

    The heart shows most in fluid and around the brain stem's vessels, breath and slow vascular signals in grey
    matter (Glover et al., Magn Reson Med 44, 2000; Birn et al., NeuroImage 31, 2006).
    """
    tissue = space.grey + 0.5 * space.white
    heart = config.cardiac * (tissue + 3 * space.csf)
    breath = config.respiratory * (tissue + space.csf)
    vessels = config.vascular * (space.grey + 0.3 * space.white)
    everywhere = config.drift * (space.baseline > 0)
    points = space.grid.points()
    maps = [heart * _smooth(points, space.grid.shape, rng) for _ in range(4)]
    maps += [breath * _smooth(points, space.grid.shape, rng) for _ in range(2)]
    maps += [vessels * np.abs(1 + 0.3 * _smooth(points, space.grid.shape, rng))]
    if spin:
        maps += [-SPIN * (space.baseline > 0) * np.abs(1 + 0.3 * _smooth(points, space.grid.shape, rng))]
    maps += [everywhere * _smooth(points, space.grid.shape, rng) / np.sqrt(_DRIFTS) for _ in range(_DRIFTS)]
    return np.stack(maps, axis=-1).astype(np.float32)


def _smooth(points: np.ndarray, shape: tuple[int, int, int], rng: np.random.Generator, waves: int = 8) -> np.ndarray:
    """Smooth random map of about unit variance with structure of some 10 cm."""
    frequency = rng.normal(0, 2 * np.pi / 250, (waves, 3))
    phase = rng.uniform(0, 2 * np.pi, waves)
    return (np.cos(points @ frequency.T + phase).sum(axis=1) * np.sqrt(2 / waves)).reshape(shape)


def _moved(space: BoldSpace, motion: np.ndarray) -> np.ndarray:
    """Baseline of every volume after a rigid movement, (x, y, z, volume), by cubic splines."""
    from scipy.ndimage import affine_transform, spline_filter
    from scipy.spatial.transform import Rotation

    coefficients = spline_filter(space.baseline, order=3, output=np.float32)
    affine = space.grid.affine
    centre = affine[:3, :3] @ ((np.array(space.grid.shape) - 1) / 2) + affine[:3, 3]
    out = np.empty((*space.grid.shape, len(motion)), np.float32)
    for v, (*shift, rx, ry, rz) in enumerate(motion):
        rigid = np.eye(4)
        rigid[:3, :3] = Rotation.from_euler("xyz", (rx, ry, rz)).as_matrix()
        rigid[:3, 3] = centre + shift - rigid[:3, :3] @ centre
        # Where the head was that is now in a voxel.
        back = np.linalg.inv(affine) @ np.linalg.inv(rigid) @ affine
        out[..., v] = affine_transform(
            coefficients, back[:3, :3], back[:3, 3], order=3, prefilter=False, mode="nearest"
        )
    return out
