"""The golden test fails where it should: it is run over a folder in which one file is right and five are not."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def test_faults_in_the_folder_are_failures(tmp_path: Path) -> None:
    right = HERE / "data" / "layer_style.npz"
    for name in ("right", "changed", "unbound_key", "unlisted"):
        shutil.copyfile(right, tmp_path / f"{name}.npz")
    with np.load(right) as file:
        arrays = {key: file[key] for key in file.files}
    np.savez(tmp_path / "changed.npz", **{**arrays, "out/y": arrays["out/y"] * 1.001})
    strange = np.asarray(json.dumps({"cls": "Strange"}))
    np.savez(tmp_path / "strange.npz", **{**arrays, "config": strange})
    entry = {"binding": ["out/y"], "tolerance": 2e-5}
    binding = {f"{name}.npz": entry for name in ("right", "changed", "strange", "missing")}
    binding["unbound_key.npz"] = {"binding": ["out/y", "out/other"], "tolerance": 2e-5}
    (tmp_path / "binding.json").write_text(json.dumps(binding), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", str(HERE / "test_golden.py"), "-k", "equals_the_recording", "-rA"]
    environment = {**os.environ, "GOLDEN_DIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.findall(r"^(PASSED|FAILED) \S+\[(\w+)\.npz\]", run.stdout, re.MULTILINE)
    outcome = {name: word for word, name in found}
    assert outcome == {
        "right": "PASSED",
        "changed": "FAILED",
        "unbound_key": "FAILED",
        "unlisted": "FAILED",
        "strange": "FAILED",
        "missing": "FAILED",
    }, run.stdout
    for reason in ("out/other", "not listed", "unknown kind 'Strange'", "it is not below", "tolerance"):
        assert reason in run.stdout
