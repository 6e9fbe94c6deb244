"""Options that all commands share, defaults in the help, and where values come from."""

import logging
import re

import pytest
import typer

from eeg2fmri.cli import console
from eeg2fmri.cli.common import WithSettings, log_to
from eeg2fmri.cli.defaults import DEFAULTS
from eeg2fmri.cli.main import app, run
from eeg2fmri.core.log import logger, use_log_level

COMMANDS = typer.main.get_command(app).commands
#: Options of which a setting of the same name is something else, or that decide it by other means.
OTHERS = {("explain", "rules"), ("benchmark", "epochs")}


@pytest.fixture(autouse=True)
def _loud():
    yield
    console.quiet(False)


def inner(name):
    """Return the command of a name such as ("store", "info")."""
    found = COMMANDS[name[0]]
    return found.commands[name[1]] if name[1:] else found


NAMES = [
    (name, *more)
    for name, command in COMMANDS.items()
    for more in ([(one,) for one in command.commands] if hasattr(command, "commands") else [()])
]


@pytest.mark.parametrize("name", NAMES, ids=" ".join)
def test_every_command_has_the_shared_options_and_every_option_its_default(name, capsys):
    assert run([*name, "--help"]) == 0
    shown = capsys.readouterr().out
    for option in ("--quiet", "--verbose", "--log-file", "--print-config"):
        assert option in shown
    command = inner(name)
    context = command.make_context(name[-1], [], resilient_parsing=True)
    for one in command.get_params(context):
        if one.param_type_name == "option" and not one.is_flag and not one.hidden:
            assert "default:" in one.get_help_record(context)[1], one.name


#: Options that are settings under another name.
PLACES = {"preset": "model.preset", "target": "pairs.target", "folds": "split.folds", "by": "split.by"}
WITH_SETTINGS = [name for name, command in COMMANDS.items() if isinstance(command, WithSettings)]
ANSWERS = {"analysis_level": "participant"}


def printed(capsys, command, *options):
    """Run a command with an argument wherever it takes one and --print-config, and give value and source by name."""
    needed = [ANSWERS.get(one.name, "x") for one in COMMANDS[command].params if one.param_type_name == "argument"]
    assert run([command, *needed, *options, "--print-config"]) == 0
    return rows(capsys)


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_defaults_in_the_help_are_those_of_the_settings_and_none_is_missing(command, capsys):
    found = printed(capsys, command)
    for one in COMMANDS[command].params:
        value, _ = found.get(one.name) or found.get(PLACES.get(one.name)) or ("null", "")
        optional = one.param_type_name == "option" and one.default is None
        if optional and (command, one.name) not in OTHERS and value not in ("null", "[]"):
            assert DEFAULTS[command, one.name].split(",")[0] == value.strip(chr(34))


