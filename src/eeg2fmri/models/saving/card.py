"""Describe a saved model: architecture, and the recordings that it was trained on."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Field, model_validator

from eeg2fmri import __version__
from eeg2fmri.core.config import Config
from eeg2fmri.core.errors import CheckpointError, ConfigError, Problem
from eeg2fmri.data.pairs.windows import PairConfig
from eeg2fmri.data.settings.prepare import PrepareConfig

if TYPE_CHECKING:
    from eeg2fmri.data.store.store import Store

#: Packages whose versions are noted.
PACKAGES = ("torch", "numpy", "safetensors")
Row = tuple[float, float, float, float]


class ModelCard(Config):
    """Facts that travel with the weights, in ``config.json``.

    What is not known (of an imported checkpoint, or a model that was never trained on recordings) is empty, or 0.

    Attributes
    ----------
    model : dict
        Config of the model with its ``kind``.
    electrodes : tuple of str
        Channels of the EEG, in order.
    frequencies : tuple of float
        Bins of the spectrogram, Hz.
    tr : float
        Repetition time, s.
    grid : (int, int, int)
        Voxels along x, y, z.
    sfreq : float
        Sampling rate at which the magnitudes of the spectrogram are given, Hz; those of a recording that was sampled at
        another rate are brought to it.
    affine : 4 rows of 4 numbers
        Voxel indices to mm.
    space : str
        BIDS space of the volumes, ``native``, or ``unknown``.
    regions : tuple of int
        Numbers in the atlas of what is along x of the grid, where regions are predicted in place of voxels; else empty.
    elements : str
        Grayordinates, parcels or vertices along x of the grid (see `eeg2fmri.data.store.store.Store`); else empty.
    pairs : PairConfig
        How windows and volumes were paired and scaled.
    prepare : PrepareConfig or None
        How the recordings were read and cleaned; a new one is treated alike. None where it is not known.
    versions : dict of str to str
        Packages and Python that the model was made with.
    """

    model: dict[str, Any]
    electrodes: tuple[str, ...] = ()
    frequencies: tuple[Annotated[float, Field(gt=0)], ...] = ()
    tr: Annotated[float, Field(ge=0)] = 0.0
    sfreq: Annotated[float, Field(ge=0)] = 0.0
    grid: tuple[int, ...] = ()
    affine: tuple[Row, Row, Row, Row] | tuple[()] = ()
    space: str = "unknown"
    regions: tuple[int, ...] = ()
    elements: str = ""
    pairs: PairConfig = PairConfig()
    prepare: PrepareConfig | None = None
    versions: dict[str, str] = Field(default_factory=lambda: versions())

    @model_validator(mode="after")
    def _facts_fit_the_model(self) -> Self:
        problems = [*self._shape_problems(), *self._order_problems()]
        if problems:
            raise ConfigError.of(problems)
        return self

    def _shape_problems(self) -> list[Problem]:
        eeg, volume = self.model.get("eeg_shape"), self.model.get("volume_shape")
        checks: list[tuple[str, Any, Any]] = []
        if eeg is not None:
            # an empty entry is not known, so it contradicts nothing
            checks += [("electrodes", len(self.electrodes) or eeg[0], eeg[0])]
            if self.electrodes or self.frequencies:
                length = eeg[2] if self.pairs.eeg == "raw" else self.pairs.window
                checks += [("pairs.window", length, eeg[2])]
        if volume is not None and self.grid:
            checks += [("grid", tuple(self.grid), tuple(volume))]
        return [
            Problem("the card does not fit its model", name, str(got), str(expected))
            for name, got, expected in checks
            if got != expected
        ]

    def _order_problems(self) -> list[Problem]:
        problems = []
        doubled = sorted({name for name in self.electrodes if self.electrodes.count(name) > 1})
        if doubled:
            problems.append(Problem("an electrode is named twice", "electrodes", ", ".join(doubled)))
        if any(b <= a for a, b in zip(self.frequencies, self.frequencies[1:], strict=False)):
            problems.append(Problem("the frequencies do not increase", "frequencies"))
        return problems

    @classmethod
    def of_store(cls, store: Store, model: Config, pairs: PairConfig) -> Self:
        """Make the card of a model that is trained on a store.

        Parameters
        ----------
        store : Store
        model : Config
            Config of the model.
        pairs : PairConfig
        """
        return cls.make(
            {
                "model": model.model_dump(mode="json"),
                "electrodes": store.electrodes,
                "frequencies": [float(f) for f in store.frequencies],
                "tr": store.tr,
                "sfreq": store.sfreq,
                "grid": store.grid,
                "affine": [[float(v) for v in row] for row in store.affine],
                "space": store.space,
                "regions": store.regions,
                "elements": store.elements,
                "pairs": pairs.at(store.tr).model_dump(),
                "prepare": store.config.model_dump(),
            },
            where=str(store.path),
        )

    @classmethod
    def of_model(cls, model: Config, **facts: Any) -> Self:
        """Make the card of a model of which little more than its config is known.

        Parameters
        ----------
        model : Config
        **facts
            Other entries of the card; the length of the window and the grid follow from the model.

        Raises
        ------
        ConfigError
            If an entry is unknown or does not fit the model.
        """
        values: dict[str, Any] = {"model": model.model_dump(mode="json"), **facts}
        eeg, volume = getattr(model, "eeg_shape", None), getattr(model, "volume_shape", None)
        n_frequencies = len(facts.get("frequencies", ()))
        if eeg is not None and n_frequencies not in (0, eeg[1]):
            raise ConfigError(
                "there is not one frequency for each bin of the model",
                where="frequencies",
                got=str(n_frequencies),
                expected=str(eeg[1]),
            )
        if eeg is not None:
            values["pairs"] = {"window": eeg[2], **values.get("pairs", {})}
        if volume is not None:
            values.setdefault("grid", volume)
        return cls.make(values, where="card")

    def unknown(self) -> tuple[str, ...]:
        """Entries without which a recording cannot be brought to the model."""
        return tuple(name for name in ("electrodes", "frequencies", "tr", "grid", "affine") if not getattr(self, name))

    def check_usable(self, where: str) -> None:
        """Refuse a card that does not say how a recording is to be prepared.

        Parameters
        ----------
        where : str
            The checkpoint.

        Raises
        ------
        CheckpointError
            Naming every entry that is not known.
        """
        if self.unknown():
            raise CheckpointError(
                "the checkpoint does not say what its recordings were like",
                where=where,
                got="unknown: " + ", ".join(self.unknown()),
                hint="import it again with them in the file of --config (import-checkpoint)",
            )


def versions() -> dict[str, str]:
    """Versions of this package, of those it computes with, and of Python."""
    return {
        "eeg2fmri": __version__,
        **{name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
    }
