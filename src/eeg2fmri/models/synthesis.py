"""A trained synthesiser over many windows: a few at a time, one volume after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import InputError
from eeg2fmri.models.capabilities import block_of
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.documented.uncertainty import monte_carlo

Result = TypeVar("Result")


def chosen_device(device: str) -> str:
    """Give the torch device that ``auto`` stands for."""
    if device != "auto":
        return device
    return "cuda" if torch.cuda.is_available() else "cpu"


class UncertainVolume(NamedTuple):
    """Volume of one window with its uncertainty.

    Attributes
    ----------
    mean : array, shape (x, y, z)
        Mean over the passes.
    epistemic : array, shape (x, y, z)
        Variance over the passes.
    aleatoric : array, shape (x, y, z), or None
        Mean over the passes of the scale; None if the model gives no scale.
    """

    mean: np.ndarray
    epistemic: np.ndarray
    aleatoric: np.ndarray | None


def synthesize(
    model: nn.Module, windows: Iterable[np.ndarray], batch_size: int = 8, device: str | torch.device = "cpu"
) -> Iterator[np.ndarray]:
    """Synthesise a volume for each window.

    A model of blocks gives several estimates of a volume, for windows that follow each other: their mean is taken. So
    a volume rests on up to ``block - 1`` later windows too, and the last volume of a recording on its own alone.

    Parameters
    ----------
    model : nn.Module
        A synthesiser; moved to `device`. It works in evaluation mode and is in its own mode whenever a volume is given.
    windows : iterable of array, shape (channel, freq, time)
        Of one recording, a TR apart; scaled as in training. Read as they are needed, so that memory does not grow with
        their number.
    batch_size : int
        Windows that go through the model at once.
    device : str or torch.device

    Yields
    ------
    array, shape (x, y, z)
        In the scale of the volumes that the model was trained on; float32, or float64 of a float64 model.

    Raises
    ------
    InputError
        If there is no window, or one has the wrong shape or values that are not finite.
    """

    def volumes(batch: Tensor) -> Iterator[np.ndarray]:
        return iter(_array(model(batch).volume))

    yield from averaged(_over_batches(model, windows, batch_size, device, volumes), block_of(model))


def averaged(blocks: Iterable[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """Average the estimates of each volume in blocks, whose last volumes follow each other.

    Parameters
    ----------
    blocks : iterable of array, shape (length times x, y, z)
        Volumes stacked along x, the oldest first.
    length : int
        Volumes of a block.

    Yields
    ------
    array, shape (x, y, z)
        The last volume of each block, as its own block and those after it have it.
    """
    if length == 1:
        yield from blocks
        return
    for found in _estimates(blocks, length):
        yield np.mean([_cut(block, place, length) for place, block in found], axis=0)


def synthesize_uncertain(
    model: SynthesizerNetwork,
    windows: Iterable[np.ndarray],
    passes: int = 100,
    *,
    seed: int = 0,
    batch_size: int = 8,
    device: str | torch.device = "cpu",
) -> Iterator[UncertainVolume]:
    """Synthesise each window several times with fresh draws (Monte Carlo), and say how the volumes vary.

    Parameters
    ----------
    model, windows, batch_size, device
        As in `synthesize`.
    passes : int
        At least 2.
    seed : int
        The same seed gives the same result.

    Yields
    ------
    UncertainVolume

    Raises
    ------
    InputError
        As in `synthesize`.
    ConfigError
        If there are fewer than 2 passes.
    """
    source = torch.Generator().manual_seed(seed)

    def volumes(batch: Tensor) -> Iterator[UncertainVolume]:
        mean, epistemic, aleatoric = monte_carlo(model, batch, passes, source)
        scales = [None] * len(batch) if aleatoric is None else _array(aleatoric)
        return (UncertainVolume(*each) for each in zip(_array(mean), _array(epistemic), scales, strict=True))

    length = block_of(model)
    made = _over_batches(model, windows, batch_size, device, volumes)
    if length == 1:
        yield from made
        return
    for found in _estimates(made, length):
        parts = zip(*(_of_block(one, place, length) for place, one in found), strict=True)
        mean, variance, scale = (None if part[0] is None else np.mean(part, axis=0) for part in parts)
        assert mean is not None
        assert variance is not None
        # that of a mean of independent draws; noise is not made less by a mean
        yield UncertainVolume(mean, variance / len(found), scale)


def _estimates(blocks: Iterable[Result], length: int) -> Iterator[list[tuple[int, Result]]]:
    """Give, for the last volume of each block, the blocks that hold it and its place in each, its own block first."""
    held: deque[Result | None] = deque()
    for block in chain(blocks, repeat(None, length - 1)):
        held.append(block)
        if len(held) == length:
            yield [(length - 1 - ahead, one) for ahead, one in enumerate(held) if one is not None]
            held.popleft()


def _of_block(made: UncertainVolume, place: int, length: int) -> list[np.ndarray | None]:
    return [None if part is None else _cut(part, place, length) for part in made]


def _cut(block: np.ndarray, place: int, length: int) -> np.ndarray:
    """Take one volume (x, y, z) of a block."""
    volume: np.ndarray = block.reshape(length, -1, *block.shape[1:])[place]
    return volume


def _over_batches(
    model: nn.Module,
    windows: Iterable[np.ndarray],
    batch_size: int,
    device: str | torch.device,
    work: Callable[[Tensor], Iterator[Result]],
) -> Iterator[Result]:
    config = getattr(model, "config", None)
    if not (hasattr(config, "eeg_shape") and hasattr(config, "volume_shape")):
        raise InputError(
            "the model is not a synthesiser",
            got=type(model).__name__,
            expected="a model whose config has eeg_shape and volume_shape",
        )
    model.to(device)
    dtype = next(model.parameters()).dtype
    expected = tuple(config.eeg_shape)  # type: ignore[union-attr]
    for batch in _batches(windows, batch_size, expected):
        was_training = model.training
        # neither evaluation mode nor inference mode may last while the caller has the volume
        try:
            model.eval()
            with torch.inference_mode():
                results = list(work(torch.from_numpy(batch).to(device, dtype)))
        finally:
            model.train(was_training)
        yield from results


def _batches(windows: Iterable[np.ndarray], size: int, expected: tuple[int, ...]) -> Iterator[np.ndarray]:
    held: list[np.ndarray] = []
    number = -1
    for number, window in enumerate(windows):
        values = np.asarray(window)
        if values.shape != expected:
            raise InputError(
                "a window does not have the shape that the model was built for",
                where=f"window {number}",
                got=str(values.shape),
                expected=f"{expected} (channel, freq, time)",
            )
        if not np.isfinite(values).all():
            raise InputError("a window has values that are not finite", where=f"window {number}")
        held.append(values)
        if len(held) == size:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)
    if number < 0:
        raise InputError("there is no window to synthesise a volume from")


def _array(tensor: Tensor) -> np.ndarray:
    """To numpy, which has no bfloat16."""
    wide = tensor if tensor.dtype == torch.float64 else tensor.float()
    array: np.ndarray = wide.cpu().numpy()
    return array
