"""What each of several processes does in the tests of them; started by torchrun.

    torchrun ... processes.py FOLDER [cuda]

The processes are two machines of one device each, or two GPUs of one machine. Trains the toy synthesiser in every way
of `CASES`, and writes what each process ends with to FOLDER.
"""

import json
import sys
from pathlib import Path

import torch
import toy
from safetensors.torch import save_file

from eeg2fmri.nn.norm import BatchNorm, synchronise

#: Settings of one process with batches of 4; each of two processes takes batches of 2.
CASES = {
    "plain": {"norm": False},
    "grouped": {
        "norm": False,
        "average_decay": 0.8,
        "optimiser": {"accumulate": 2, "clip_norm": 0.05, "schedule": "cosine", "warmup_steps": 2},
    },
    "normalised": {},
    "normalised, bf16-mixed": {"precision": "bf16-mixed"},
    "apart": {"synchronise_batch_norm": False},
}
#: What all have in common: no dropout and no draws, which differ between processes, and whole global batches.
COMMON = {"n": 20, "noise": False, "optimiser": {"learning_rate": 0.01}}


def settings_of(name):
    case = CASES[name]
    return {**COMMON, **case, "optimiser": {**COMMON["optimiser"], **case.get("optimiser", {})}}


class Stopped(BaseException):
    """Ends a training between two steps, in every process alike."""


def stop_at(step):
    def progress(what, done, total):
        if done == step:
            raise Stopped

    return progress


def main(folder, accelerator="cpu"):
    machines = {"nodes": 2} if accelerator == "cpu" else {"devices": 2}
    two = {**machines, "accelerator": accelerator, "batch_size": 2}
    weights, ends = {}, {}
    for name in CASES:
        training = toy.make_training(folder / name, **settings_of(name), **two)
        rank = training.fabric.global_rank
        fitted = training.run()
        weights |= {f"{name}.{key}": value.cpu() for key, value in fitted.weights.items()}
        ends |= {f"{name}.{key}": value.cpu() for key, value in training.raw.state_dict().items()}
        (folder / f"{name}-{rank}.json").write_text(json.dumps(fitted.history))
    noisy = {"n": 20, "checkpoint_minutes": 1e-9, **two}
    whole = toy.make_training(folder / "whole", **noisy).run()
    try:
        toy.make_training(folder / "cut", **noisy).run(progress=stop_at(7))
    except Stopped:
        resumed = toy.make_training(folder / "cut", **noisy).run(resume=True)
    for name, fitted in (("whole", whole), ("resumed", resumed)):
        weights |= {f"{name}.{key}": value.cpu() for key, value in fitted.weights.items()}
    alone = layer(rank, training.fabric.device)
    save_file({**weights, **alone}, folder / f"weights-{rank}.safetensors")
    save_file(ends, folder / f"ends-{rank}.safetensors")


def layer(rank, device):
    """One pass through the layer by itself, with another number of samples in each process."""
    norm, x, slope = (part.to(device) for part in layer_case())
    synchronise(norm)
    mine = slice(0, 3) if rank == 0 else slice(3, 8)
    part = x[mine].clone().requires_grad_()
    out = norm(part)
    (out * slope[mine]).sum().backward()
    found = {"out": out.detach(), "x": part.grad, "mean": norm.running_mean, "var": norm.running_var}
    return {f"layer.{name}": value.cpu().contiguous() for name, value in found.items()}


def layer_case():
    """A layer, samples with a mean far from 0, and the gradient of the loss by the output."""
    source = torch.Generator().manual_seed(0)
    norm = BatchNorm(3).double()
    norm.weight.data = torch.randn(3, generator=source).double()
    x = 50 + torch.randn(8, 3, 2, 4, generator=source).double()
    return norm, x, torch.randn(x.shape, generator=source).double()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
