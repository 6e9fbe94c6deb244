"""The truth of a simulated data set beside the store that was made of it: checked to belong to it, then looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from eeg2fmri.core.disk.digest import CONTENT, content_digest
from eeg2fmri.core.errors import InputError, Problem
from eeg2fmri.data.bold.regrid import regrid
from eeg2fmri.data.eeg.read import read_raw
from eeg2fmri.data.store.format import read_manifest
from eeg2fmri.data.store.store import Store
from eeg2fmri.evaluate.inputs.atlas import Atlas
from eeg2fmri.evaluate.truth.oracle import Rhythm, source_power
from eeg2fmri.evaluate.truth.parts import LeftOut
from eeg2fmri.simulate.head.sources import parcels
from eeg2fmri.simulate.neural.envelopes import DEPTH, RATE
from eeg2fmri.simulate.neural.haemodynamics import drive, expected_std, regional_bold, response
from eeg2fmri.simulate.recording.subject import draw_group
from eeg2fmri.simulate.write.fmriprep import FOLDER as FMRIPREP
from eeg2fmri.simulate.write.truth import RecordingTruth, Truth
from eeg2fmri.simulate.write.truth_files import COMMON_ATLAS, FOLDER

#: Largest median relative difference between the mean of the recorded volumes and the true baseline. It is .001 for a
#: recording of 300 volumes, .005 for one of 40, and .11 to .17 for the heads of two subjects.
SAME_HEAD = 0.03


@dataclass(frozen=True, eq=False)
class KnownTruth:
    """The truth of recordings of a store.

    Attributes
    ----------
    root : Path
        BIDS folder of the simulated data set.
    truth : Truth
    store : Store
    """

    root: Path
    truth: Truth
    store: Store

    @classmethod
    def open(cls, root: str | Path, store: Store, names: Sequence[str]) -> Self:
        """Open the truth, and check that the store was made of this very data set.

        Parameters
        ----------
        root : path
            BIDS folder that `eeg2fmri simulate` wrote.
        store : Store
        names : sequence of str
            Recordings whose truth is asked for.

        Raises
        ------
        InputError
            If there is no truth, or it is of other recordings, files or heads than those of the store: every
            difference is named.
        """
        truth = Truth.open(root)
        known = cls(Path(root), truth, store)
        problems = known._settings()
        if not problems:
            problems = [problem for name in names for problem in known._problems(name)]
        if problems:
            raise InputError.of(problems)
        return known

    @property
    def drawn_coupled(self) -> np.ndarray:
        """Regions that would follow the EEG if the coupling were not 0: bool (region,)."""
        return draw_group(self.truth.config, parcels(self.truth.config.regions)).coupled

    @property
    def undecodable(self) -> str:
        """Why there is no EEG ceiling; empty where there is one."""
        world = self.truth.world
        if world.linear:
            return ""
        return f"No EEG ceiling: BOLD follows {world.follows}, and the oracle decoder knows weighted sums of powers."

    def noiseless(self, name: str) -> np.ndarray:
        """Give the BOLD without noise, drifts and movement: (volume, x, y, z), BOLD units, float32."""
        return self._cut(name, self._recording(name).noiseless_bold())

    def decoded(self, name: str) -> np.ndarray:
        """Give what the oracle decoder makes of the EEG: (volume, x, y, z), BOLD units, float32.

        The powers that `source_power` estimates are weighted with the subject's true coupling weights and pass through
        the true response of each region; a region that does not follow the EEG stays constant. EEG at every time
        counts, the target's own and later ones too.
        """
        one, config = self._recording(name), self.truth.config
        eeg, sfreq = self._eeg(one)
        power = np.stack(
            [source_power(eeg, sfreq, one.lead_field, rhythm, RATE) for rhythm in rhythms(self.truth, one.moment)],
            axis=1,
        )
        centres = one.clock.first_sample + (np.arange(power.shape[2]) + 0.5) / RATE
        # where there is no EEG, the best guess of the power is its mean
        estimate = np.array(
            [[1 + np.interp(one.times, centres, course, left=0, right=0) for course in region] for region in power]
        )
        follows = config.coupling * self.truth.coupled[:, None]
        regional = regional_bold(follows * drive(estimate[self.truth.source], one.weights), one.hrf, one.gain)
        return self._cut(name, one.bold_of(regional))

    def atlas(self, name: str) -> np.ndarray:
        """Give 1 + region of each voxel of the store's grid, 0 outside grey matter: int (x, y, z)."""
        facts = self.store.recordings[self.store.index(name)]
        one = self._recording(name)
        path = self.truth.path / COMMON_ATLAS if self.common else one.subject_folder / "atlas.nii.gz"
        return Atlas.open(path).on(self.store.grid, facts.affine).values

    def _eeg(self, one: RecordingTruth) -> tuple[np.ndarray, float]:
        path = next(iter(sorted(self.root.rglob(f"{one.id}_eeg.vhdr"))))
        raw = read_raw(path)
        return raw.get_data(picks=list(one.electrodes)).astype(np.float32), float(raw.info["sfreq"])

    def _recording(self, name: str) -> RecordingTruth:
        """Truth of a recording, or of that of which `name` is a block."""
        return self.truth.recording(self.store.origin(name)[0])

    @property
    def common(self) -> bool:
        """Whether the store is of the derivatives in common space."""
        return self.store.config.bold.derivatives is not None

    def _cut(self, name: str, volumes: np.ndarray) -> np.ndarray:
        """Take the volumes of a block, and bring them to the grid of the store."""
        first = self.store.origin(name)[1]
        volumes = volumes[first : first + self.store.recordings[self.store.index(name)].n_volumes]
        if self.common:
            one = self._recording(name)
            volumes = np.stack([one.to_common(volume) for volume in volumes])
        if volumes.shape[1:] == tuple(self.store.grid):
            return volumes
        out = np.empty((len(volumes), *self.store.grid), np.float32)
        for moved, volume in zip(out, volumes, strict=True):
            moved[:] = regrid(volume, self.store.grid)
        return out

    def _settings(self) -> list[Problem]:
        """Name what in the settings of the store keeps truth and volumes apart."""
        bold, config, where = self.store.config.bold, self.truth.config, str(self.truth.path)
        problems = []
        simulated = config.derivatives == "fmriprep" and bold.derivatives == str(FMRIPREP)
        if bold.atlas is not None or not (bold.derivatives is None or simulated) or bold.resample != "dct":
            problems.append(
                Problem(
                    "the truth cannot be brought to the volumes of this store",
                    str(self.store.path),
                    f"bold: {bold.model_dump(exclude_defaults=True)}",
                    "a store of the recordings' own volumes, or of the derivatives that were simulated (any grid)",
                    "prepare the simulated data set without these settings",
                )
            )
        if not np.isclose(config.tr, self.store.tr):
            problems.append(
                Problem("the truth has another TR than the store", where, f"{config.tr:g} s", f"{self.store.tr:g} s")
            )
        group = draw_group(config, parcels(config.regions))
        if not np.allclose(group.weights, self.truth.weights):
            problems.append(
                Problem(
                    "the truth is damaged: its settings and its coupling weights do not belong together",
                    where,
                    hint="simulate the data set again",
                )
            )
        return problems

    def _problems(self, name: str) -> list[Problem]:
        """Name what tells that the truth is not that of a recording of the store."""
        store, hint = self.store, "give the BIDS folder that the store was prepared from"
        whole, first = store.origin(name)
        where = f"{self.truth.path}: {whole}"
        if whole not in self.truth.recordings:
            ids = ", ".join(self.truth.recordings[:10])
            return [Problem("the truth holds no such recording", str(self.truth.path), whole, f"one of {ids}", hint)]
        problems = []
        facts, one = store.recordings[store.index(name)], self.truth.recording(whole)
        known, wanted = len(one.clock.volumes), first + facts.n_volumes
        if known < wanted or (whole == name and known != wanted):
            what = "the truth has another number of volumes"
            problems.append(Problem(what, where, str(known), f"{wanted} as in the store", hint))
        digests = {source["path"]: source[CONTENT] for source in read_manifest(store.path)["sources"]}
        for source in facts.sources:
            file = self.root / source
            if not file.is_file():
                problems.append(Problem("a source of the store is not in the data set", str(file), hint=hint))
            elif content_digest(file) != digests.get(source):
                problems.append(Problem("the store was made of another file of this name", str(file), hint=hint))
        return problems or self._head(name, where)

    def _head(self, name: str, where: str) -> list[Problem]:
        """Compare the mean volume with the true baseline."""
        mask = self.store.mask(name)
        one = self._recording(name)
        baseline = regrid(one.to_common(one.baseline) if self.common else one.baseline, self.store.grid)[mask]
        off = float(np.median(np.abs(self.store.voxel_mean(name)[mask] / baseline.clip(1e-6) - 1)))
        if off <= SAME_HEAD:
            return []
        return [
            Problem(
                "the truth is of another head than the recording",
                where,
                f"the mean volume differs from the true baseline by {off:.1%} (median over the brain)",
                f"at most {SAME_HEAD:.0%}",
                f"{FOLDER} holds the truth of another simulation: simulate the data set again",
            )
        ]


