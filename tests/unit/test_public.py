"""The public face: names that are found lazily, packages that are called, and the page that lists both."""

import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

import eeg2fmri

PAGE = Path(__file__).parents[2] / "docs" / "public.md"
CALLED = ("classify", "crossvalidate", "evaluate", "explain", "predict", "report", "simulate", "train", "tune")


def fresh(code: str) -> str:
    """Run code in a new interpreter and give what it printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_public_name_is_found_and_listed() -> None:
    for name in eeg2fmri.__all__:
        assert getattr(eeg2fmri, name) is not None
    assert set(eeg2fmri.__all__) - {"__version__"} <= set(dir(eeg2fmri))
    with pytest.raises(AttributeError):
        _ = eeg2fmri.nothing_of_this_name


def test_page_names_what_is_public_and_nothing_else() -> None:
    told = set(re.findall(r"^\| `(\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == set(eeg2fmri.__all__) - {"__version__"}


@pytest.mark.parametrize("name", CALLED)
def test_package_is_what_is_called(name: str) -> None:
    package = getattr(eeg2fmri, name)
    assert package is sys.modules[f"eeg2fmri.{name}"]
    assert inspect.signature(package) == inspect.signature(package._function())


@pytest.mark.parametrize("name", ["report", "simulate"])  # those without torch: each order is a process of its own
def test_package_is_called_in_any_order_of_imports(name: str) -> None:
    module = inspect.getmodule(getattr(eeg2fmri, name)._function()).__name__
    function = getattr(eeg2fmri, name)._function().__name__
    orders = (
        f"import eeg2fmri; first = eeg2fmri.{name}; from {module} import {function}",
        f"from {module} import {function}; import eeg2fmri; first = eeg2fmri.{name}",
        f"import {module} as deep; from eeg2fmri import {name} as first; {function} = deep.{function}",
    )
    for order in orders:
        same = f"inspect.signature(first) == inspect.signature({function})"
        assert fresh(f"{order}; import inspect; print(callable(first), {same})") == "True True"


def test_called_package_hands_on_what_it_was_given(tmp_path: Path) -> None:
    from eeg2fmri.train.run import train_run

    assert eeg2fmri.train._function() is train_run
    with pytest.raises(eeg2fmri.Eeg2FmriError, match="not a store"):
        eeg2fmri.train(store=tmp_path, run=tmp_path / "run", config={"epochs": 1})
    assert pickle.loads(pickle.dumps(eeg2fmri.train)) is eeg2fmri.train


def test_importing_and_listing_loads_nothing_heavy() -> None:
    code = (
        "import sys, eeg2fmri; dir(eeg2fmri); eeg2fmri.train; eeg2fmri.crossvalidate; eeg2fmri.classify;"
        "print(sorted({'torch', 'numpy', 'mne', 'pandas', 'pydantic', 'joblib'} & set(sys.modules)))"
    )
    assert fresh(code) == "[]"


@pytest.mark.parametrize("name", sorted(set(eeg2fmri.__all__) - {"__version__"}))
def test_arguments_have_one_spelling(name: str) -> None:
    found = set(inspect.signature(getattr(eeg2fmri, name)).parameters)
    assert not found & {"jobs", "store_path", "run_path", "values", "cfg", "njobs", "output", "root"}
