"""The commit of a data set is found where git keeps it, and nowhere else."""

import shutil
import subprocess

import pytest

from eeg2fmri.data.store.origin.commit import commit_of

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(folder, *words):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *who, "-C", str(folder), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dataset_description.json").write_text("{}")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "data")
    git(tmp_path, "commit", "-q", "-m", "data")
    return tmp_path


def test_the_commit_of_a_folder_within_a_repository(repository):
    assert commit_of(repository / "data") == {"commit": git(repository, "rev-parse", "HEAD"), "changed": False}


def test_a_changed_file_is_told_and_an_added_one_is_not(repository):
    (repository / "data" / "notes.txt").write_text("mine")
    assert commit_of(repository / "data")["changed"] is False
    (repository / "data" / "dataset_description.json").write_text("[]")
    assert commit_of(repository / "data")["changed"] is True


def test_a_folder_that_git_does_not_keep_has_no_commit(repository, tmp_path_factory):
    (repository / "other").mkdir()
    (repository / "other" / "file").write_text("")
    assert commit_of(repository / "other") is None
    assert commit_of(tmp_path_factory.mktemp("plain")) is None
    assert commit_of(repository / "absent") is None


def test_a_repository_without_a_commit(tmp_path):
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) is None


def test_without_git_there_is_no_commit(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert commit_of(repository / "data") is None
