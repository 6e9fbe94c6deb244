"""Fit a group's synthesiser to one person: gain, maps and weights, each only as far as minutes left out confirm it.

What the person's volumes have beyond the group's prediction is fitted by two ridge regressions, on the courses of the
group's components (their maps change) and on the features themselves (responses and electrodes change). A ridge on what
is left shrinks towards the group's weights, which are its prior mean. The three parts are stacked with non-negative
weights by what they predict of blocks of time that were left out; a part without evidence there has no weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.recommended.config import DRIFT_S
from eeg2fmri.models.recommended.families.family import Basis
from eeg2fmri.models.recommended.haemodynamic import row_responses
from eeg2fmri.models.recommended.model import Recommended
from eeg2fmri.models.recommended.recordings import SHORTEST, Recordings, blocks_of, runs_of
from eeg2fmri.models.recommended.stacked import GAINS
from eeg2fmri.models.regression.leave_out import LeaveOneOut, clearly_better, r_of_groups, where_others_respond
from eeg2fmri.models.regression.stack import stacking_moments
from eeg2fmri.models.regression.threads import one_thread

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from eeg2fmri.models.recommended.acquisition import Acquisition

#: Components that are added for what the person's electrodes say beyond the group's.
EXTRA_COMPONENTS = 8
#: Prior standard deviation, over people, of the gain about 1 and of what is taken of a correction about 0.
PRIOR_DEVIATION = 0.5


@dataclass(frozen=True)
class PersonalReport:
    """What of a group's model was changed for a person.

    Attributes
    ----------
    gain : float
        By which the group's prediction is multiplied.
    maps, weights : float
        How much of the regressions on components and on features is taken, 0 where they say nothing.
    pairs, blocks : int
        Pairs that it was fitted to, and blocks of time that were left out in turn.
    r_frozen, r : float
        Temporal r in blocks left out, mean over them and voxels: of the group's model, and of this one.
    """

    gain: float
    maps: float
    weights: float
    pairs: int
    blocks: int
    r_frozen: float
    r: float

    def summary(self) -> str:
        """Say in one line what was changed, and how it predicts blocks that were left out."""
        taken = [name for name, weight in (("maps", self.maps), ("weights", self.weights)) if weight]
        what = " and ".join(["gain", *taken])
        return (
            f"fitted to {self.pairs} volumes of the person: {what} changed; temporal r {self.r:.3f} in {self.blocks} "
            f"blocks of time left out in turn, {self.r_frozen:.3f} without"
        )


@one_thread()
def fit_to_person(
    model: Recommended, dataset: Dataset[Any], acquisition: Acquisition
) -> tuple[Recommended, PersonalReport]:
    """Make a model of a person around a group's.

    Parameters
    ----------
    model : Recommended
        Of the group, fitted; it is not changed.
    dataset : Dataset of Pair
        Of the person; pairs of a recording follow each other in the order of time.
    acquisition : Acquisition
        Of the person.

    Returns
    -------
    model : Recommended
        With up to `EXTRA_COMPONENTS` components more.
    report : PersonalReport

    Raises
    ------
    InputError
        If the group's model was never fitted, or there are too few pairs.
    """
    if not bool(model.fitted):
        raise InputError("the model of the group was never fitted", hint="train it first")
    person = _Person.of(model, dataset, acquisition)
    parts = [person.frozen, *(ridge.unseen for ridge in person.ridges)]
    shares = _shares(parts, person.volumes)
    made = _with_ridges(model, person, shares)
    unseen = [
        np.sum([share * part[k] for share, part in zip(shares, parts, strict=True)], axis=0)
        for k in range(len(person.volumes))
    ]
    r, r_frozen = (np.mean(r_of_groups(predicted, person.volumes), axis=0) for predicted in (unseen, person.frozen))
    error = np.mean([np.abs(p - y).mean(axis=0) for p, y in zip(unseen, person.volumes, strict=True)], axis=0)
    with torch.no_grad():
        for buffer, values in ((made.left_out_r, r), (made.error_scale, error.clip(1e-3))):
            buffer[torch.from_numpy(acquisition.mask)] = torch.from_numpy(values).float()
    gain, maps, weights = (float(share) for share in shares)
    n_pairs = sum(map(len, person.volumes))
    report = PersonalReport(gain, maps, weights, n_pairs, len(person.volumes), float(r_frozen.mean()), float(r.mean()))
    return made, report


@dataclass(frozen=True, eq=False)
class _Ridge:
    """What a regression of the rest on some features predicts of each block, and its weights (feature, voxel)."""

    unseen: list[np.ndarray]
    weights: np.ndarray

    @classmethod
    def of(cls, features: Sequence[np.ndarray], rest: Sequence[np.ndarray]) -> _Ridge:
        ridge = LeaveOneOut(features, rest)
        penalty = ridge.choose().penalty
        return cls(ridge.predictions(penalty), ridge.weights(penalty))


@dataclass(frozen=True, eq=False)
class _Person:
    """Blocks of time of a person, drifts removed, and the two regressions of what the group's model leaves."""

    mask: np.ndarray
    volumes: list[np.ndarray]
    frozen: list[np.ndarray]
    ridges: tuple[_Ridge, _Ridge]
    features: np.ndarray
    basis: Basis
    scale: np.ndarray
    mean: np.ndarray

    @classmethod
    def of(cls, model: Recommended, dataset: Dataset[Any], acquisition: Acquisition) -> _Person:
        inside = np.flatnonzero(acquisition.mask)
        runs = runs_of([dataset], acquisition.subjects, acquisition.tr, DRIFT_S)
        blocks = [
            block
            for run in runs
            for block in (blocks_of(run, acquisition.tr, DRIFT_S) if len(run.pairs) >= 2 * SHORTEST else [run])
        ]
        if len(blocks) < 2:
            raise InputError("there is nothing to leave out of so few minutes", got=f"{len(runs[0].pairs)} volumes")
        raw = [Recordings([block], inside).volumes(block) for block in blocks]
        volumes = [block.without_drift(y) for block, y in zip(blocks, raw, strict=True)]
        courses = [block.without_drift(_courses(model, block.rows)) for block in blocks]
        maps = model.maps.detach().flatten(1)[:, inside].numpy()
        frozen = [z @ maps for z in courses]
        rest = [y - p for y, p in zip(volumes, frozen, strict=True)]
        basis = _basis(model, acquisition)
        features = [block.without_drift(basis.features(block.rows)) for block in blocks]
        size = np.sqrt(np.mean([np.mean(x**2, axis=0) for x in features], axis=0))
        scale = np.divide(1, size, out=np.zeros_like(size), where=size > 1e-6 * max(float(size.max()), 1e-12))
        features = [x * scale for x in features]
        ridges = _Ridge.of(courses, rest), _Ridge.of(features, rest)
        mean = np.concatenate(raw).mean(axis=0)
        return cls(acquisition.mask, volumes, frozen, ridges, np.concatenate(features), basis, scale, mean)


