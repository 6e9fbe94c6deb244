"""A trained synthesiser over many windows: a few at a time, one volume after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import InputError
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

    Parameters
    ----------
    model : nn.Module
        A synthesiser; moved to `device`. It works in evaluation mode and is in its own mode whenever a volume is given.
    windows : iterable of array, shape (channel, freq, time)
        Scaled as in training; read as they are needed, so that memory does not grow with their number.
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

    yield from _over_batches(model, windows, batch_size, device, volumes)


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

    yield from _over_batches(model, windows, batch_size, device, volumes)


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
