"""From the pairs of a training group to filters and maps: families are chosen, stacked and refitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.features.row_features import row_kinds
from eeg2fmri.models.recommended.choice import Candidate, Design, candidate, local_candidate
from eeg2fmri.models.recommended.columns import telling_columns
from eeg2fmri.models.recommended.config import DRIFT_S
from eeg2fmri.models.recommended.families.family import Basis, Family, basis_of, usable_families
from eeg2fmri.models.recommended.locality import Cells, make_cells, prior_deviation, voxel_positions
from eeg2fmri.models.recommended.recordings import Recordings, gather
from eeg2fmri.models.recommended.slow import slow_part
from eeg2fmri.models.recommended.stacked import Stack
from eeg2fmri.models.recommended.weigh import weighed
from eeg2fmri.models.regression.leave_out import LeaveOneOut, carried_over, clearly_better, r_of_groups
from eeg2fmri.models.regression.threads import one_thread

if TYPE_CHECKING:
    from torch.utils.data import Dataset

    from eeg2fmri.models.recommended.acquisition import Acquisition
    from eeg2fmri.models.recommended.config import RecommendedConfig

#: Voxels, spread evenly over the brain, on which penalties and weights are chosen.
CHOICE_VOXELS = 1000
#: Delays of the response that are tried, s beside those of the settings.
DELAYS_S = (2.0, 4.0, -2.0)
#: Penalty with which delays are compared.
DELAY_PENALTY = 100.0
#: What is noted of the slow part.
SLOW = {
    "told": ("slow changes are fitted too, as the EEG tells those of people who are left out",),
    "costly": (
        f"changes slower than {DRIFT_S:g} s are taken for drifts; the EEG tells those of people who are left out, but "
        "fitted too, they would cost what is told without them: to fit them, give 'fit: {drift_s: 3600}'",
    ),
    "not told": (),
}
#: Groups at most that are left out for it.
DELAY_GROUPS = 5


@dataclass(frozen=True)
class FamilyFit:
    """What was found for a family.

    Attributes
    ----------
    name : str
    penalty : float
    r : float
        Temporal r for those left out: root mean square over voxels, see `eeg2fmri.models.regression.leave_out`.
    weight : float
        In the stack; 0 where the others say it already.
    local : bool
        Whether near electrodes weigh more.
    columns : tuple of int
        Places of the columns that it reads among those of its kind; others only add noise.
    """

    name: str
    penalty: float
    r: float
    weight: float
    local: bool
    columns: tuple[int, ...]


@dataclass(frozen=True)
class FitReport:
    """What a fit chose, and on what.

    Attributes
    ----------
    families : tuple of FamilyFit
        The one with the highest r first.
    left_out : str
        What was left out in turn: ``subjects``, ``data sets``, ``recordings`` or ``blocks of time``.
    groups : int
        How many of them.
    delay_s : float
        By which the responses come later than the settings say.
    r : float
        Temporal r of the stack for those left out, mean over them and all voxels.
    notes : tuple of str
        What the user should know.
    """

    families: tuple[FamilyFit, ...]
    left_out: str
    groups: int
    delay_s: float
    r: float
    notes: tuple[str, ...] = ()

    def summary(self) -> str:
        """Say in one line what was fitted, and how well it predicts those left out; then the notes."""
        used = [family.name for family in self.families if family.weight]
        what = f"{len(used)} of {len(self.families)} families of features" if used else "no family of features"
        line = f"fitted in closed form, {what}; temporal r {self.r:.3f} in {self.left_out} left out in turn, all voxels"
        return "; ".join((f"{line} ({self.groups})", *self.notes))


class Solution(NamedTuple):
    """Weights of a fit.

    Attributes
    ----------
    filters : list of (int array, array)
        Places of columns in a window, and weights of windows (component, time, column, channel), of every family that
        has a weight.
    maps : array, shape (component, voxel)
    offset, r, error : array, shape (voxel,)
        Mean volume; see `Stacked`.
    report : FitReport
    """

    filters: list[tuple[np.ndarray, np.ndarray]]
    maps: np.ndarray
    offset: np.ndarray
    r: np.ndarray
    error: np.ndarray
    report: FitReport


@one_thread()
def fit(
    datasets: Sequence[Dataset[Any]],
    config: RecommendedConfig,
    columns: Mapping[str, slice],
    acquisition: Acquisition,
    progress: Progress = silent,
) -> Solution:
    """Fit all families to a training group.

    Penalties, the delay of the response, the prior over space and the weights of the families are chosen by what they
    predict for subjects who are left out; then everything is refitted to all of them.

    Parameters
    ----------
    datasets : sequence of Dataset of Pair
        All that is not tested.
    config : RecommendedConfig
    columns : mapping of str to slice
        Kind of row features to its places in a window.
    acquisition : Acquisition
    progress : Progress

    Raises
    ------
    InputError
        If there are no pairs, or the features are constant.
    """
    settings = config.fit
    inside = np.flatnonzero(acquisition.mask)
    recordings, left_out = gather(datasets, acquisition.subjects, inside, acquisition.tr, settings.drift_s or DRIFT_S)
    families, notes = usable_families(columns, config.responses, config.eeg_shape[0])
    cells = make_cells(voxel_positions(acquisition.mask, acquisition.affine, acquisition.space), settings.cell_mm)
    chosen = np.unique(np.linspace(0, len(inside) - 1, min(len(inside), CHOICE_VOXELS)).astype(int))
    courses = [recordings.volumes(run)[:, chosen] for run in recordings.runs]
    places = {kind: np.arange(every.start, every.stop) for kind, every in columns.items()}
    choosing = _Choosing(recordings, config, places, acquisition, _targets(recordings, courses))
    if settings.drift_s is None:
        whole = recordings.drifts_from(acquisition.tr, np.inf)
        slow = choosing.slow_part(families, whole, courses)
        notes += SLOW[slow]
        if slow == "told":
            recordings = whole
            choosing = replace(choosing, recordings=recordings, targets=_targets(recordings, courses))
    delay = choosing.delay(families)
    choosing = replace(choosing, columns=choosing.telling(families, delay, progress))
    found: list[Candidate] = []
    for number, family in enumerate(families):
        progress(f"Choosing the penalty of {family.name}", number, len(families))
        one = choosing.candidate(family, delay)
        if family.local:
            one = choosing.nearest(one, cells, cells.label[chosen], progress)
        found.append(one)
    found = weighed(found, choosing.targets)
    kept = [one for one in found if one.weight > 1e-6] or found[:1]
    if not any(one.weight for one in kept):
        notes += (
            "nothing of the EEG predicts the BOLD of those left out: the synthesised volumes are the mean volume",
        )
    stacked = Stack(recordings, kept, cells.label).fit(min(config.components, len(inside)), progress)
    if left_out == "subjects":
        left_out = acquisition.left_out
    else:
        notes += (f"one subject alone: what is chosen was chosen on its {left_out}, not on other people",)
    report = FitReport(
        families=tuple(
            FamilyFit(
                one.design.family.name,
                one.penalty,
                one.r,
                one.weight,
                one.prior is not None,
                tuple(int(k) for k in choosing.columns[kind] - columns[kind].start),
            )
            for one in sorted(found, key=lambda one: -one.r)
            for kind in [one.design.family.kind]
        ),
        left_out=left_out,
        groups=len(recordings.groups),
        delay_s=delay,
        r=float(stacked.r.mean()),
        notes=notes,
    )
    filters = [
        (choosing.columns[one.design.family.kind], filters) for one, filters in zip(kept, stacked.filters, strict=True)
    ]
    return Solution(filters, stacked.maps, recordings.mean(), stacked.r, stacked.error, report)


@dataclass(frozen=True, eq=False)
class _Choosing:
    recordings: Recordings
    config: RecommendedConfig
    columns: Mapping[str, np.ndarray]
    acquisition: Acquisition
    targets: list[np.ndarray]

    def candidate(self, family: Family, delay: float) -> Candidate:
        return candidate(self._design(family, delay), self.targets, self.config.fit.penalties)

    def _basis(self, family: Family, delay: float) -> Basis:
        n_channels, _, n_rows = self.config.eeg_shape
        clock = n_rows, self.acquisition.tr, self.acquisition.lag
        shifts = [shift + delay for shift in self.config.shifts_s]
        return basis_of(family, clock, shifts, self.config.fit.shifted, n_channels)

    def _design(self, family: Family, delay: float) -> Design:
        return Design.of(self.recordings, self.columns[family.kind], family, self._basis(family, delay))

    def slow_part(
        self, families: Sequence[Family], whole: Recordings, courses: Sequence[np.ndarray]
    ) -> Literal["told", "costly", "not told"]:
        """Say what families that see all electrodes tell of the slow part of courses (pair, voxel) by run."""
        seen = [one for one in _through_response(families) if not row_kinds()[one.kind].PRODUCTS_OF]
        views = [(self.columns[one.kind], self._basis(one, 0.0)) for one in seen]
        return slow_part(self.recordings, whole, views, courses) if views else "not told"

    def delay(self, families: Sequence[Family]) -> float:
        """Choose the delay of the response that all families together predict best with; 0 if responses are fixed."""
        if self.config.responses == "shifts":
            return 0.0
        seen = _through_response(families)
        groups = _merged(self.targets)
        best, trusted = 0.0, self._through(seen, 0.0, groups)
        for delay in DELAYS_S:
            tried = self._through(seen, delay, groups)
            if clearly_better(tried, trusted):
                best, trusted = delay, tried
        return best

    def _through(self, seen: Sequence[Family], delay: float, targets: list[np.ndarray]) -> list[np.ndarray]:
        """Give the temporal r (voxel,) of groups left out of the family that carries over best at a delay."""
        found = []
        for family in seen:
            ridge = LeaveOneOut(_merged(self._design(family, delay).groups), targets)
            predicted = ridge.predictions(DELAY_PENALTY)
            found.append(r_of_groups(predicted, targets))
        return max(found, key=carried_over)

    def telling(self, families: Sequence[Family], delay: float, progress: Progress) -> dict[str, np.ndarray]:
        """Choose the columns of each kind, by the family that sees them at all electrodes through one response."""
        kept = dict(self.columns)
        seen = [one for one in _through_response(families) if not row_kinds()[one.kind].PRODUCTS_OF]
        for number, family in enumerate(seen):
            progress(f"Choosing the columns of {family.kind.replace('_', ' ')}", number, len(seen))
            every = self.columns[family.kind]
            reading = partial(self._reading, family, delay)
            kept[family.kind] = telling_columns(reading, every, self.targets, self.config.fit.penalties)
        return kept

    def _reading(self, family: Family, delay: float, columns: np.ndarray) -> Design:
        return replace(self, columns={family.kind: columns})._design(family, delay)

    def nearest(self, plain: Candidate, cells: Cells, label: np.ndarray, progress: Progress) -> Candidate:
        """Let near electrodes weigh more where that predicts better."""
        best = plain
        places, fit = self.acquisition.electrodes, self.config.fit
        n_channels = self.config.eeg_shape[0]
        for width in fit.widths_mm:
            if width is None or places is None or np.isnan(places).any(axis=1).all():
                continue
            by_electrode = prior_deviation(places, cells.centres, width, fit.floor)
            prior = np.tile(by_electrode, len(plain.design.back) // n_channels)
            tried = local_candidate(plain, self.targets, prior, label, progress)
            best = max(best, tried, key=lambda one: one.r)
        return best


def _through_response(families: Sequence[Family]) -> list[Family]:
    """Choose families that see all electrodes, through one response each: shifted ones would make up for a delay."""
    through = [family for family in families if family.time != "lags" and family.space == "electrodes"]
    return [replace(family, time="response") for family in through]


def _merged(groups: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Merge the arrays (pair, ...) of groups into few."""
    return [np.concatenate(groups[k::DELAY_GROUPS]) for k in range(min(DELAY_GROUPS, len(groups)))]


def _targets(recordings: Recordings, courses: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Take the drifts out of courses (pair, voxel) by run, and put those of a group together."""
    clean = [(run.group, run.without_drift(y)) for run, y in zip(recordings.runs, courses, strict=True)]
    return [np.concatenate([y for of, y in clean if of == group]) for group in recordings.groups]
