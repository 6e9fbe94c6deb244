"""Compare what a long work will need with the memory and the disk, before it begins."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from eeg2fmri.core.errors import Eeg2FmriError, InputError


def check_disk(path: str | Path, needed: float, hint: str, raises: type[Eeg2FmriError] = InputError) -> None:
    """Refuse a work whose files do not fit on the disk.

    Parameters
    ----------
    path : path
        What will be written; the nearest folder above it that exists tells the disk.
    needed : float
        Bytes, at least.
    hint : str
        How less would be needed.
    raises : type
        Class of the error.

    Raises
    ------
    InputError
        Or `raises`.

    Examples
    --------
    >>> check_disk("out", 1e21, "ask for fewer volumes")
    Traceback (most recent call last):
        ...
    eeg2fmri.core.errors.InputError: the disk has too little space
      where:    ...
      got:      ... free
      expected: 1000000000000.0 GB
      do:       free some space, choose another disk, or ask for fewer volumes
    """
    folder = next(above for above in Path(path).absolute().parents if above.is_dir())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise raises(
            "the disk has too little space",
            where=str(folder),
            got=f"{in_words(free)} free",
            expected=in_words(needed),
            hint=f"free some space, choose another disk, or {hint}",
        )


def check_memory(needed: float, what: str, where: str, hint: str) -> None:
    """Refuse a work that needs more memory than there is.

    Parameters
    ----------
    needed : float
        Bytes, at least.
    what : str
        What needs them: "the recording".
    where, hint : str
        See `eeg2fmri.core.errors.Problem`.

    Raises
    ------
    InputError
    """
    free = free_memory()
    if free is not None and needed > free:
        raise InputError(
            f"{what} needs more memory than there is",
            where=where,
            got=f"{in_words(free)} free",
            expected=f"at least {in_words(needed)}",
            hint=hint,
        )


def free_memory() -> float | None:
    """Bytes that this process can still take; None where the system does not tell."""
    found: list[float] = []
    with contextlib.suppress(OSError, StopIteration, ValueError):  # elsewhere than on Linux there is no such file
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        found.append(1024.0 * int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))))
    if not found:
        with contextlib.suppress(AttributeError, OSError, ValueError):  # all of it, where the free part is not told
            found.append(float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")))
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            used = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
            found.append(max(0.0, float(limit - used)))
    return min(found, default=None)


def in_words(size: float) -> str:
    """Write a number of bytes so that a small one is not 0: ``12.3 kB``, ``4.5 GB``.

    >>> in_words(0), in_words(80_000), in_words(4.5e9)
    ('0 bytes', '80.0 kB', '4.5 GB')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.0f} bytes"
