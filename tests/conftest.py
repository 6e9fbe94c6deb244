"""Recordings, a store and a run that many tests look at, made once; nobody writes to them."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

#: Unequal and small, with everything that real recordings have.
SMALL = {
    "subjects": 3,
    "volumes": 30,
    "grid": (9, 11, 8),
    "electrodes": 12,
    "regions": 8,
    "sfreq": 100.0,
    "tr": 1.5,
    "seed": 3,
    "t1w_voxel_mm": 8.0,
}


@pytest.fixture(scope="session")
def small_simulation():
    """Settings of a simulation that takes a second."""
    return SMALL


@pytest.fixture(scope="session")
def small_bids(small_simulation, tmp_path_factory):
    """BIDS folder of three simulated subjects (path)."""
    from eeg2fmri.simulate import SimulationConfig, simulate_dataset

    return simulate_dataset(tmp_path_factory.mktemp("small") / "bids", SimulationConfig.make(small_simulation))


@pytest.fixture(scope="session")
def small_store(small_bids, tmp_path_factory):
    """Store of those subjects (path)."""
    from eeg2fmri.data.prepare.run import PrepareConfig, prepare

    return prepare(small_bids, tmp_path_factory.mktemp("small") / "store", PrepareConfig()).path


@pytest.fixture(scope="session")
def small_settings():
    """Settings of a training that takes a second: one epoch of windows of four volumes."""
    return {
        "epochs": 1,
        "batch_size": 4,
        "accelerator": "cpu",
        "pairs": {"window": 4},
        "split": {"seed": 1},
        "model": {"preset": "documented", "latent_shape": [2, 3, 2]},
    }


@pytest.fixture(scope="session")
def small_run(small_store, small_settings, tmp_path_factory):
    """Run trained on that store (path)."""
    from eeg2fmri.train.run import train_run

    return train_run(small_store, tmp_path_factory.mktemp("small") / "run", small_settings).run


@pytest.fixture(scope="session")
def small_recommended(small_store, tmp_path_factory):
    """Run of the recommended synthesiser on that store (path)."""
    from eeg2fmri.train.run import train_run

    settings = {"model": {"preset": "recommended"}, "split": {"seed": 1}}
    return train_run(small_store, tmp_path_factory.mktemp("small") / "recommended", settings).run


def _beside(name):
    """Import a module that lies beside this file; tests are no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def written_eeg():
    """Writers of EDF, BDF and EEGLAB files (module)."""
    return _beside("written_eeg")


@pytest.fixture(scope="session")
def lookalikes():
    """Look-alikes of the public data sets of EEG alone (module)."""
    return _beside("lookalikes")


@pytest.fixture(scope="session")
def as_somebody_else():
    """Do something in a child process as a user who owns nothing, also where the tests run as root (function)."""
    return _beside("other_user").as_somebody_else


@pytest.fixture
def open_folder():
    """Folder that every user can see (path); those of pytest are for one user."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def messages():
    """What rooms say of faults (module)."""
    return _beside("said")


@pytest.fixture(autouse=True)
def said(request, messages, monkeypatch):
    """Compare what rooms say of faults with what is kept, word for word; see `tests/said.py`."""
    room = messages.room_of(request.path)
    if room is None or request.node.get_closest_marker("hypothesis"):
        yield
        return
    folder = request.getfixturevalue("tmp_path_factory").getbasetemp()
    with messages.recorded(monkeypatch, (folder,)) as found:
        yield
    messages.compared(room, found)


@pytest.fixture(scope="session")
def bids_errors():
    """Return a function that gives the errors of the BIDS validator in a folder."""
    validator = shutil.which("bids-validator-deno") or str(Path(sys.executable).with_name("bids-validator-deno"))
    if not Path(validator).exists():
        pytest.skip("bids-validator-deno is not installed")

    def of(folder):
        result = subprocess.run(
            [validator, str(folder), "--format", "json"], capture_output=True, text=True, check=False
        )
        return [one for one in json.loads(result.stdout)["issues"]["issues"] if one["severity"] == "error"]

    return of


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print how cases of broken input ended: each kind where all are run, and the sum."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, ())]
    found = [value for one in reports for name, value in one.user_properties if name == "faults"]
    if found:
        worked, refused, faults = (sum(value[k] for value in found) for k in (1, 2, 3))
        if os.environ.get("EEG2FMRI_FAULTS") == "all":
            for text, *_ in found:
                terminalreporter.write_line(text)
        total = worked + refused + faults
        terminalreporter.write_line(f"broken input: {total} cases, {worked} worked, {refused} refused, {faults} faults")
