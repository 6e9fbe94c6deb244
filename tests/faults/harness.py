"""Run cases of broken input, each in a process of its own with limits of time and memory, and judge how they end.

A case makes its input in an empty folder, then works with it. It may do what it should, or refuse in words. It may
not end in a traceback, hang, abort, take far more memory than sound input does, leave anything behind after it
refused, or give a wrong result: `work` compares what it gets with what is true.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import io
import json
import os
import pkgutil
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# imported once, not in every child: a case then costs milliseconds
import lightning.fabric  # noqa: F401
import mne.io.brainvision.brainvision  # noqa: F401
import nibabel  # noqa: F401
import optuna  # noqa: F401
import scipy.io  # noqa: F401
import torch
import torch.export
import typer  # noqa: F401

import eeg2fmri
from eeg2fmri.cli.main import run
from eeg2fmri.core.errors import Eeg2FmriError

for module in pkgutil.walk_packages(eeg2fmri.__path__, "eeg2fmri."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

#: Whether every case is run, as `make faults` does; otherwise a share of each kind.
ALL = os.environ.get("EEG2FMRI_FAULTS") == "all"
#: Seconds of processor time of a case, which other work of the machine does not change.
LONGEST_S = 20.0
#: Seconds in which a case that is at work gets processor time, however busy the machine is.
IDLE_S = 15.0
#: Megabytes by which a case may grow beyond twice what sound input takes.
SLACK_MB = 48.0
#: Bytes of an error: more than a person reads.
LONGEST_TEXT = 20_000

WORKED, REFUSED = "worked", "refused"


@dataclass(frozen=True)
class Case:
    """Something that may go wrong.

    Attributes
    ----------
    name : str
    work : callable
        Takes the folder; returns nothing, or the exit status of a command. A wrong result is an `AssertionError`.
    make : callable
        Makes the input in the folder, before `work`.
    must : {"either", "worked", "refused"}
    told : str
        What a refusal must say, for example the name of the file.
    leaves : sequence of str
        Names that may be there after a refusal.
    always : bool
        Whether it belongs to the short tier.
    """

    name: str
    work: Callable[[Path], Any]
    make: Callable[[Path], Any] = lambda folder: None
    must: str = "either"
    told: str = ""
    leaves: Sequence[str] = ()
    always: bool = False


@dataclass
class Report:
    """How cases ended."""

    kind: str
    ends: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __str__(self) -> str:
        total = sum(self.ends.values()) + len(self.faults)
        return (
            f"faults, {self.kind}: {total} cases, {self.ends[WORKED]} worked, {self.ends[REFUSED]} refused, "
            f"{len(self.faults)} faults, {self.seconds:.0f} s"
        )


class Told(Exception):
    """The refusal of a command, as it was printed."""


def command(*arguments: object) -> None:
    """Run the command line; a refusal becomes an error with what it printed."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = run([str(argument) for argument in arguments])
    text = said.getvalue()
    assert "Traceback" not in text, text[-2000:]
    if status:
        assert "error" in text.lower() or "stopped" in text or "interrupted" in text, f"status {status}: {text!r}"
        raise Told(text)


def without_privileges() -> None:
    """Let the modes of files hold for this process, also where the tests run as root."""
    if os.getuid() == 0:
        # all capabilities but those to pass over modes (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)
        header = (ctypes.c_uint32 * 2)(0x20080522, 0)
        kept = 0xFFFFFFFF & ~0b110
        now = (ctypes.c_uint32 * 6)()
        libc = ctypes.CDLL(None, use_errno=True)
        assert libc.capget(header, now) == 0
        now[0] &= kept
        now[1] &= kept
        assert libc.capset(header, now) == 0


def run_cases(kind: str, cases: Iterable[Case], honest: Callable[[Path], Any], every: int = 10) -> Report:
    """Run the cases of a kind, or of the short tier every so many of them.

    `honest` is the work on sound input: no case may take more than twice its memory.
    """
    report, began = Report(kind), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as root:
        floor = _forked(Case("nothing", lambda folder: None), Path(root))[2]
        end, text, peak = _forked(Case("sound", honest), Path(root))
        assert end == WORKED, f"sound input: {end}: {text}"
        limit = 2 * (peak - floor) + SLACK_MB
        for number, case in enumerate(cases):
            if not (ALL or case.always or number % every == 0):
                continue
            end, text, peak = _forked(case, Path(root))
            if end in (WORKED, REFUSED) and peak - floor > limit:
                end, text = "memory", f"{peak - floor:.0f} MB, where sound input takes {(limit - SLACK_MB) / 2:.0f}"
            if end in (WORKED, REFUSED):
                report.ends[end] += 1
            else:
                report.faults.append(f"{kind}: {case.name}: {end}: {text}")
    report.seconds = time.monotonic() - began
    return report


