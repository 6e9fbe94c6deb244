"""What README.md points to is there: pages, pictures, commands, options and extras."""

import re
import tomllib
from pathlib import Path

import typer

from eeg2fmri.cli.main import app

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_pages_and_pictures_are_there_and_pictures_are_small():
    links = [link for link in re.findall(r"\]\(([^)#]+)", TEXT) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []
    pictures = [link for link in links if link.endswith(".png")]
    assert len(pictures) == 2
    assert all((ROOT / link).stat().st_size < 150_000 for link in pictures)


def test_commands_and_their_options_exist():
    commands = typer.main.get_command(app).commands
    blocks = "\n".join(re.findall(r"```\n(.*?)```", TEXT, flags=re.DOTALL))
    used = re.findall(r"^eeg2fmri ([\w-]+)(.*)$", blocks, flags=re.MULTILINE)
    assert len(used) > 5
    for name, rest in used:
        known = {option for one in commands[name].params for option in one.opts}
        assert set(re.findall(r"--[\w-]+", rest.split("#")[0])) <= known


def test_extras_that_are_named_are_those_that_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = re.search(r"# extras: (.*)", TEXT)[1].split(", ")
    assert sorted(named) == sorted(set(extras) - {"dev", "docs", "mutants"})
