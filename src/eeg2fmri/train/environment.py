"""Record what a run was made with: versions, machine, data, seeds, time, memory."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import platform
import resource
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

import eeg2fmri
from eeg2fmri.data.store.origin.commit import commit_of
from eeg2fmri.data.store.store import Store
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.states.history import Row

if TYPE_CHECKING:
    from lightning.fabric import Fabric

#: Packages whose version can change a result.
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "mne", "nibabel", "nilearn", "lightning")


def environment(config: TrainConfig, store: Store, model: nn.Module, fabric: Fabric) -> dict[str, Any]:
    """Describe a training before it begins.

    Returns
    -------
    dict
        JSON values: versions, platform, commit of the program where git keeps it; hash of the store, hash of the
        settings that it was made with, and commit of the data set where git or DataLad keeps it; seeds; devices;
        number of parameters.
    """
    return {
        "eeg2fmri": eeg2fmri.__version__,
        "code": commit_of(Path(eeg2fmri.__file__).parent),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "store_hash": store.hash,
        "data_config_hash": store.config.fingerprint(),
        "data": store.commit,
        "seed": config.seed,
        "seeds": {"training": config.seed, "split": config.split.seed, "model": _model_seed(model, config)},
        "device": str(fabric.device.type),
        "processes": fabric.world_size,
        "precision": config.precision,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count(),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }


def measured(seconds: float, history: Sequence[Row]) -> dict[str, Any]:
    """Describe what a training that has just ended took.

    Parameters
    ----------
    seconds : float
        From start to end, or from where it was resumed, s.
    history : sequence of dict
        Rows of the epochs.

    Returns
    -------
    dict
        JSON values: ``seconds``; ``timings``, the sum over all epochs of training, of waiting for pairs within it, and
        of validation, s; peak memory of this process, and of the GPU if there is one, MB.
    """
    found: dict[str, Any] = {
        "seconds": round(seconds, 3),
        "timings": {
            name: round(sum(float(row.get(column, 0.0)) for row in history), 3)
            for name, column in (
                ("training", "seconds"),
                ("loading", "seconds_loading"),
                ("validation", "seconds_validation"),
            )
        },
        "peak_memory_mb": round(_peak_memory_mb()),
    }
    if torch.cuda.is_available():
        found["peak_gpu_memory_mb"] = round(torch.cuda.max_memory_allocated() / 1e6)
    return found


def _model_seed(model: nn.Module, config: TrainConfig) -> int:
    return int(getattr(getattr(model, "config", None), "seed", config.seed))


def forget_peak_memory() -> None:
    """Begin to measure peak memory anew, where the system can: a process may train one model after another."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    gc.collect()
    if sys.platform == "linux":
        # what earlier trainings freed is kept by the allocator, and would count as this one's
        with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL(None).malloc_trim(0)
    with contextlib.suppress(OSError):  # not Linux, or not allowed: the peak is that of the whole process
        Path("/proc/self/clear_refs").write_text("5")


def _peak_memory_mb() -> float:
    """Peak memory of this process, MB."""
    status = Path("/proc/self/status")
    if status.is_file():
        # what getrusage tells on Linux is the peak of the process that started this one, if that was larger
        line = next((line for line in status.read_text().splitlines() if line.startswith("VmHWM:")), "")
        if line:
            return float(line.split()[1]) / 1e3
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # macOS counts in bytes, others in kilobytes
    return peak / (1e6 if platform.system() == "Darwin" else 1e3)
