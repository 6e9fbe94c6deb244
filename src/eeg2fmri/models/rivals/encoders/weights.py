"""Read the weights of an encoder that was trained before from a local file, by name and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from eeg2fmri.core.errors import CheckpointError, Problem

#: What stands before every name in some files, or around all tensors.
PREFIXES = ("student.", "model.", "module.", "encoder.")
WRAPPERS = ("model", "state_dict", "model_state_dict")
#: Endings of files that are read.
PICKLED = (".pth", ".pt", ".bin", ".ckpt")


def load_weights(
    module: nn.Module,
    path: str | Path,
    *,
    other_names: Mapping[str, str] | None = None,
    surplus: Sequence[str] = (),
) -> None:
    """Put the tensors of a file into a module; nothing is fetched, and nothing in the file is executed.

    Parameters
    ----------
    module : nn.Module
    path : str or Path
        ``.safetensors``, or a file of torch that holds tensors alone.
    other_names : mapping of str to str, optional
        Beginning of a name in the file -> in the module.
    surplus : sequence of str
        Beginnings of names in the file that the module has no use for, such as those of a head.

    Raises
    ------
    CheckpointError
        If the file cannot be read, or its tensors do not fit: what is missing, surplus or misshapen is named, and the
        module is as it was.
    """
    where = str(path)
    found = {}
    for name, tensor in _plain(_read(Path(path))).items():
        for old, new in (other_names or {}).items():
            if name.startswith(old):
                name = new + name.removeprefix(old)
        found[name] = tensor
    own = module.state_dict()
    found = {name: tensor for name, tensor in found.items() if name in own or not name.startswith(tuple(surplus))}
    hint = (
        "give the file of this encoder, and its own sizes: the preset without _small, --size published of a benchmark"
    )
    problems = [
        Problem(what, f"{where}: {name}", hint=hint)
        for what, names in (
            ("the file lacks a tensor of the encoder", own.keys() - found.keys()),
            ("the encoder has no such tensor", found.keys() - own.keys()),
        )
        for name in names
    ]
    for name in own.keys() & found.keys():
        got, expected = found[name], own[name]
        if got.shape != expected.shape:
            problems.append(
                Problem(
                    "a tensor has the wrong shape",
                    f"{where}: {name}",
                    str(tuple(got.shape)),
                    str(tuple(expected.shape)),
                    hint,
                )
            )
        elif not torch.isfinite(got).all():
            problems.append(Problem("a tensor is not finite", f"{where}: {name}"))
    if problems:
        raise CheckpointError.of(sorted(problems, key=lambda problem: (problem.what, problem.where)))
    module.load_state_dict({name: tensor.to(own[name].dtype) for name, tensor in found.items()})


def _read(path: Path) -> dict[str, Any]:
    if path.suffix != ".safetensors" and path.suffix not in PICKLED:
        raise CheckpointError(
            "the weights of an encoder are in a kind of file that is not read",
            where=str(path),
            got=path.suffix or "no ending",
            expected=".safetensors, or " + ", ".join(PICKLED),
        )
    if not path.is_file():
        raise CheckpointError(
            "there is no such file with the weights of an encoder",
            where=str(path),
            hint="get it from its authors and give its path, or leave encoder_weights out to start at random",
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # what a damaged file raises is the readers' own
        raise CheckpointError(
            "the weights of an encoder cannot be read as tensors",
            where=str(path),
            got=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no reason given'}",
            hint="get the file again; one that holds more than tensors has to be saved anew with tensors alone",
        ) from None
    return found if isinstance(found, dict) else {}


def _plain(found: dict[str, Any]) -> dict[str, Tensor]:
    """Take what is around the tensors away, and what stands before every name."""
    for wrapper in WRAPPERS:
        if isinstance(found.get(wrapper), dict):
            found = found[wrapper]
    tensors = {name: value for name, value in found.items() if isinstance(value, Tensor)}
    for prefix in PREFIXES:
        own = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
        # the rest belongs to another part: a teacher, a tokeniser
        tensors = own or tensors
    return tensors
