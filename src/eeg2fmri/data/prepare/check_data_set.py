"""Check what all recordings of a store must have in common: electrodes, TR, grid, frequencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from eeg2fmri.core.errors import InputError, Problem, first_of
from eeg2fmri.data.bold.headers import load_nifti, orientation, orientation_problem
from eeg2fmri.data.bold.regrid import Grid, regrid_affine
from eeg2fmri.data.bold.spaces import common, same_places, space_problem
from eeg2fmri.data.bold.target_grid import Atlas, Target
from eeg2fmri.data.eeg.electrodes.channel_names import channel_problems
from eeg2fmri.data.features.rates import frequency_problems
from eeg2fmri.data.features.spectrogram import bin_frequencies, checked_bins, default_bins, window_samples
from eeg2fmri.data.prepare.check_recording import Plan
from eeg2fmri.data.settings.prepare import PrepareConfig

Value = TypeVar("Value")
#: Frequency (Hz) above which EEG is rarely looked at.
HIGHEST_USUAL_HZ = 200.0


@dataclass(frozen=True, eq=False)
class Common:
    """Facts that hold for every recording of a store.

    Attributes
    ----------
    electrodes : tuple of str
    frequencies : array, shape (freq,)
        Hz.
    tr : float
        s.
    sfreq : float
        Lowest sampling rate of the recordings, Hz, at which all magnitudes are given.
    grid : (int, int, int)
        Of the stored volumes.
    target : Target
        The grid, and the places or regions that its voxels are where these are the same for all recordings.
    space : str
    notes : dict of str to tuple of str
        What the user should know, by recording id.
    """

    electrodes: tuple[str, ...]
    frequencies: np.ndarray
    tr: float
    sfreq: float
    grid: Grid
    target: Target
    space: str
    notes: dict[str, tuple[str, ...]]


def agree(plans: Sequence[Plan], config: PrepareConfig, root: Path = Path()) -> Common:
    """Settle the common facts.

    Parameters
    ----------
    plans : sequence of Plan
        The recordings.
    config : PrepareConfig
        Settings.
    root : Path
        Folder that relative paths in the settings (`like`, `atlas`) are below, where they do not exist by themselves.

    Raises
    ------
    InputError
        With everything in which the recordings differ and may not.
    """
    problems: list[Problem] = []
    notes: dict[str, list[str]] = {plan.files.id: [] for plan in plans}
    electrodes = _electrodes(plans, config, problems, notes)
    tr = _most_common([plan.tr for plan in plans])
    problems += [
        Problem(
            "the TR differs from that of the other recordings",
            str(plan.files.bold),
            f"{plan.tr:g} s",
            f"{tr:g} s",
            "prepare recordings of different TR as stores of their own",
        )
        for plan in plans
        if abs(plan.tr - tr) > 1e-6
    ]
    try:
        target = _target(plans, config, root, problems, notes)
    except InputError as error:
        problems += error.problems
    frequencies = _frequencies([plan for plan in plans if abs(plan.tr - tr) <= 1e-6], tr, config, problems, notes)
    space = _space(plans, problems)
    if problems:
        raise InputError.of(problems)
    return Common(
        electrodes=electrodes,
        frequencies=frequencies,
        tr=tr,
        sfreq=min(plan.sfreq for plan in plans),
        grid=target.grid,
        target=target,
        space=space,
        notes={name: tuple(told) for name, told in notes.items()},
    )


def _electrodes(
    plans: Sequence[Plan], config: PrepareConfig, problems: list[Problem], notes: dict[str, list[str]]
) -> tuple[str, ...]:
    everywhere = {name for plan in plans for name in plan.electrodes}
    unknown = [name for name in config.exclude if name not in everywhere]
    problems += [
        Problem("'exclude' names an electrode that no recording has", "exclude", name, ", ".join(sorted(everywhere)))
        for name in unknown
    ]
    kept = {plan.files.id: [name for name in plan.electrodes if name not in config.exclude] for plan in plans}
    reference = _reference(list(kept.values()))
    if config.channels == "intersection":
        common = [name for name in reference if all(name in names for names in kept.values())]
        if not common:
            problems.append(
                Problem(
                    "the recordings have no electrode in common",
                    got="; ".join(f"{name}: {', '.join(names[:6])}" for name, names in list(kept.items())[:4]),
                    hint="electrodes are compared by name: rename the channels",
                )
            )
        for name, names in kept.items():
            left_out = [electrode for electrode in names if electrode not in common]
            if left_out:
                shown = ", ".join(_with_spelling(electrode, everywhere) for electrode in left_out)
                notes[name].append(f"electrodes that not all recordings have, left out: {shown}")
    else:
        common = reference
        for plan in plans:
            names = kept[plan.files.id]
            problems += channel_problems(reference, names, str(plan.files.eeg))
            more = [electrode for electrode in names if electrode not in reference]
            if more and all(electrode in names for electrode in reference):
                problems.append(
                    Problem(
                        "there are electrodes that the other recordings do not have",
                        str(plan.files.eeg),
                        ", ".join(more),
                        f"the {len(reference)} electrodes of the other recordings",
                        "leave them out with 'exclude', or keep what all have with channels: intersection",
                    )
                )
    for plan in plans:
        order = [electrode for electrode in plan.electrodes if electrode in common]
        if order != common:
            first = next((pair for pair in zip(order, common, strict=False) if pair[0] != pair[1]), ("", ""))
            notes[plan.files.id].append(
                f"electrodes reordered by name: the file has {first[0]!r} where the store has {first[1]!r}"
            )
    return tuple(common)


def _with_spelling(name: str, everywhere: set[str]) -> str:
    others = sorted(other for other in everywhere if other != name and other.casefold() == name.casefold())
    return f"{name} (elsewhere {', '.join(others)})" if others else name


def _reference(names: list[list[str]]) -> list[str]:
    """Give the electrodes that most recordings have, in the order of the first of these recordings."""
    counted = Counter(frozenset(each) for each in names)
    most = max(counted.values())
    return next(each for each in names if counted[frozenset(each)] == most)


def _target(
    plans: Sequence[Plan], config: PrepareConfig, root: Path, problems: list[Problem], notes: dict[str, list[str]]
) -> Target:
    if any(plan.bold.elements for plan in plans):
        return _elements(plans, config, problems)
    if config.bold.atlas is not None:
        atlas = Atlas.open(_beside(root, config.bold.atlas))
        problem = space_problem(atlas.path, atlas.image, plans[0].space, "the atlas")
        problems += [problem] if problem is not None else []
        for plan in plans:
            notes[plan.files.id] += atlas.notes
        return Target((len(atlas.numbers), 1, 1), atlas=atlas, sources=(atlas.path,))
    if config.bold.resample == "world":
        sources: tuple[Path, ...] = ()
        if config.bold.like is not None:
            path = _beside(root, config.bold.like)
            sources = (path,)
            told: list[str] = []
            image = load_nifti(path, told)
            problem = space_problem(path, image, plans[0].space, "the image of 'like'")
            problems += [problem] if problem is not None else []
            notes[plans[0].files.id] += told
            shape, affine = (*image.shape, 1, 1, 1)[:3], np.asarray(image.affine, float)
            if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
                raise InputError("the affine of the image is not valid", where=str(path))
        else:
            shape, affine = plans[0].bold.shape, plans[0].bold.affine
        first: Grid = (int(shape[0]), int(shape[1]), int(shape[2]))
        grid = config.grid or first
        for plan in plans:
            if plan.bold.shape != grid or not np.allclose(plan.bold.affine, affine):
                notes[plan.files.id].append(f"volumes sampled at the places of {config.bold.like or plans[0].files.id}")
        return Target(grid, regrid_affine(affine, first, grid), sources=sources)
    if common(plans[0].space):
        return _common_space(plans, config, problems, notes)
    directions = _most_common([orientation(plan.bold.affine) for plan in plans])
    found = (orientation_problem(plan.files.bold, plan.bold.affine, directions) for plan in plans)
    grid = _grid(plans, config, problems, notes)
    problems += [problem for problem in found if problem is not None]
    return Target(grid)


def _elements(plans: Sequence[Plan], config: PrepareConfig, problems: list[Problem]) -> Target:
    """Settle that all recordings have the same grayordinates, parcels or vertices."""
    first = next(plan.bold.elements for plan in plans if plan.bold.elements)
    world = True if config.bold.resample == "world" else None
    asked = (("grid", config.grid), ("bold: {atlas}", config.bold.atlas), ("bold: {resample: world}", world))
    problems += [
        Problem(f"'{name}' is for volumes", got=first.what, hint="leave it out")
        for name, value in asked
        if value is not None
    ]
    for plan in plans:
        try:
            first.refuse_other(plan.bold.elements, plan.files.bold)
        except InputError as error:
            problems += error.problems
    return Target((len(first), 1, 1), elements=first)


def _space(plans: Sequence[Plan], problems: list[Problem]) -> str:
    """Name the space of all recordings."""
    named: dict[str, list[str]] = {}
    for plan in plans:
        named.setdefault(plan.space, []).append(plan.files.id)
    if len(named) > 1:
        problems.append(
            Problem(
                "the recordings are in different spaces",
                got="; ".join(f"{space}: {first_of(ids, 3)}" for space, ids in named.items()),
                expected="one space",
                hint="prepare each as a store of its own, or choose one, for example with bold: {derivatives: "
                "derivatives/fmriprep, space: ...}",
            )
        )
    return plans[0].space


def _common_space(
    plans: Sequence[Plan], config: PrepareConfig, problems: list[Problem], notes: dict[str, list[str]]
) -> Target:
    """Settle the voxels of recordings in one named space: those that lie elsewhere are sampled at the usual places."""
    voxels = [(plan.bold.shape, tuple(np.round(plan.bold.affine, 3).ravel())) for plan in plans]
    first = plans[voxels.index(_most_common(voxels))]
    grid = config.grid or first.bold.shape
    affine = regrid_affine(first.bold.affine, first.bold.shape, grid)
    others = [
        plan for plan in plans if not same_places(regrid_affine(plan.bold.affine, plan.bold.shape, grid), affine, grid)
    ]
    if not others:
        return Target(_grid(plans, config, problems, notes))
    for plan in others:
        notes[plan.files.id].append(
            f"volumes of another field of view in {plan.space}: sampled at the places of {first.files.id}"
        )
    return Target(grid, affine)


def _beside(root: Path, name: str) -> Path:
    return Path(name) if Path(name).exists() else root / name


def _grid(plans: Sequence[Plan], config: PrepareConfig, problems: list[Problem], notes: dict[str, list[str]]) -> Grid:
    grids = Counter(plan.bold.shape for plan in plans)
    usual = _most_common([plan.bold.shape for plan in plans])
    if config.grid is not None:
        for plan in plans:
            if plan.bold.shape != config.grid:
                notes[plan.files.id].append(f"volumes brought from {_by(plan.bold.shape)} to {_by(config.grid)} voxels")
        return config.grid
    if len(grids) > 1:
        problems.append(
            Problem(
                "the recordings have different grids",
                got="; ".join(
                    f"{_by(shape)}: {', '.join(plan.files.id for plan in plans if plan.bold.shape == shape)}"
                    for shape in grids
                ),
                hint=f"set the grid to bring them to, for example grid: [{', '.join(map(str, usual))}]",
            )
        )
    return usual


def _frequencies(
    plans: Sequence[Plan], tr: float, config: PrepareConfig, problems: list[Problem], notes: dict[str, list[str]]
) -> np.ndarray:
    windows = [(window_samples(tr, plan.sfreq), plan) for plan in plans]
    n_bins = config.n_bins or min(default_bins(n_samples) for n_samples, _ in windows)
    n_samples, first = windows[0]
    try:
        checked_bins(n_samples, first.sfreq, n_bins, str(first.files.eeg))
    except InputError as error:
        problems += error.problems
        return np.array([])
    frequencies = bin_frequencies(n_samples, first.sfreq, n_bins)
    if config.n_bins is None and frequencies[-1] > HIGHEST_USUAL_HZ:
        for _, plan in windows:
            notes[plan.files.id].append(
                f"{n_bins} frequencies up to {frequencies[-1]:.0f} Hz are kept, those below a quarter of the sampling "
                "rate: eeg: {clean: {resample: 250}} keeps those of EEG, or set n_bins"
            )
    for _, plan in windows[1:]:
        problems += frequency_problems(frequencies, tr, plan.sfreq, str(plan.files.eeg))
    return frequencies


def _most_common(values: list[Value]) -> Value:
    return Counter(values).most_common(1)[0][0]


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
