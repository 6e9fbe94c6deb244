"""What a run was made with: versions, machine, time, memory."""

from __future__ import annotations

import platform
import resource
from importlib import metadata
from typing import Any

from torch import nn

from eeg2fmri import __version__

#: Packages whose version can change a result.
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "mne", "nibabel", "nilearn", "lightning", "entmax")


def environment(seed: int, store_hash: str, seconds: float, model: nn.Module) -> dict[str, Any]:
    """Describe the training that has just ended.

    Returns
    -------
    dict
        JSON values: versions, platform, seed, hash of the store, seconds, peak memory of the process (MB),
        number of parameters.
    """
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in kilobytes, macOS in bytes
    megabytes = peak / (1e6 if platform.system() == "Darwin" else 1e3)
    return {
        "eeg2fmri": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "seed": seed,
        "store_hash": store_hash,
        "seconds": round(seconds, 3),
        "peak_memory_mb": round(megabytes),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