def judge(report: Report, capsys: Any) -> None:
    """Have the counts printed at the end, also by processes of their own, and fail on any fault."""
    counts = [report.ends[WORKED], report.ends[REFUSED], len(report.faults)]
    capsys.request.node.user_properties.append(("faults", [str(report), *counts]))
    assert not report.faults, f"{len(report.faults)} faults\n" + "\n".join(report.faults)


def _forked(case: Case, root: Path) -> tuple[str, str, float]:
    """Run a case in a child; give how it ended, what was said, and its largest memory in MB."""
    folder = Path(tempfile.mkdtemp(dir=root))
    read, write = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if not child:
        os.close(read)
        try:
            _in_child(case, folder, write)
        finally:
            os._exit(0)
    os.close(write)
    answer = _waited(read, child)
    _, status, used = os.wait4(child, 0)
    for closed, _, _ in os.walk(folder):  # a case may have closed its folders
        Path(closed).chmod(0o700)
    shutil.rmtree(folder)
    if answer is None:
        used_s = used.ru_utime + used.ru_stime
        return "hang", f"stopped after {used_s:.1f} s of processor time", 0.0
    if not answer:
        return "abort", f"signal or exit, status {os.waitstatus_to_exitcode(status)}", 0.0
    end, text = json.loads(answer)
    return end, text, used.ru_maxrss / 1024


def _waited(read: int, child: int) -> bytes | None:
    """Read what a child answers; kill it, and give None, where it waits for nothing or computes for too long."""
    answer, before = b"", 0.0
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while True:
            ready, _, _ = select.select([pipe], [], [], IDLE_S)
            if not ready:
                now = _processor_time(child)
                if now - before < 0.01 or now > LONGEST_S:
                    os.kill(child, signal.SIGKILL)
                    return None
                before = now
                continue
            piece = pipe.read(65536)
            if not piece:
                return answer
            answer += piece


def _processor_time(child: int) -> float:
    """Seconds of processor time of a process and of those that it waited for."""
    fields = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _in_child(case: Case, folder: Path, write: int) -> None:
    os.chdir(folder)
    torch.set_num_threads(1)  # the threads of a pool are not there after a fork: whoever waits for them waits for ever
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # what takes far too much gets an error of the system, and not the machine
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 4 * 2**30, resource.RLIM_INFINITY))
    warnings.simplefilter("ignore")
    answer = json.dumps(_ended(case, folder)).encode()
    while answer:
        answer = answer[os.write(write, answer) :]


def _ended(case: Case, folder: Path) -> tuple[str, str]:
    try:
        case.make(folder)
    except BaseException:
        return "not made", traceback.format_exc()[-1500:]
    before = _listed(folder)
    try:
        case.work(folder)
    except (Eeg2FmriError, Told) as error:
        return _refused(case, str(error), sorted(_listed(folder) - before))
    except AssertionError as error:
        return "wrong", str(error)[:1500] or traceback.format_exc()[-1500:]
    except MemoryError:
        return "memory", traceback.format_exc()[-1500:]
    except BaseException:
        return "traceback", traceback.format_exc()[-1500:]
    return ("taken", "what is wrong was taken") if case.must == REFUSED else (WORKED, "")


def _refused(case: Case, text: str, more: Sequence[str]) -> tuple[str, str]:
    if case.must == WORKED:
        return "not taken", text[:1500]
    if case.told not in text:
        return "untold", f"{case.told!r} is not in: {text[:1500]}"
    if len(text) > LONGEST_TEXT:
        return "endless", f"{len(text)} characters: {text[:300]}"
    left = [name for name in more if not any(Path(name).match(one) for one in case.leaves)]
    return ("remainder", f"{left[:5]} after: {text[:500]}") if left else (REFUSED, text[:200])


def _listed(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
