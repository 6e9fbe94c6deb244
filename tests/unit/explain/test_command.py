"""The command: its options reach the settings."""

import json

import pytest
import typer
from typer.testing import CliRunner

from eeg2fmri.cli.commands.eeg import explain
from eeg2fmri.core.errors import ConfigError


@pytest.fixture
def run_command():
    app = typer.Typer()
    app.command()(explain.command)
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)


def test_options_reach_the_settings(run_command, small_run, small_store, tmp_path):
    config = tmp_path / "explain.yaml"
    config.write_text("checks: 0\nlatent: none\nwindows: 50\n")
    out = tmp_path / "out"
    options = ("--config", config, "--voxel", 4, 5, 4, "--rules", "z-plus", "--windows", 3, "--seed", 7)
    result = run_command(small_run, small_store, out, *options, "--part", "validation")
    assert result.exit_code == 0, result.output
    written = json.loads((out / "explain.json").read_text())["config"]
    assert written["target"] == [4, 5, 4]
    assert (written["windows"], written["checks"], written["seed"], written["part"]) == (3, 0, 7, "validation")
    assert written["rules"]["dense"] == {"kind": "z-plus"}
    assert "strongest electrodes" in result.output
    assert f"explanation: {out}" in result.output


def test_one_thing_is_explained_at_a_time(run_command, small_run, small_store, tmp_path):
    with pytest.raises(ConfigError, match="one thing"):
        run_command(small_run, small_store, "--voxel", 1, 2, 3, "--region", tmp_path / "mask.nii")


def test_unknown_settings_are_named(run_command, small_run, small_store, tmp_path):
    config = tmp_path / "explain.yaml"
    config.write_text("window: 50\n")
    with pytest.raises(ConfigError, match="did you mean 'windows'"):
        run_command(small_run, small_store, "--config", config)
