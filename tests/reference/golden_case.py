"""One recorded file: its config, weights, samples, and the keys that bind."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

Results = dict[str, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A recorded file below a folder of them."""

    folder: Path
    name: str

    @cached_property
    def data(self) -> dict[str, np.ndarray]:
        with np.load(self.folder / self.name) as file:
            return {key: file[key] for key in file.files}

    @cached_property
    def config(self) -> dict[str, Any]:
        return json.loads(str(self.data["config"])) if "config" in self.data else {}

    def weights(self, *, strip: int = 0) -> dict[str, np.ndarray]:
        """Weights by clear name, without the first `strip` parts of their names."""
        found = {key.removeprefix("w/"): value for key, value in self.data.items() if key.startswith("w/")}
        return {"/".join(key.split("/")[strip:]): value for key, value in found.items()}

    def samples(self, prefix: str = "sample") -> list[np.ndarray]:
        """Random tensors in the order in which they were drawn; those that are not random are left out."""
        keys = [key for key in self.data if key.startswith(f"{prefix}/")]
        keys.sort(key=lambda key: int(key.split("/")[1].split("_")[0]))
        return [self.data[key] for key in keys if key.split("_")[-1] not in ("Deterministic", "Independent")]

    def tensor(self, key: str) -> torch.Tensor:
        return torch.from_numpy(np.asarray(self.data[key]))

    def volume(self, key: str) -> torch.Tensor:
        """An input whose last axis, of length 1, is Keras' channel."""
        value = self.tensor(key)
        return value[..., 0] if value.shape[-1] == 1 else value


def array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def difference(ours: np.ndarray, recorded: np.ndarray) -> float:
    """max |difference| / max |recorded|; axes of length 1 do not count (Keras' channel)."""
    a, b = np.asarray(ours, np.float64).squeeze(), np.asarray(recorded, np.float64).squeeze()
    assert a.shape == b.shape, f"shape {np.shape(ours)} instead of {recorded.shape}"
    largest = np.abs(b).max()
    return float(np.abs(a - b).max() / (largest if largest > 0 else 1.0))
