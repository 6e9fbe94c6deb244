"""Stores that name themselves: by the data set and the hash of settings and sources."""

from __future__ import annotations

import os
import re
from pathlib import Path

from eeg2fmri.core.errors import StoreError
from eeg2fmri.data.store.format import MANIFEST, read_manifest
from eeg2fmri.data.store.store import Store


def data_set_name(root: Path) -> str:
    """Name of a data set for the names of its stores: that of its folder, without characters that need quotes."""
    folder = Path(os.path.abspath(root)).name  # noqa: PTH100 - links keep their names
    return re.sub(r"[^\w.-]+", "-", folder).strip("-.") or "store"


def made_before(folder: Path, name: str, key: str) -> Store | None:
    """Find a store that was made of the same files with the same settings.

    Parameters
    ----------
    folder : Path
        Where stores are.
    name : str
        Of the data set.
    key : str
        Hash of the settings, and of names, sizes and times of the files.

    Returns
    -------
    Store or None
        Complete, and not stale.

    Raises
    ------
    StoreError
        If the store is damaged.
    """
    for manifest in sorted(folder.glob(f"{name}-{'[0-9a-f]' * 8}/{MANIFEST}")):
        try:
            origin = read_manifest(manifest.parent).get("origin")
        except StoreError:
            continue
        if origin and origin.get("key") == key:
            return Store.open(manifest.parent)
    return None