@pytest.mark.parametrize("command", WITH_SETTINGS)
def test_print_config_does_nothing_else(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert printed(capsys, command)
    assert list(tmp_path.iterdir()) == []


def test_every_command_with_settings_but_the_import_prints_those_of_its_file():
    options = {name: {one.name for one in command.params} for name, command in COMMANDS.items()}
    assert {name for name, own in options.items() if "config" in own} - {"import-checkpoint"} == set(WITH_SETTINGS)


@pytest.mark.parametrize(
    ("command", "options", "name", "value", "source"),
    [
        ("simulate", ["--world", "focal"], "coupled", "0.125", "world focal"),
        ("prepare", ["--recipe", "cn_epfl"], "tr", "1.28", "recipe cn_epfl"),
        ("prepare", ["--eeg-only", "--label", "sex"], "label_from", '"participants"', "option"),
        ("crossvalidate", ["--by", "data-set", "--seed", "3"], "split.folds", '"leave-one-out"', "default"),
        ("crossvalidate", ["--by", "data-set", "--seed", "3"], "split.seed", "3", "option"),
        ("explain", ["--voxel", "1", "2", "3"], "target", "[1, 2, 3]", "option"),
        ("predict", ["--config", "c.yaml"], "triggers", '"repair"', "file c.yaml"),
        ("predict", ["--unit", "uV"], "eeg.unit", '"uV"', "option"),
        ("bids-app", ["--config", "c.yaml"], "triggers", '"repair"', "file c.yaml"),
        ("benchmark", ["--config", "split.yaml"], "split.test", "2", "file split.yaml"),
        ("benchmark", ["--models", "all"], "epochs.e2fnet", "50", "default"),
        ("benchmark", ["--models", "documented,neurobolt"], "epochs.neurobolt", "20", "default"),
        ("benchmark", ["--models", "all", "--epochs", "3"], "epochs", "3", "option"),
        ("train", ["--config", "model.yaml", "--preset", "documented"], "model.preset", '"documented"', "option"),
    ],
)
def test_print_config_tells_what_the_command_would_use(
    command, options, name, value, source, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    for file, text in (
        ("c.yaml", "triggers: repair"),
        ("split.yaml", "split: {test: 2}"),
        ("model.yaml", "model: {preset: recommended, n_bins: 3}"),
    ):
        (tmp_path / file).write_text(text)
    found = printed(capsys, command, *options)
    assert found[name] == (value, source)
    assert "model.n_bins" not in found  # an option takes the place of the whole model


RANDOM = ("simulate", "simulate-eeg", "train", "evaluate", "crossvalidate", "benchmark", "explain", "classify", "tune")


@pytest.mark.parametrize("name", RANDOM)
def test_every_command_that_draws_takes_a_seed(name):
    assert "seed" in {one.name for one in COMMANDS[name].params}


def test_the_seed_of_an_evaluation_arrives(monkeypatch):
    class Arrived(Exception):
        pass

    def evaluate(*_, seed, **__):
        raise Arrived(seed)

    monkeypatch.setattr("eeg2fmri.evaluate.run.evaluate_run", evaluate)
    with pytest.raises(Arrived, match="7"):
        run(["evaluate", "run", "store", "--seed", "7"])


def test_quiet_says_nothing_but_errors(small_store, capsys):
    assert run(["store", "info", str(small_store), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert run(["store", "info", "nowhere", "-q"]) == 1
    assert "nowhere" in capsys.readouterr().err
    assert run(["store", "info", str(small_store)]) == 0
    assert "recordings:" in capsys.readouterr().out


def test_the_log_file_has_what_was_said_with_times_and_is_added_to(small_store, tmp_path, capsys):
    for _ in range(2):
        assert run(["store", "info", str(small_store), "--log-file", str(tmp_path / "log.txt")]) == 0
    said = [line for line in capsys.readouterr().out.splitlines() if "hash:" in line]
    logged = [line for line in (tmp_path / "log.txt").read_text().splitlines() if "hash:" in line]
    assert len(said) == len(logged) == 2
    assert logged[0].endswith(said[0])
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ INFO ", logged[0])
    assert run(["store", "info", str(small_store), "--log-file", str(tmp_path / "no" / "log.txt")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_errors_are_in_the_log_file_too(tmp_path, capsys):
    assert run(["store", "info", str(tmp_path / "nowhere"), "--log-file", str(tmp_path / "log.txt"), "--quiet"]) == 1
    logged = (tmp_path / "log.txt").read_text()
    assert "eeg2fmri: error: " in logged
    assert "nowhere" in logged
    assert "nowhere" in capsys.readouterr().err


def test_the_log_file_has_each_line_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(logging.root, "handlers", [])  # those of pytest
    end = log_to(tmp_path / "log.txt")
    with use_log_level("INFO"):
        logger.info("Preparing: begun")
    print("store: out")
    end()
    logged = (tmp_path / "log.txt").read_text().splitlines()
    assert [line.split(" INFO ")[1] for line in logged] == ["eeg2fmri: Preparing: begun", "store: out"]
    assert capsys.readouterr().err == "eeg2fmri: Preparing: begun\n"


def rows(capsys):
    lines = capsys.readouterr().out.splitlines()
    return {line.split()[0]: tuple(line.split(None, 1)[1].rsplit("  # ", 1)) for line in lines}


def test_print_config_names_the_source_of_each_value_and_does_nothing(tmp_path, capsys):
    (tmp_path / "c.yaml").write_text("epochs: 7\npairs: {lag: 1}\nseed: 3\n")
    given = ["train", "nowhere", str(tmp_path / "run"), "--config", str(tmp_path / "c.yaml"), "--seed", "5"]
    assert run([*given, "--print-config"]) == 0
    found = rows(capsys)
    assert found["seed"] == ("5", "option")
    assert found["epochs"] == ("7", f"file {tmp_path / 'c.yaml'}")
    assert found["pairs.lag"] == ("1", f"file {tmp_path / 'c.yaml'}")
    assert found["pairs.target"] == ('"dynamics"', "preset recommended")
    assert found["batch_size"] == ("4", "default")
    assert found["model.preset"] == ('"recommended"', "default")
    assert not (tmp_path / "run").exists()


def test_print_config_of_folds_and_of_a_command_without_settings(capsys):
    assert run(["crossvalidate", "store", "cv", "--folds", "3", "--print-config"]) == 0
    assert rows(capsys)["split.folds"] == ("3", "option")
    assert run(["crossvalidate", "store", "cv", "--print-config"]) == 0
    assert rows(capsys)["split.folds"][0] == "5"
    assert run(["report", "run", "--print-config"]) == 0
    assert rows(capsys)["folder"] == ('"run"', "argument")


def test_print_config_refuses_what_training_would(tmp_path, capsys):
    assert run(["train", "store", "run", "--preset", "nosuch", "--print-config"]) == 1
    assert "recommended" in capsys.readouterr().err
    (tmp_path / "c.yaml").write_text("epoch: 7\n")
    assert run(["train", "store", "run", "--config", str(tmp_path / "c.yaml"), "--print-config"]) == 1
    assert "epochs" in capsys.readouterr().err


@pytest.mark.parametrize("group", [[], ["store"]])
def test_summaries_of_commands_are_whole(group, capsys):
    assert run([*group, "--help"]) == 0
    assert "..." not in capsys.readouterr().out.partition("Commands:")[2]


def test_help_needs_no_heavy_imports():
    import subprocess
    import sys

    code = "import sys; from eeg2fmri.cli.main import run; run(['train', '--help']); print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("torch", "numpy", "mne", "nibabel", "rich.console"):
        assert f"'{heavy}'" not in loaded


def test_a_training_without_options_is_recommended():
    from eeg2fmri.models.presets import with_preset
    from eeg2fmri.train.config import TrainConfig

    settings = TrainConfig.make(with_preset(TrainConfig.given(None)))
    assert settings.model == {"preset": "recommended"}
    assert (settings.epochs, settings.pairs.target) == (0, "dynamics")
    assert TrainConfig().model == {"preset": "recommended"}