def known_truth(store: Store, root: str | Path | None, names: Sequence[str]) -> KnownTruth | LeftOut | None:
    """Open the truth of a store, if it has one.

    Parameters
    ----------
    store : Store
    root : path or None
        BIDS folder of the simulated data set; None looks where the store was prepared from.
    names : sequence of str
        Recordings whose truth is asked for.

    Returns
    -------
    KnownTruth, LeftOut or None
        None where there is none; why, where one was found, not asked for, and cannot be used.

    Raises
    ------
    InputError
        See `KnownTruth.open`; only where `root` is given.
    """
    if root is not None:
        return KnownTruth.open(root, store, names)
    origin = (read_manifest(store.path).get("origin") or {}).get("root")
    if not origin or not (Path(origin) / FOLDER / "truth.json").is_file():
        return None
    try:
        return KnownTruth.open(origin, store, names)
    except InputError as error:
        return LeftOut("; ".join(dict.fromkeys(problem.what for problem in error.problems)))


def rhythms(truth: Truth, moment: np.ndarray) -> list[Rhythm]:
    """Describe the sources of each rhythm.

    Parameters
    ----------
    truth : Truth
    moment : array, shape (region, band)
        Rms dipole moments of a recording, A m.
    """
    passed = float(np.sum(response(0.0) ** 2) * RATE)
    group = draw_group(truth.config, parcels(truth.config.regions))
    found = []
    for (_, low, high), size, mixing in zip(truth.bands, moment.T, group.mixing, strict=True):
        # of log-normal powers whose logarithms have the covariance DEPTH^2 M M^T
        covariance = np.expm1(DEPTH**2 * mixing @ mixing.T) * expected_std() ** 2
        found.append(Rhythm(low, high, size, covariance, passed))
    return found
