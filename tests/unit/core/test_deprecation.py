import pytest

from eeg2fmri.core.deprecation import RemovedError, deprecated, renamed_arguments
from eeg2fmri.core.errors import Eeg2FmriError


@renamed_arguments(since="0.1", removed="99.0", jobs="n_jobs", store_path="store")
def work(store: str, *, n_jobs: int = 1) -> tuple[str, int]:
    """Give what was given."""
    return store, n_jobs


def test_old_names_go_on_and_warn_at_the_place_of_the_call() -> None:
    with pytest.warns(FutureWarning, match=r"'jobs' of work\(\).*since version 0\.1.*in 99\.0: use 'n_jobs'") as seen:
        assert work("a", jobs=3) == ("a", 3)
    assert seen[0].filename == __file__
    with pytest.warns(FutureWarning, match="store_path"):
        assert work(store_path="b") == ("b", 1)
    assert work("c", n_jobs=2) == ("c", 2)


def test_old_and_new_name_together_are_refused() -> None:
    with pytest.raises(TypeError, match="both 'n_jobs' and its old name 'jobs'"):
        work("a", jobs=3, n_jobs=2)


@pytest.mark.parametrize("version", ["0.3", "0.3.0", "0.3.1", "0.10", "1.0.dev2"])
def test_the_version_that_goes_without_refuses(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eeg2fmri.__version__", version)
    with pytest.raises(RemovedError, match=r"--jobs was removed in version 0\.3(.|\n)*use --n-jobs") as refused:
        deprecated("--jobs", "--n-jobs", since="0.1", removed="0.3")
    assert isinstance(refused.value, Eeg2FmriError)


@pytest.mark.parametrize("version", ["0.1.0", "0.2.9", "0.2.dev3"])
def test_versions_before_warn(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eeg2fmri.__version__", version)
    with pytest.warns(FutureWarning, match="--n-jobs"):
        deprecated("--jobs", "--n-jobs", since="0.1", removed="0.3")
