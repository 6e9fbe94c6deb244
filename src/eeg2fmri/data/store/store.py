"""A store: one folder a recording of plain ``.npy`` arrays read by memory map, and one manifest.

See `eeg2fmri.data.store.writer` for the other direction.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eeg2fmri.core.disk.digest import CONTENT
from eeg2fmri.core.disk.parse import texts
from eeg2fmri.core.errors import ConfigError, StoreError
from eeg2fmri.data.features.band_covariance import BANDS
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.store.format import (
    AGAIN,
    ARRAYS,
    MANIFEST,
    content_problems,
    damaged,
    file_problems,
    read_manifest,
    refuse_unlike_rates,
)
from eeg2fmri.data.store.origin.sources import Sources, compare, look, refuse_stale
from eeg2fmri.data.store.origin.touched import touched_problems
from eeg2fmri.data.store.recording import Recording as Recording
from eeg2fmri.data.store.recording import read_recording

if TYPE_CHECKING:
    import pandas
    import xarray


@dataclass(frozen=True, eq=False, repr=False)
class Store:
    """Aligned recordings on disk, opened read-only.

    Attributes
    ----------
    path : Path
        Folder of the store.
    hash : str
        64 hexadecimal digits of the settings and the content of the sources.
    config : PrepareConfig
        Settings that it was made with.
    electrodes : tuple of str
        Channels of every recording, in order.
    frequencies : array, shape (freq,)
        Hz.
    tr : float
        s.
    sfreq : float
        Hz. Magnitudes of the EEG are those of a signal sampled at this rate, the lowest of the recordings.
    grid : (int, int, int)
        Voxels along x, y, z.
    affine : array, shape (4, 4)
        Voxel indices to mm of the first recording; `Recording.affine` has each one's.
    space : str
        BIDS space of the volumes, or ``native``: voxels of different subjects do not correspond.
    recordings : tuple of Recording
    notes : tuple of str
        What the user should know of the data set, such as files that were left out.
    regions : tuple of int
        Numbers in the atlas of what is stored along x, where regions are stored in place of voxels; else empty.
    elements : str
        Grayordinates, parcels or vertices along x in place of voxels, as `eeg2fmri.data.bold.elements.Elements.text`
        has them; else empty.
    commit : dict or None
        Commit of the data set when the store was made (`eeg2fmri.data.store.origin.commit.commit_of`);
        None where git did not keep it.

    Examples
    --------
    >>> store = Store.open("store")
    >>> store
    <Store | store: 3 recordings of 3 subjects, 12 electrodes, 36 frequencies, 9x11x8 voxels every 1.5 s>
    >>> store.eeg("sub-01_task-rest").shape
    (30, 12, 36)
    """

    path: Path
    hash: str
    config: PrepareConfig
    electrodes: tuple[str, ...]
    frequencies: np.ndarray
    tr: float
    sfreq: float
    grid: tuple[int, int, int]
    affine: np.ndarray
    space: str
    recordings: tuple[Recording, ...]
    notes: tuple[str, ...]
    _digests: dict[str, dict[str, Any]] = field(repr=False)
    regions: tuple[int, ...] = ()
    elements: str = field(default="", repr=False)
    commit: dict[str, Any] | None = None

    @classmethod
    def from_arrays(
        cls,
        path: str | PathLike[str],
        eeg: Any,
        bold: Any,
        *,
        subjects: Iterable[Any],
        tr: float,
        channels: Iterable[Any] | None = None,
        frequencies: Sequence[float] | None = None,
        sessions: Iterable[Any] | None = None,
        space: str | None = None,
    ) -> Store:
        """Write a store of arrays that are in memory; everything that works on a store works on it.

        Parameters
        ----------
        path : path
            Folder to make.
        eeg : list of array, or array
            One array or table a recording: magnitudes (volume, channel, freq), V, row v from the EEG of volume v; or
            features (volume, feature) of any kind and unit, which are standardised in each recording. Or MNE's
            ``EpochsTFR`` or ``EpochsSpectrum``, an epoch for each volume. One of these for all recordings, one after
            the other, where `subjects` labels every volume.
        bold : list of array, or array
            As `eeg`: (volume, region), as nilearn's maskers give it; (volume, x, y, z); or 4-D NIfTI images or their
            paths.
        subjects : sequence of str or int
            Subject of each recording; of each volume where `eeg` is one array. Recordings of one subject that follow
            each other in one array are one recording, unless `sessions` tells them apart; arrays in a list are not.
        tr : float
            s.
        channels : sequence of str, optional
            Names of channels or features; those of the columns of tables by default.
        frequencies : sequence of float, optional
            Hz; needed for magnitudes.
        sessions : sequence of str or int, optional
            Session of each label of `subjects`.
        space : str, optional
            Space that volumes of all subjects have in common, such as ``MNI152NLin2009cAsym``; by default ``MNI152``
            where the images say so, else each subject's own.

        Raises
        ------
        InputError
            If the arrays do not fit together, or hold what is not finite.
        StoreError
            If `path` exists.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> power, regions = rng.standard_normal((90, 6)), rng.standard_normal((90, 4))
        >>> store = Store.from_arrays("own", power, regions, subjects=["01"] * 40 + ["02"] * 50, tr=2.1)
        >>> [recording.n_volumes for recording in store.recordings], store.grid
        ([40, 50], (4, 1, 1))
        """
        from eeg2fmri.data.store.arrays.own_arrays import store_of_arrays

        written = store_of_arrays(
            Path(path),
            eeg,
            bold,
            subjects=subjects,
            tr=tr,
            channels=channels,
            frequencies=frequencies,
            sessions=sessions,
            space=space,
        )
        return cls.open(written)

    @classmethod
    def open(cls, path: str | PathLike[str], *, stale: bool = False) -> Store:
        """Open a store and check that it is complete and not older than its data.

        The manifest, the size of every file, the content of files that were touched since the store was complete, and
        size and time of the sources within reach are checked; `verify` reads every file of the store,
        `compare_with_sources` those of the data set.

        Parameters
        ----------
        path : path
            Folder of the store.
        stale : bool
            Whether a store may be opened whose sources have changed.

        Raises
        ------
        StoreError
            If the store is absent, incomplete, damaged, stale, of another version or no store at all.
        """
        path = Path(path)
        manifest = read_manifest(path)
        try:
            digests = {entry["id"]: entry["files"] for entry in manifest["recordings"]}
            problems = [problem for name, files in digests.items() for problem in file_problems(path / name, files)]
            problems = problems or touched_problems(path, digests)
            if problems:
                raise StoreError.of(problems)
            if not stale:
                refuse_stale(path, manifest)
            config = PrepareConfig.make(manifest["config"], where=str(path / MANIFEST))
            grid = manifest["grid"]
            recordings = tuple(read_recording(path / name) for name in digests)
            refuse_unlike_rates(path, manifest, {recording.sfreq for recording in recordings})
            return cls(
                path=path,
                hash=manifest["hash"],
                config=config,
                electrodes=tuple(texts(manifest["electrodes"])),
                frequencies=np.array(manifest["frequencies"], float),
                tr=float(manifest["tr"]),
                sfreq=min(recording.sfreq for recording in recordings),
                grid=(int(grid[0]), int(grid[1]), int(grid[2])),
                affine=np.array(manifest["affine"], float),
                space=str(manifest["space"]),
                recordings=recordings,
                notes=tuple(texts(manifest["notes"])),
                _digests=digests,
                regions=tuple(int(number) for number in manifest.get("regions", ())),
                elements=str(manifest.get("elements", "")),
                commit=manifest.get("commit"),
            )
        except ConfigError as error:
            raise damaged(path / MANIFEST, str(error)) from None
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError) as error:
            raise damaged(path / MANIFEST, f"{type(error).__name__}: {error}") from None

    def __repr__(self) -> str:
        """Say in a line what the store holds."""
        voxels = f"{len(self.regions)} regions" if self.regions else "x".join(map(str, self.grid)) + " voxels"
        voxels = f"{self.grid[0]} {self.elements.split()[0]} elements" if self.elements else voxels
        subjects = len({recording.subject for recording in self.recordings})
        return (
            f"<{type(self).__name__} | {self.path.name}: {len(self.recordings)} recordings of {subjects} subjects, "
            f"{len(self.electrodes)} electrodes, {len(self.frequencies)} frequencies, {voxels} every {self.tr:g} s>"
        )

    def _repr_html_(self) -> str:
        """Show a table of the recordings in a notebook."""
        return f"<p>{html.escape(repr(self))}</p>{self.to_frame().to_html(float_format='{:.4g}'.format)}"

    def to_frame(self) -> pandas.DataFrame:
        """List the recordings and how good each is.

        Returns
        -------
        pandas.DataFrame
            A row for each recording, by its id: subject, session, task, run, volumes, EEG sampling rate (Hz), and what
            `Recording.quality` has in one number or word.
        """
        import pandas

        rows = {
            recording.id: {
                "subject": recording.subject,
                "session": recording.session,
                "task": recording.task,
                "run": recording.run,
                "n_volumes": recording.n_volumes,
                "sfreq": recording.sfreq,
            }
            | {name: value for name, value in recording.quality.items() if isinstance(value, str | int | float)}
            for recording in self.recordings
        }
        return pandas.DataFrame.from_dict(rows, orient="index").rename_axis("recording")

    def to_xarray(self, recording: int | str) -> xarray.Dataset:
        """Give a recording with its axes named; see `eeg2fmri.data.store.arrays.to_xarray.to_xarray`."""
        from eeg2fmri.data.store.arrays.to_xarray import to_xarray

        return to_xarray(self, recording)

    def __fspath__(self) -> str:
        """Folder of the store: whatever takes the path of a store takes the store."""
        return fspath(self.path)

    def index(self, recording: int | str) -> int:
        """Position of a recording given by id or by position.

        Raises
        ------
        StoreError
            If there is no such recording.
        """
        if isinstance(recording, str):
            for position, known in enumerate(self.recordings):
                if known.id == recording:
                    return position
        elif 0 <= int(recording) < len(self.recordings):
            return int(recording)
        raise StoreError(
            "the store has no such recording",
            where=str(self.path),
            got=str(recording),
            expected=", ".join(known.id for known in self.recordings),
        )

    def origin(self, recording: int | str) -> tuple[str, int]:
        """Name the recording on disk that a recording comes from, and its volume that the first volume is.

        They differ from the id and 0 for a block of a recording (`eeg2fmri.data.store.blocks`).
        """
        return self._recording(recording).id, 0

    def digest(self, recording: int | str, file: str) -> str:
        """Digest of a file of a recording on disk, as it was when the store was made; empty if there is none."""
        return str(self._digests[self.origin(recording)[0]].get(file, {}).get(CONTENT, ""))

    def eeg(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of the EEG (volume, channel, freq): unscaled magnitude, V."""
        shape = (len(self.electrodes), len(self.frequencies))
        return self._map(recording, "eeg.npy", (self._recording(recording).n_volumes, *shape))

    def amplitude(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of recentred band amplitudes (volume, channel, band), no unit.

        See `eeg2fmri.data.features.recentring`; the bands are those of `eeg2fmri.data.features.band_covariance.BANDS`.

        Raises
        ------
        StoreError
            If the store has none of this recording.
        """
        entry = self._recording(recording)
        if "amplitude.npy" not in self._digests[entry.id]:
            raise StoreError(
                "the store has no band amplitudes of the recording",
                where=f"{self.path}: {entry.id}",
                got=entry.quality.get("no_amplitudes") or "a store made without them",
                hint="prepare the store again from EEG that has the bands, or train a model on the spectrogram",
            )
        return self._map(recording, "amplitude.npy", (entry.n_volumes, len(self.electrodes), len(BANDS)))

    def raw(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of the resampled EEG (volume, channel, sample), as it is kept on disk.

        Microvolts, relative to each electrode's mean in the first row, float16 or float32; see
        `eeg2fmri.data.features.raw_rows`, whose `as_volts` gives V. A row begins at the onset of its volume.

        Raises
        ------
        StoreError
            If the store was prepared without it.
        """
        entry, kept = self._recording(recording), self.config.raw
        if kept is None or kept.file not in self._digests[self.origin(entry.id)[0]]:
            raise StoreError(
                "the store has no raw EEG",
                where=str(self.path),
                got="a store of spectrograms alone",
                expected="raw EEG of every volume",
                hint="prepare a store with raw: {rate: 200} in the file of --config",
            )
        return self._map(recording, kept.file, (entry.n_volumes, len(self.electrodes), kept.samples(self.tr)))

    def nuisance(self, recording: int | str) -> dict[str, np.ndarray]:
        """Read what is known of a recording beside EEG and BOLD, by name; empty where there is nothing.

        Returns
        -------
        dict of name to array, shape (volume,)
            See `eeg2fmri.data.prepare.nuisance.nuisance_table`.
        """
        entry = self._recording(recording)
        if not entry.nuisance:
            return {}
        table = self._map(recording, "nuisance.npy", (entry.n_volumes, len(entry.nuisance)))
        return {name: np.array(column) for name, column in zip(entry.nuisance, table.T, strict=True)}

    def bold(self, recording: int | str) -> np.ndarray:
        """Read-only memory map of the volumes (volume, x, y, z), in the units of their source."""
        return self._map(recording, "bold.npy", (self._recording(recording).n_volumes, *self.grid))

    def mask(self, recording: int | str) -> np.ndarray:
        """Brain mask (x, y, z) of a recording."""
        return np.array(self._map(recording, "mask.npy", self.grid))

    def voxel_mean(self, recording: int | str) -> np.ndarray:
        """Mean over the volumes with steady magnetisation (x, y, z), BOLD units."""
        return np.array(self._map(recording, "voxel_mean.npy", self.grid))

    def voxel_std(self, recording: int | str) -> np.ndarray:
        """Deviation over the volumes with steady magnetisation (x, y, z), BOLD units."""
        return np.array(self._map(recording, "voxel_std.npy", self.grid))

    def brain_mask(self, recordings: Sequence[int | str] | None = None) -> np.ndarray:
        """Voxels (x, y, z) inside the mask of every recording, or of those given."""
        chosen = range(len(self.recordings)) if recordings is None else recordings
        inside = np.ones(self.grid, bool)
        for recording in chosen:
            inside &= self.mask(recording)
        return inside

    def verify(self) -> None:
        """Read every file and compare its content with the digest taken when it was written.

        Raises
        ------
        StoreError
            Naming every file that has changed.
        """
        of_each = (content_problems(self.path / name, files) for name, files in self._digests.items())
        problems = list(chain.from_iterable(of_each))
        if problems:
            raise StoreError.of(problems)

    def sources(self) -> Sources:
        """Whether the files that the store was made of are still the same, as far as they are within reach."""
        return look(self.path, read_manifest(self.path))

    def compare_with_sources(self, root: str | Path) -> None:
        """Compare the files that the store was made of with those of today: a store may be older than its data.

        Parameters
        ----------
        root : path
            Folder of the data set.

        Raises
        ------
        StoreError
            Naming every source that is missing or has another content.
        """
        compare(read_manifest(self.path), Path(root))

    def _recording(self, recording: int | str) -> Recording:
        return self.recordings[self.index(recording)]

    def _map(self, recording: int | str, name: str, shape: tuple[int, ...]) -> np.ndarray:
        file = self.path / self._recording(recording).id / name
        try:
            array = np.load(file, mmap_mode="r", allow_pickle=False)
        except Exception as error:  # a damaged header of an array raises SyntaxError and TokenError too
            raise damaged(file, str(error)) from None
        if array.shape != shape or array.dtype != np.dtype(ARRAYS[name][0]):
            raise StoreError(
                "an array of the store has another shape or type than its manifest says",
                where=str(file),
                got=f"{array.shape} {array.dtype}",
                expected=f"{shape} {ARRAYS[name][0]}, axes {', '.join(ARRAYS[name][1])}",
                hint=AGAIN,
            )
        return array
