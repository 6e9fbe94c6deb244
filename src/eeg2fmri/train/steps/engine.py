"""Devices, processes and precision of a training: the only file that knows Lightning Fabric."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.train.config import TrainConfig
from eeg2fmri.train.states.history import Means

if TYPE_CHECKING:
    from lightning.fabric import Fabric


def make_fabric(config: TrainConfig) -> Fabric:
    """Set up the devices and processes of a training.

    Raises
    ------
    Eeg2FmriError
        If several processes are asked for but were not started, or the device is absent.
    """
    from lightning.fabric import Fabric
    from lightning.fabric.plugins.environments import TorchElasticEnvironment

    processes = config.devices * config.nodes
    if processes > 1 and not TorchElasticEnvironment.detect():
        raise Eeg2FmriError(
            "several processes are asked for, but this is a single one",
            got=f"devices={config.devices}, nodes={config.nodes}",
            hint=f"start it with: torchrun --nproc-per-node {config.devices} -m eeg2fmri train ...",
        )
    if config.accelerator == "cuda" and not torch.cuda.is_available():
        raise Eeg2FmriError(
            "no CUDA device is available", got="accelerator=cuda", hint="set accelerator to auto or cpu"
        )
    with warnings.catch_warnings():
        # Fabric advises more devices than were asked for
        warnings.filterwarnings("ignore", module="lightning.*")
        fabric = Fabric(
            accelerator=config.accelerator,
            devices=config.devices,
            num_nodes=config.nodes,
            precision=config.precision,
            strategy="ddp" if processes > 1 else "auto",
        )
        fabric.launch()
    return fabric


@contextmanager
def quiet_buckets() -> Iterator[None]:
    """Keep a warning of torch away that means nothing here: axes of length 1 have strides of no consequence."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Grad strides do not match bucket view strides")
        yield


def reduced(fabric: Fabric, means: Means) -> dict[str, float]:
    """Return the means over the pairs of all processes."""
    if fabric.world_size == 1:
        return means.means()
    names = sorted(means.sums)
    values = torch.tensor([means.sums[name] for name in names] + [means.weight], dtype=torch.float64)
    summed = cast(Tensor, fabric.all_reduce(values.to(fabric.device), reduce_op="sum")).tolist()
    return {name: total / summed[-1] for name, total in zip(names, summed[:-1], strict=True)}


def anyone(fabric: Fabric, asked: bool) -> bool:
    """Whether a stop was asked for in any process: all have to end after the same step."""
    if fabric.world_size == 1:
        return asked
    flag = torch.tensor(float(asked), device=fabric.device)
    return cast(Tensor, fabric.all_reduce(flag, reduce_op="sum")).item() > 0


def average_buffers(fabric: Fabric, model: nn.Module) -> None:
    """Give every process the mean over processes of each buffer of floats (the statistics of batch norm).

    So what is validated and saved does not depend on the process that does it. Statistics that are synchronised are
    the same everywhere, and stay as they are.
    """
    if fabric.world_size == 1:
        return
    for buffer in model.buffers():
        if buffer.is_floating_point():
            buffer.copy_(cast(Tensor, fabric.all_reduce(buffer.clone(), reduce_op="mean")))