def _courses(model: Recommended, rows: np.ndarray) -> np.ndarray:
    """Give the courses of the components (pair, component) for rows (row, channel, column)."""
    windows = np.lib.stride_tricks.sliding_window_view(rows, model.config.eeg_shape[2], axis=0)
    with torch.no_grad():
        return model.courses(torch.from_numpy(windows.copy())).numpy()


def _basis(model: Recommended, acquisition: Acquisition) -> Basis:
    """See every feature through the responses, later and earlier ones too."""
    config = model.config
    time = row_responses(config.eeg_shape[2], acquisition.tr, acquisition.lag, config.shifts_s)
    return Basis(time, np.eye(config.eeg_shape[0]), np.ones(len(time)))


def _shares(parts: Sequence[Sequence[np.ndarray]], volumes: Sequence[np.ndarray]) -> np.ndarray:
    """Weigh the group's prediction and the two corrections: as stacked, drawn towards 1, 0 and 0 by their errors.

    A correction counts that tells something of blocks left out by more than three standard errors, as minutes of one
    recording are alike, and at most as a whole. The errors are the jackknife's over blocks. Voxels count by what
    carries over from the other blocks.
    """
    rest = [y - p for y, p in zip(volumes, parts[0], strict=True)]
    r = [r_of_groups(one, y) for one, y in zip(parts, (volumes, rest, rest), strict=True)]
    nothing = [np.zeros_like(one) for one in r[0]]
    kept = [True, *(clearly_better(one, nothing, errors=3.0) for one in r[1:])]
    used = [part for part, keep in zip(parts, kept, strict=True) if keep]
    voxels = np.sum([where_others_respond(one) for one, keep in zip(r, kept, strict=True) if keep], axis=0)
    moments = [
        stacking_moments([part[k] for part in used], y, weight if weight.any() else 1.0)
        for k, (y, weight) in enumerate(zip(volumes, voxels, strict=True))
    ]
    total = np.sum(moments, axis=0)
    found, *each = (np.linalg.lstsq(m[:, :-1], m[:, -1])[0] for m in (total, *(total - own for own in moments)))
    without = np.array(each)
    n = len(volumes)
    error = (n - 1) / n * np.sum((without - without.mean(axis=0)) ** 2, axis=0)
    prior = np.array([1.0, *(0.0 for _ in used[1:])])
    drawn = prior + (found - prior) * PRIOR_DEVIATION**2 / (PRIOR_DEVIATION**2 + error)
    shares = np.zeros(len(parts))
    # where a person's minutes speak against the group's prediction its size shrinks, its pattern stays
    shares[kept] = drawn.clip(min=[GAINS[0], *(0.0 for _ in used[1:])], max=[np.inf, *(1.0 for _ in used[1:])])
    return shares


def _with_ridges(model: Recommended, person: _Person, shares: np.ndarray) -> Recommended:
    """Put gain and maps into a copy of the group's model, and the weights into components of their own."""
    on_courses, on_features = (share * ridge.weights for share, ridge in zip(shares[1:], person.ridges, strict=True))
    extra = min(EXTRA_COMPONENTS, len(person.features), int(person.mask.sum())) if shares[2] else 0
    config = model.config.model_copy(update={"components": model.config.components + extra})
    made = Recommended(config).eval()
    inside = torch.from_numpy(person.mask)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if name not in ("filters", "maps"):
                getattr(made, name).copy_(value)
        n = model.config.components
        made.filters.zero_()
        made.maps.zero_()
        made.filters[:n] = model.filters
        made.maps[:n] = float(shares[0]) * model.maps
        made.maps[:n, inside] += torch.from_numpy(np.asarray(on_courses)).float()
        made.offset[inside] = torch.from_numpy(person.mean).float()
        if extra:
            _, _, right = np.linalg.svd(person.features @ on_features, full_matrices=False)
            directions = right[:extra]
            weights = (person.scale[:, None] * on_features @ directions.T).T
            over_time = np.linalg.pinv(made.responses.detach().numpy())
            filters = np.einsum("atkc,tm->amkc", person.basis.filters(weights), over_time)
            made.filters[n:] = torch.from_numpy(filters).float()
            made.maps[n:, inside] = torch.from_numpy(directions).float()
    return made
