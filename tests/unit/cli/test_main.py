"""The command line: help that shows an example, errors without a traceback, exit statuses."""

import subprocess
import sys

import pytest
import typer

from eeg2fmri import __version__
from eeg2fmri.cli.main import app, run
from eeg2fmri.core.errors import InputError

COMMANDS = sorted(typer.main.get_command(app).commands)


def test_the_version_is_printed(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"eeg2fmri {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command, capsys):
    assert run([command, "--help"]) == 0
    assert f"Example: eeg2fmri {command} " in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["no-such-command"], ["train"], ["train", "a", "b", "--epochs", "-1"]])
def test_wrong_arguments_exit_with_2_and_a_message(arguments, capsys):
    assert run(arguments) == 2
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prepare", "nowhere", "store"], "nowhere"),
        (["train", "nowhere", "run"], "nowhere"),
        (["predict", "nowhere", "a.vhdr", "out.nii.gz"], "nowhere"),
        (["evaluate", "nowhere", "no-store"], "no-store"),
        (["report", "nowhere"], "nowhere"),
        (["stream", "nowhere", "--lsl", "amplifier"], "nowhere"),
        (["import-checkpoint", "nowhere", "out"], "nowhere"),
        (["tune", "nowhere", "study"], "nowhere"),
        (["simulate", "out", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_an_input_that_does_not_exist_is_named_without_a_traceback(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("eeg2fmri: error: ")
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_ours_becomes_status_1(capsys, monkeypatch):
    def fail(*arguments, **options):
        raise InputError("the EEG is too short", where="a.vhdr", hint="record longer")

    monkeypatch.setattr("eeg2fmri.data.prepare.run.prepare", fail)
    assert run(["prepare", "a", "b"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "eeg2fmri: error: the EEG is too short",
        "  where:    a.vhdr",
        "  do:       record longer",
    ]


def test_a_full_disk_is_said(capsys, monkeypatch):
    import errno

    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device", "store/eeg.npy")

    monkeypatch.setattr("eeg2fmri.data.prepare.run.prepare", fail)
    assert run(["prepare", "a", "b"]) == 1
    assert "the disk is full" in capsys.readouterr().err


def test_what_the_system_refuses_is_one_error_without_a_traceback(capsys, tmp_path):
    (tmp_path / "file").write_text("")
    for arguments in (
        ["simulate", "/proc/x"],
        ["simulate", str(tmp_path / "file" / "below")],
        ["store", "detach", str(tmp_path / "file")],
        ["report", str(tmp_path / "file")],
    ):
        assert run(arguments) == 1
        told = capsys.readouterr().err
        assert told.startswith("eeg2fmri: error: ")
        assert "where:" in told


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(13, "Permission denied", "a/b"), "may not be used"),
        (NotADirectoryError(20, "Not a directory", "a/b"), "file where a folder should be"),
        (OSError(5, "Input/output error", "a/b"), "could not read or write"),
        (OSError("no number"), "no number"),
    ],
)
def test_errors_of_the_system_say_where_and_what_next(error, said, capsys, monkeypatch):
    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr("eeg2fmri.data.prepare.run.prepare", fail)
    assert run(["prepare", "a", "b"]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert ("a/b" in told) == (error.filename is not None)


def test_a_defect_keeps_its_traceback(monkeypatch):
    def fail(*arguments, **options):
        raise ZeroDivisionError

    monkeypatch.setattr("eeg2fmri.data.prepare.run.prepare", fail)
    with pytest.raises(ZeroDivisionError):
        run(["prepare", "a", "b"])


def test_an_interrupt_exits_with_130(capsys, monkeypatch):
    def fail(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("eeg2fmri.data.prepare.run.prepare", fail)
    assert run(["prepare", "a", "b"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from eeg2fmri.cli.main import run; run(['train', '--help']); "
        "heavy = {'torch', 'mne', 'nibabel', 'nilearn', 'scipy', 'lightning', 'pandas', 'matplotlib', 'sklearn'}; "
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"


def test_importing_the_package_imports_nothing_heavy():
    code = "import sys, eeg2fmri; print(sorted({'torch', 'mne', 'numpy', 'pydantic'} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


def test_worlds_are_listed_with_what_bold_follows(capsys):
    assert run(["simulate", "--list-worlds"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) >= 20
    assert all(" BOLD follows " in line for line in listed)
    assert listed[0].startswith("powers ")


def test_a_world_by_name_is_written_and_an_unknown_one_refused(tmp_path, capsys):
    settings = tmp_path / "tiny.yaml"
    settings.write_text("{volumes: 4, electrodes: 4, grid: [4, 5, 3], regions: 6, sfreq: 100, t1w_voxel_mm: 8}")
    tiny = ["--config", str(settings), "--subjects", "1"]
    assert run(["simulate", str(tmp_path / "out"), "--world", "events", *tiny]) == 0
    assert (tmp_path / "out/sub-01/func/sub-01_task-events_events.tsv").is_file()
    assert run(["simulate", str(tmp_path / "no"), "--world", "evens", *tiny]) == 1
    assert "did you mean events" in capsys.readouterr().err
    assert run(["simulate", *tiny]) == 1
    assert "no folder to write to" in capsys.readouterr().err


def test_a_figure_of_ones_own_is_added_to_a_page(tmp_path, capsys):
    from PIL import Image

    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "train.yaml").write_text("epochs: 2\n", encoding="utf-8")
    Image.new("RGB", (8, 6)).save(tmp_path / "cap.png")
    added = ["--add", str(tmp_path / "cap.png"), "--caption", "Our cap."]
    assert run(["report", str(tmp_path / "run"), *added]) == 0
    assert "<figcaption>Our cap.</figcaption>" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert run(["report", str(tmp_path / "run"), str(tmp_path / "other.html"), "--caption", "Nothing."]) == 1
    assert "more captions than pictures" in capsys.readouterr().err
    assert not (tmp_path / "other.html").exists()
