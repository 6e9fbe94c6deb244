"""A split: the recordings, or blocks of recordings, of each part, and the protocol that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config
from eeg2fmri.core.disk.files import write_json
from eeg2fmri.core.disk.parse import read_json
from eeg2fmri.core.errors import CheckpointError, ConfigError, LeakageError
from eeg2fmri.data.splits.claims import PROTOCOLS, Protocol, ProtocolName, protocol_label
from eeg2fmri.data.splits.config import PARTS
from eeg2fmri.data.splits.shared import shared_between_parts
from eeg2fmri.data.store.blocks import BlockStore
from eeg2fmri.data.store.store import Store

Ids = Annotated[tuple[str, ...], Field(min_length=1)]

#: What is written with a split and is not part of it.
BESIDE = ("store_hash", "protocol_label")


class Split(Config):
    """Ids of each part.

    An id is that of a recording, or of a block of it (`eeg2fmri.data.store.blocks`):
    ``sub-01_task-rest_volumes-120to299``.

    Attributes
    ----------
    train, validation, test : tuple of str
        None of them empty, nothing in two parts that the protocol keeps apart.
    protocol : str
        See `eeg2fmri.data.splits.claims`.
    fold, folds : int or None
        Number of the fold from 1, and how many there are.
    gap : int
        Volumes that are left out at least between blocks of different parts.

    Raises
    ------
    LeakageError
        When it is made, if parts share what the protocol keeps apart: everything that leaks is named.
    """

    train: Ids
    validation: Ids
    test: Ids
    protocol: ProtocolName = "fixed-subjects"
    fold: Annotated[int, Field(ge=1)] | None = None
    folds: Annotated[int, Field(ge=2)] | None = None
    gap: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _no_leak(self) -> Split:
        problems = shared_between_parts(self.parts, self.protocol, self.gap)
        if problems:
            raise LeakageError.of(problems)
        return self

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Ids by the name of their part."""
        return {part: getattr(self, part) for part in PARTS}

    @property
    def facts(self) -> Protocol:
        """What the protocol can claim."""
        return PROTOCOLS[self.protocol]

    @property
    def label(self) -> str:
        """Title of the protocol, its fold, and what the model has seen of the test part."""
        return protocol_label(self.protocol, self.fold, self.folds)

    def view(self, store: Store) -> Store:
        """Open the store as the split divides it: with its blocks as recordings where it has blocks.

        Raises
        ------
        StoreError
            If the store does not have a recording of the split.
        """
        names = [name for ids in self.parts.values() for name in ids]
        known = {recording.id for recording in store.recordings}
        return store if known.issuperset(names) else BlockStore.cut(store, names)

    def save(self, path: Path, store: Store) -> None:
        """Write ``split.json``: the split, the words for its protocol, and the hash of its store."""
        values = {**self.model_dump(mode="json"), "protocol_label": self.label, "store_hash": store.hash}
        write_json(path, values)


def read_split(folder: Path) -> tuple[Split, str]:
    """Read the split of a run and the hash of the store that it divides.

    Raises
    ------
    CheckpointError
        If the folder is no run or its split is damaged.
    LeakageError
        If what tests the run has trained it, or has chosen its epoch.
    """
    path = folder / "split.json"
    if not folder.is_dir() or not path.is_file():
        raise CheckpointError(
            "the folder is not a run" if folder.is_dir() else "the run does not exist",
            where=str(folder),
            expected="a folder with split.json, config.json and weights.safetensors",
            hint="give the folder that train made",
        )
    try:
        facts: dict[str, Any] = dict(read_json(path))
        store_hash = str(facts["store_hash"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise CheckpointError("the split of the run cannot be read", where=str(path), got=str(error)) from None
    try:
        values = {name: value for name, value in facts.items() if name not in BESIDE}
        return Split.make(values, where=str(path)), store_hash
    except ConfigError as error:
        raise CheckpointError.of(error.problems) from None
