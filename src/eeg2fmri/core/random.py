"""Random generators derived from one seed by name, so that no part disturbs another part's draws."""

from __future__ import annotations

import hashlib

import numpy as np


def child_seed(seed: int, *names: str | int) -> int:
    """Derive a 63-bit seed from `seed` for the part called `names`.

    The same arguments always give the same value; different names give unrelated values. The global
    random state is neither read nor written.
    """
    text = "\x1f".join([str(seed), *map(str, names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return a numpy generator for the part called `names`."""
    return np.random.default_rng(child_seed(seed, *names))
