"""Small EEG files of every format, written without the reader that is tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def write_edf(
    path: Path, data: np.ndarray, names: list[str], sfreq: int, *, bdf: bool, status: np.ndarray | None = None
) -> Path:
    """European Data Format by hand (Kemp et al., 1992): one record a second, physical unit uV."""
    labels = [*names, *(["Status"] if status is not None else [])]
    top, width = (2**23 - 1, 3) if bdf else (2**15 - 1, 2)
    largest = 200.0
    digital = np.round(data * 1e6 / largest * top).astype(np.int64)
    if status is not None:
        digital = np.vstack([digital, status[None]])
    n_records = data.shape[1] // sfreq
    n = len(labels)

    def field(values: list[Any], size: int) -> bytes:
        return b"".join(str(value).encode().ljust(size) for value in values)

    head = (b"\xffBIOSEMI" if bdf else b"0".ljust(8)) + b"X X X X".ljust(80) + b"Startdate X X X X".ljust(80)
    head += b"01.02.0310.20.30" + str(256 * (n + 1)).encode().ljust(8) + (b"24BIT" if bdf else b"").ljust(44)
    head += field([n_records, 1], 8) + str(n).encode().ljust(4)
    scales = [largest] * len(names) + ([top] if status is not None else [])
    head += field(labels, 16) + field([""] * n, 80) + field(["uV"] * len(names) + [""] * (n - len(names)), 8)
    head += field([-scale for scale in scales], 8) + field(scales, 8) + field([-top] * n, 8) + field([top] * n, 8)
    head += field([""] * n, 80) + field([sfreq] * n, 8) + field([""] * n, 32)
    records = digital[:, : n_records * sfreq].reshape(n, n_records, sfreq).swapaxes(0, 1).astype("<i4")
    body = np.ascontiguousarray(records).view(np.uint8).reshape(n_records, n, sfreq, 4)[..., :width]
    path.write_bytes(head + body.tobytes())
    return path


def write_eeglab(
    path: Path,
    data: np.ndarray,
    names: list[str],
    sfreq: float,
    *,
    apart: bool = False,
    events: list[tuple[str, float]] | None = None,
) -> Path:
    """EEGLAB .set with its samples inside, or in an .fdt beside it; events: name, s."""
    import scipy.io

    samples = (data * 1e6).astype("<f4")
    if apart:
        path.with_suffix(".fdt").write_bytes(samples.tobytes(order="F"))
    kinds = [("type", object), ("latency", float)]
    facts = {
        "data": path.with_suffix(".fdt").name if apart else samples,
        "nbchan": len(names),
        "pnts": data.shape[1],
        "trials": 1,
        "srate": float(sfreq),
        "xmin": 0.0,
        "xmax": (data.shape[1] - 1) / sfreq,
        "chanlocs": np.array([(name,) for name in names], dtype=[("labels", object)]),
        "event": np.array([(name, round(t * sfreq) + 1) for name, t in events], kinds) if events else [],
        "epoch": [],
        "icawinv": [],
        "icaweights": [],
    }
    scipy.io.savemat(path, {"EEG": facts}, appendmat=False)
    return path
