"""Examples in docstrings run, and every public name has one."""

import doctest
import importlib
import shutil
from pathlib import Path

import pytest

import eeg2fmri

SOURCE = Path(eeg2fmri.__file__).parent
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
MODULES = sorted(
    ".".join(("eeg2fmri", *path.relative_to(SOURCE).with_suffix("").parts))
    for path in SOURCE.rglob("*.py")
    if ">>>" in path.read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store of EEG alone of two groups (path)."""
    from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
    from eeg2fmri.simulate.groups.write import GroupsConfig, simulate_groups

    folder = tmp_path_factory.mktemp("groups")
    electrodes = ("F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2")
    config = GroupsConfig(subjects=4, seconds=20.0, sfreq=100.0, electrodes=electrodes, regions=12)
    return Path(prepare_eeg_only(simulate_groups(folder / "bids", config), folder / "groups"))


@pytest.fixture
def workplace(
    small_bids: Path,
    small_store: Path,
    small_run: Path,
    groups: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """Folder with what examples start from: `bids`, `store`, `run` and `groups`; examples run inside it (path)."""
    for name, path in (("bids", small_bids), ("store", small_store), ("groups", groups)):
        (tmp_path / name).symlink_to(path, target_is_directory=True)
    shutil.copytree(small_run, tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize("name", sorted(set(eeg2fmri.__all__) - {"__version__"}))
def test_every_public_name_has_an_example_that_is_run(name: str) -> None:
    public = getattr(eeg2fmri, name)
    function = getattr(public, "_function", lambda: public)()
    examples = doctest.DocTestParser().get_examples(function.__doc__)
    assert any(not example.options.get(doctest.SKIP) for example in examples)
