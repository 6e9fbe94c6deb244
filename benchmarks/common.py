"""What every measurement shares: a row of the table, repeated timing, memory of a child process."""

from __future__ import annotations

import inspect
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure.

    Attributes
    ----------
    name : str
        What was measured.
    value : float
    unit : str
    target : str
        What it should be, in words; empty where there is no target.
    met : bool or None
        Whether it is; None where there is no target.
    """

    name: str
    value: float
    unit: str
    target: str = ""
    met: bool | None = None


def at_most(name: str, value: float, unit: str, limit: float) -> Row:
    """Make a row whose value should not be above `limit`."""
    return Row(name, value, unit, f"<= {limit:g}", value <= limit)


def at_least(name: str, value: float, unit: str, limit: float) -> Row:
    """Make a row whose value should not be below `limit`."""
    return Row(name, value, unit, f">= {limit:g}", value >= limit)


def seconds(work: Callable[[], object], repeats: int = 5, warmup: int = 1) -> float:
    """Median time of a call."""
    for _ in range(warmup):
        work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def peak() -> float:
    """Peak memory of this process (MB)."""
    import pathlib
    import resource

    status = pathlib.Path("/proc/self/status")
    if status.is_file():
        # what getrusage tells on Linux is the peak of the process that started this one, if that was larger
        return float(status.read_text().split("VmHWM:")[1].split()[0]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


#: The same as text, for the code of child processes.
PEAK = inspect.getsource(peak)
CHILD = f"""
{PEAK}
import sys
exec(sys.stdin.read())
print(peak())
"""


def peak_megabytes(code: str) -> float:
    """Peak memory of a new Python process that runs `code` (MB on Linux)."""
    ended = subprocess.run([sys.executable, "-c", CHILD], input=code, capture_output=True, text=True, check=True)
    return float(ended.stdout.splitlines()[-1])


def process_seconds(*arguments: str, repeats: int = 5) -> float:
    """Median time of a whole new Python process with these arguments."""
    return seconds(lambda: subprocess.run([sys.executable, *arguments], capture_output=True, check=True), repeats)
