"""What this package computes equals what the earlier package (eeg-to-fMRI 0.0.9) recorded.

The files are below the folder named by GOLDEN_DIR, by default the binding ones that are copied beside this test.
``binding.json`` there says which keys of which file have to be equal, and how closely: max |difference| / max |value|.
A file is replayed by the kind that its config names, so files of other shapes, flags and seeds need no new code. It is
a failure if a binding file is missing, if a file is not listed, if its kind is unknown, or if nothing was computed for
a binding key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from . import golden_layers, golden_models, golden_signals
from .golden_case import Case, difference

FOLDER = Path(os.environ.get("GOLDEN_DIR") or Path(__file__).parent / "data").resolve()
BINDING = json.loads((FOLDER / "binding.json").read_text(encoding="utf-8"))
FOUND = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.npz")}
LISTED = {name for name, entry in BINDING.items() if entry["binding"]}
KINDS = {**golden_layers.KINDS, **golden_models.KINDS, **golden_signals.KINDS}


def kind(case: Case) -> str:
    """Name of the kind: the class or function in the config, or the beginning of its note."""
    if Path(case.name).name == "io.npz":
        return "checkpoint"
    config = case.config
    return config.get("cls") or config.get("fn") or config.get("note", "").split(":")[0]


def test_there_are_binding_files() -> None:
    assert LISTED
    assert all(0 <= BINDING[name]["tolerance"] < 0.01 for name in LISTED)


@pytest.mark.parametrize("name", sorted(FOUND | LISTED))
def test_equals_the_recording(name: str, record_property: Callable[[str, object], None]) -> None:
    assert name in FOUND, f"{name} is binding, but it is not below {FOLDER}"
    assert name in BINDING, f"{name} is not listed in binding.json"
    keys = BINDING[name]["binding"]
    if not keys:
        return  # for information only, as binding.json says
    case = Case(FOLDER, name)
    assert kind(case) in KINDS, f"{name} is of the unknown kind {kind(case)!r}"
    with torch.random.fork_rng():
        results = KINDS[kind(case)](case)
    missing = [key for key in keys if key not in results or key not in case.data]
    assert not missing, f"nothing to compare for {missing}"
    errors = {key: difference(results[key], case.data[key]) for key in keys}
    for key, error in errors.items():
        record_property(key, error)
    tolerance = BINDING[name]["tolerance"]
    wrong = {key: error for key, error in errors.items() if not error <= tolerance}
    assert not wrong, f"tolerance {tolerance}: {wrong}"


#: Recorded without being binding, and the same here: training mode of blocks, gradients of von Mises draws, penalties.
ALSO = ("train/", "grad/", "out/regularization_sum", "out/activity_loss")


@pytest.mark.parametrize("name", sorted(name for name in FOUND & LISTED if name.startswith(("layer_", "model_"))))
def test_agrees_where_it_does_not_bind(name: str) -> None:
    case = Case(FOLDER, name)
    results = KINDS[kind(case)](case)
    keys = [k for k in results if k.startswith(ALSO) and k in case.data and k not in BINDING[name]["binding"]]
    # the bias before a normalisation with batch statistics has no gradient: what is recorded is rounding
    keys = [k for k in keys if not (k.startswith("train/grad/") and k.endswith("/bias"))]
    errors = {key: difference(results[key], case.data[key]) for key in keys}
    assert all(error <= 2e-4 for error in errors.values()), errors
