"""Epochs written down while the training runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from eeg2fmri.core.errors import InputError
from eeg2fmri.results.training import write_history
from eeg2fmri.train.states.history import Row

Log = Callable[[Row, list[Row]], None]


@contextmanager
def epoch_log(run: Path, logs: Sequence[str], on_epoch: Callable[[Row], None] | None = None) -> Iterator[Log]:
    """Give a function that takes each epoch's row, and all rows so far, and writes them where `logs` says.

    Parameters
    ----------
    run : Path
        Run folder.
    logs : sequence of {"csv", "tensorboard"}
    on_epoch : callable, optional
        Called with the row after it was written.

    Raises
    ------
    InputError
        If TensorBoard is asked for and not installed.
    """
    writer = None
    if "tensorboard" in logs:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            raise InputError(
                "the log for TensorBoard needs a package that is not installed",
                hint="pip install 'eeg2fmri[tensorboard]'",
            ) from None
        writer = SummaryWriter(str(run / "tensorboard"))

    def log(row: Row, history: list[Row]) -> None:
        if "csv" in logs:
            write_history(run, history)
        if writer is not None:
            for name, value in row.items():
                if name != "epoch":
                    writer.add_scalar(name.replace("_", "/", 1), value, row["epoch"])
            writer.flush()
        if on_epoch:
            on_epoch(row)

    try:
        yield log
    finally:
        if writer is not None:
            writer.close()
