"""A trained synthesiser as an ONNX or torch.export file, checked against the model before it is kept."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.disk.files import OutputError, whole_files
from eeg2fmri.core.disk.room import check_disk
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.random import child_seed
from eeg2fmri.models.capabilities import block_of
from eeg2fmri.models.saving.hub import Loaded, load

if TYPE_CHECKING:
    from torch import Tensor, nn

#: Largest difference from the model, as a share of its largest value, at which an export is kept.
TOLERANCE = 1e-4
#: Random windows that the export is checked on; another number than it is traced with.
CHECKED = 3


@dataclass(frozen=True)
class Exported:
    """An exported model.

    Attributes
    ----------
    path, sidecar : Path
        The model, and a JSON with what its input must be.
    difference : float
        Largest difference from the model on random windows, as a share of its largest value.
    """

    path: Path
    sidecar: Path
    difference: float


def export_run(run: str | Path, out: str | Path) -> Exported:
    """Export the inference of a run.

    The exported function maps ``eeg`` (batch, channel, freq, time), scaled as in training, to ``volume``
    (batch, x, y, z) in the scale of the training, and ``scale`` if the model gives one; the batch is free. Variational
    parts are taken at their means. A model of blocks gives whole ones, its volumes stacked along x, the oldest first.

    Parameters
    ----------
    run : path
        Run folder.
    out : path
        ``.onnx`` (needs onnx, onnxscript and onnxruntime), or ``.pt2`` for torch.export. Must not exist.

    Raises
    ------
    InputError
        If `out` exists or has another ending, a package is missing, or the export differs from the model by more
        than 1e-4 of its largest value.
    CheckpointError
        If the run cannot be loaded.
    """
    out = Path(out)
    sidecar = out.with_suffix(".json")
    for path in (out, sidecar):
        if path.exists():
            raise InputError("the output exists already", where=str(path), hint="remove it or choose another name")
    if out.suffix not in (".onnx", ".pt2"):
        raise InputError("unknown kind of export", got=out.name, expected="a name that ends in .onnx or .pt2")
    loaded = load(run)
    inference = _inference(loaded.model)
    x = _windows(loaded, 2)
    weights = sum(one.numel() * one.element_size() for one in loaded.model.state_dict().values())
    check_disk(out, weights, "export a smaller model", OutputError)
    with whole_files(out, sidecar) as (part, facts):
        _write(inference, x, part, out.suffix)
        checked = _windows(loaded, CHECKED)
        difference = _difference(inference, checked, _outputs(part, out.suffix, checked))
        if not difference <= TOLERANCE:
            raise InputError(
                "the export differs from the model",
                where=str(out),
                got=f"{difference:.2g} of the largest value",
                expected=f"at most {TOLERANCE:g}",
            )
        facts.write_text(json.dumps(_facts(loaded, difference), indent=2) + "\n", encoding="utf-8")
    return Exported(out, sidecar, difference)


def _inference(model: nn.Module) -> nn.Module:
    """Wrap a model so that it takes a window and gives tensors alone."""
    from torch import nn

    class Inference(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, eeg: Tensor) -> tuple[Tensor, ...]:
            out = self.model(eeg)
            return (out.volume,) if out.scale is None else (out.volume, out.scale)

    return Inference().eval()


def _windows(loaded: Loaded, n: int) -> Tensor:
    import torch

    generator = torch.Generator().manual_seed(child_seed(0, "export", n))
    return torch.randn((n, *loaded.card.model["eeg_shape"]), generator=generator)


def _write(inference: nn.Module, x: Tensor, path: Path, suffix: str) -> None:
    import torch

    shapes = {"eeg": {0: torch.export.Dim("batch", min=1)}}
    with _quiet():
        if suffix == ".pt2":
            # its writer ends the process where a file cannot grow: it gets one in memory
            content = io.BytesIO()
            torch.export.save(torch.export.export(inference, (x,), dynamic_shapes=shapes), content)
            path.write_bytes(content.getbuffer())
            return
        try:
            import onnx  # noqa: F401
            import onnxruntime  # noqa: F401
            import onnxscript  # noqa: F401
        except ImportError as error:
            raise InputError(
                "the export to ONNX needs a package that is not installed",
                got=str(error.name),
                hint="pip install 'eeg2fmri[export]'",
            ) from None
        try:
            torch.onnx.export(
                inference,
                (x,),
                path,
                input_names=["eeg"],
                output_names=["volume", "scale"][: len(inference(x[:1]))],
                dynamic_shapes=shapes,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            cause = error.__cause__ or error
            raise InputError(
                "the model has an operation that cannot be written as ONNX",
                where=str(path.name),
                got=str(cause).splitlines()[0][:300] if str(cause) else type(cause).__name__,
                hint="export it as a file of torch.export: a name that ends in .pt2",
            ) from None


def _outputs(path: Path, suffix: str, x: Tensor) -> list[np.ndarray]:
    import torch

    if suffix == ".pt2":
        with path.open("rb") as stream, torch.inference_mode(), _quiet():
            return [value.numpy() for value in torch.export.load(stream).module()(x)]
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: list[np.ndarray] = session.run(None, {"eeg": x.numpy()})
    return found


def _difference(inference: nn.Module, x: Tensor, got: list[np.ndarray]) -> float:
    import torch

    with torch.inference_mode():
        expected = [value.numpy() for value in inference(x)]
    return max(float(np.abs(a - b).max() / np.abs(a).max()) for a, b in zip(expected, got, strict=True))


def _facts(loaded: Loaded, difference: float) -> dict[str, object]:
    card = loaded.card.model_dump(mode="json")
    x, *others = card["model"]["volume_shape"]
    shape = [None, block_of(loaded.model) * x, *others]
    return {
        "input": {
            "name": "eeg",
            "axes": ["batch", "channel", "freq", "time"],
            "shape": [None, *card["model"]["eeg_shape"]],
        },
        "output": {"name": "volume", "axes": ["batch", "x", "y", "z"], "shape": shape},
        **{key: card[key] for key in ("electrodes", "frequencies", "tr", "grid", "affine", "space", "pairs")},
        "checkpoint_sha256": loaded.digest,
        "difference": difference,
    }


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep what the exporters tell their own developers away from the user."""
    names = ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")
    before = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
