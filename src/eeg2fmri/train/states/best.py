"""The weights of the best epoch so far, on disk beside the states of the training."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.train.states.state import State, read_state, write_state


def write_best(folder: Path, epoch: int, model: nn.Module) -> None:
    """Keep the present weights as those of the best epoch.

    Raises
    ------
    CheckpointError
        If they cannot be written; the best ones before stay.
    """
    write_state(folder, epoch, State(dict(model.state_dict()), {"epoch": epoch}))


def read_best(folder: Path, epoch: int) -> tuple[int, dict[str, Tensor]]:
    """Read the weights of the best epoch.

    Parameters
    ----------
    folder : Path
    epoch : int
        The best epoch. If its weights are damaged, those of the best epoch before it are taken, with a warning.

    Returns
    -------
    epoch : int
        Whose weights these are.
    weights : dict of str to Tensor

    Raises
    ------
    CheckpointError
        If there are none that can be read.
    """
    state = read_state(folder, epoch)
    if state is None:
        raise CheckpointError(
            "the weights of the best epoch are gone",
            where=str(folder),
            expected=f"those of epoch {epoch}",
            hint="start the training again in a new folder",
        )
    return int(state.facts["epoch"]), state.tensors
