"""Read what is true of a simulated data set."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from eeg2fmri.core.disk.parse import read_json, texts
from eeg2fmri.core.errors import InputError
from eeg2fmri.simulate.config import SimulationConfig
from eeg2fmri.simulate.head.anatomy import Grid, draw_anatomy
from eeg2fmri.simulate.head.common_space import Registration, common_grid
from eeg2fmri.simulate.head.electrodes import place_electrodes
from eeg2fmri.simulate.neural.envelopes import RATE
from eeg2fmri.simulate.neural.haemodynamics import responses
from eeg2fmri.simulate.recording.bold import at_times, slice_signal
from eeg2fmri.simulate.recording.clock import Clock, make_clock
from eeg2fmri.simulate.worlds.catalogue import WORLDS
from eeg2fmri.simulate.worlds.world import World
from eeg2fmri.simulate.write.truth_arrays import read_array, read_image, reading_truth
from eeg2fmri.simulate.write.truth_files import FOLDER, FORMAT


@dataclass(frozen=True)
class Truth:
    """Truth of a data set written by `simulate_dataset`.

    Attributes
    ----------
    path : Path
        ``derivatives/truth`` of the data set.
    config : SimulationConfig
        Settings of the simulation.
    bands : tuple of (str, float, float)
        Name and limits, Hz, of each rhythm.
    recordings : tuple of str
        Ids, such as ``sub-01_task-rest``.
    region_centres : array, shape (region, 3)
        MNI152 coordinates, mm.
    coupled : array of bool, shape (region,)
        Regions whose BOLD follows the EEG (nowhere, if the coupling is 0).
    weights : array, shape (region, band)
        Coupling weights of the group.
    delay : array, shape (region,)
        Delay of the group's haemodynamic responses against Glover's, s.
    """

    path: Path
    config: SimulationConfig
    bands: tuple[tuple[str, float, float], ...]
    recordings: tuple[str, ...]
    region_centres: np.ndarray
    coupled: np.ndarray
    weights: np.ndarray
    delay: np.ndarray

    @property
    def world(self) -> World:
        """What BOLD follows and what the EEG shows of it."""
        return WORLDS[self.config.world]

    @cached_property
    def source(self) -> np.ndarray:
        """Region whose rhythms the BOLD of each region follows, int (region,)."""
        path = self.path / "group" / "source.npy"
        return read_array(path, len(self.coupled)) if path.exists() else np.arange(len(self.coupled))

    @cached_property
    def electrodes(self) -> tuple[str, ...]:
        """Names of the electrodes of the study."""
        return place_electrodes(self.config.electrodes, self.config.reference).names

    @classmethod
    def open(cls, root: str | Path) -> Truth:
        """Open the truth of the data set in the BIDS folder `root`.

        Raises
        ------
        InputError
            If there is none, or it has another format.
        """
        path = Path(root) / FOLDER
        file = path / "truth.json"
        if not file.exists():
            raise InputError(
                "the data set holds no truth",
                where=str(root),
                expected=f"{FOLDER}/truth.json",
                hint="only simulated data sets have one: eeg2fmri simulate",
            )
        with reading_truth(file):
            about = dict(read_json(file))
            if about["format"] != FORMAT:
                raise InputError(
                    "the truth was written by another version",
                    where=str(path),
                    got=f"format {about['format']}",
                    expected=f"format {FORMAT}",
                    hint="simulate the data set again",
                )
            bands = tuple((str(b["name"]), float(b["low_hz"]), float(b["high_hz"])) for b in about["bands"])
            recordings = tuple(str(r["id"]) for r in about["recordings"])
            config = SimulationConfig.make(about["config"], where=str(file))
        group = path / "group"
        centres = read_array(group / "region_centres.npy", None, 3)
        return cls(
            path=path,
            config=config,
            bands=bands,
            recordings=recordings,
            region_centres=centres,
            coupled=read_array(group / "coupled.npy", len(centres)).astype(bool) & (config.coupling > 0),
            weights=read_array(group / "weights.npy", len(centres), len(bands)),
            delay=read_array(group / "delay.npy", len(centres)),
        )

    def recording(self, recording: str | int) -> RecordingTruth:
        """Truth of one recording, by id or position.

        Raises
        ------
        InputError
            If there is no such recording.
        """
        if isinstance(recording, int):
            recording = self.recordings[recording]
        if recording not in self.recordings:
            raise InputError(
                "the truth holds no such recording",
                where=str(self.path),
                got=recording,
                expected="one of " + ", ".join(self.recordings[:10]),
            )
        subject = recording.split("_")[0]
        return RecordingTruth(self, recording, self.path / subject / recording, self.path / subject / "subject")


@dataclass(frozen=True)
class RecordingTruth:
    """Truth of one recording; arrays are read when asked for. Time 0 is the onset of the first volume."""

    truth: Truth
    id: str
    folder: Path
    subject_folder: Path

    @cached_property
    def clock(self) -> Clock:
        """Volume onsets, slice times, samples."""
        return make_clock(self.truth.config)

    @property
    def times(self) -> np.ndarray:
        """Times of the columns of `power` and `regional_bold`, s, shape (time,)."""
        return self.clock.envelopes

    @cached_property
    def power(self) -> np.ndarray:
        """Power of each region's rhythms in the EEG relative to its mean, shape (region, band, time)."""
        return self._array("power.npy", self._regions, len(self.truth.bands), len(self.times))

    @cached_property
    def regional_bold(self) -> np.ndarray:
        """Noiseless BOLD of each region, % of the baseline, shape (region, time)."""
        return self._array("regional_bold.npy", self._regions, len(self.times))

    @cached_property
    def regional_bold_from_eeg(self) -> np.ndarray:
        """Part of `regional_bold` that follows what the EEG shows, shape (region, time)."""
        return self._array("regional_bold_from_eeg.npy", self._regions, len(self.times))

    @cached_property
    def lead_field(self) -> np.ndarray:
        """Potential of a unit dipole of each region, V / (A m), shape (electrode, region)."""
        return self._array("lead_field.npy", len(self.electrodes), self._regions)

    @cached_property
    def moment(self) -> np.ndarray:
        """Rms dipole moment of each rhythm, A m, shape (region, band)."""
        return self._array("moment.npy", self._regions, len(self.truth.bands))

    @cached_property
    def background(self) -> np.ndarray:
        """Root of the spatial covariance of the 1/f background, V, shape (electrode, electrode)."""
        return self._array("background.npy", len(self.electrodes), len(self.electrodes))

    @cached_property
    def motion(self) -> np.ndarray | None:
        """Head movement, mm and rad, shape (volume, 6), or None."""
        there = (self.folder / "motion.npy").exists()
        return self._array("motion.npy", len(self.clock.volumes), 6) if there else None

    @cached_property
    def synchrony(self) -> np.ndarray | None:
        """Twice the share of the first rhythm that a region has in common with its group, (region, time), or None."""
        there = (self.folder / "synchrony.npy").exists()
        return self._array("synchrony.npy", self._regions, len(self.times)) if there else None

    @cached_property
    def electrodes(self) -> tuple[str, ...]:
        """Names of the electrodes that were recorded, in the order of `lead_field`."""
        path = self.folder / "electrodes.json"
        if not path.exists():
            return self.truth.electrodes
        with reading_truth(path):
            return tuple(texts(read_json(path)["names"]))

    @cached_property
    def stretch(self) -> np.ndarray:
        """Factor on the time axis of the subject's haemodynamic responses, shape (region,)."""
        path = self.subject_folder / "stretch.npy"
        return read_array(path, self._regions) if path.exists() else np.ones(self._regions)

    @cached_property
    def weights(self) -> np.ndarray:
        """Coupling weights of the subject, shape (region, band)."""
        return read_array(self.subject_folder / "weights.npy", self._regions, len(self.truth.bands))

    @cached_property
    def delay(self) -> np.ndarray:
        """Delay of the subject's haemodynamic responses against Glover's, s, shape (region,)."""
        return read_array(self.subject_folder / "delay.npy", self._regions)

    @cached_property
    def gain(self) -> np.ndarray:
        """Expected standard deviation of the noiseless BOLD, %, shape (region,)."""
        return read_array(self.subject_folder / "gain.npy", self._regions)

    @cached_property
    def peak(self) -> np.ndarray:
        """Peak frequency of each rhythm, Hz, shape (band,)."""
        return read_array(self.subject_folder / "peak.npy", len(self.truth.bands))

    @cached_property
    def hrf(self) -> np.ndarray:
        """Haemodynamic response of each region, every `hrf_step` s from 0, shape (region, time); rows sum to 1."""
        return responses(self.delay, self.stretch)

    hrf_step: float = 1 / RATE

    @cached_property
    def atlas(self) -> np.ndarray:
        """1 + region of each voxel, 0 outside grey matter, int16, shape (x, y, z)."""
        return self._image("atlas.nii.gz").astype(np.int16)

    @cached_property
    def baseline(self) -> np.ndarray:
        """BOLD intensity without any fluctuation, shape (x, y, z)."""
        return self._image("baseline.nii.gz").astype(np.float32)

    @cached_property
    def grey(self) -> np.ndarray:
        """Fraction of each voxel that is grey matter, shape (x, y, z)."""
        return self._image("grey.nii.gz").astype(np.float32)

    @cached_property
    def affine(self) -> np.ndarray:
        """Voxel indices to scanner coordinates, mm, shape (4, 4)."""
        return read_image(self.subject_folder / "baseline.nii.gz")[1]

    @cached_property
    def explainable(self) -> np.ndarray:
        """Variance over volumes of the noiseless BOLD over that of the recorded, shape (x, y, z)."""
        return read_image(self.folder / "explainable.nii.gz")[0].astype(np.float32)

    @cached_property
    def voxel_weights(self) -> Any:
        """Per cent of signal in a voxel for each per cent of regional BOLD, csr array (voxel, region), C order."""
        from scipy import sparse

        files = [self.subject_folder / f"voxel_{name}.npy" for name in ("weight", "region", "indptr")]
        parts = [read_array(file, None) for file in files]
        shape = (int(np.prod(self.truth.config.grid)), self._regions)
        with reading_truth(*files):
            array = sparse.csr_array(tuple(parts), shape=shape)
            array.check_format(full_check=True)
            return array

    def noiseless_bold(self, part: str = "all") -> np.ndarray:
        """Rebuild the BOLD without noise, drift and movement, each slice at its own times.

        Parameters
        ----------
        part : {"all", "eeg"}
            All neural signals, or those alone that the EEG's envelopes drive.

        Returns
        -------
        array of float32, shape (volume, x, y, z)
            In the units of the recorded image.

        Raises
        ------
        InputError
            If there is no such part.
        """
        if part not in ("all", "eeg"):
            raise InputError("the noiseless BOLD has no such part", where=self.id, got=part, expected="all or eeg")
        return self.bold_of(self.regional_bold if part == "all" else self.regional_bold_from_eeg)

    def bold_of(self, regional: np.ndarray) -> np.ndarray:
        """Spread regional signals over the volumes, without noise, each slice at its own times.

        Parameters
        ----------
        regional : array, shape (region, time)
            % of the baseline, at `times`.

        Returns
        -------
        array of float32, shape (volume, x, y, z)
            In the units of the recorded image.

        Raises
        ------
        InputError
            If there are other regions or times than these.
        """
        if regional.shape != (expected := (len(self.truth.region_centres), len(self.times))):
            raise InputError(
                "the regional signals do not fit", where=self.id, got=str(regional.shape), expected=f"{expected}"
            )
        shape = self.truth.config.grid
        out = np.empty((len(self.clock.volumes), *shape), np.float32)
        for z in range(shape[2]):
            times = self.clock.volumes + self.clock.slices[z]
            signal = slice_signal(self.voxel_weights, shape, z, at_times(times, self.times, regional))
            out[..., z] = np.moveaxis(self.baseline[:, :, z, None] * (1 + signal / 100), -1, 0)
        return out

    @cached_property
    def registration(self) -> Registration:
        """Where the points of the common space lie in the subject."""
        config, label = self.truth.config, self.id.split("_")[0].removeprefix("sub-")
        return Registration.of(draw_anatomy(config.seed, label), common_grid(config))

    def to_common(self, volume: np.ndarray) -> np.ndarray:
        """Bring a volume (x, y, z) of the subject to the grid in common space."""
        return self.registration.bring(volume, Grid(self.truth.config.grid, self.affine))

    def _image(self, name: str) -> np.ndarray:
        file = self.subject_folder / name
        voxels, _ = read_image(file)
        with reading_truth(file):
            if voxels.shape != self.truth.config.grid:
                raise ValueError(f"a volume of {voxels.shape}, and the grid is {self.truth.config.grid}")
        return voxels

    def _array(self, name: str, *shape: int | None) -> np.ndarray:
        return read_array(self.folder / name, *shape)

    @property
    def _regions(self) -> int:
        return len(self.truth.region_centres)
