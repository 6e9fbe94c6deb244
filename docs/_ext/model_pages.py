"""What models there are, and the settings of every command that takes a file, read from the code."""

from __future__ import annotations

from importlib import import_module

#: Commands that take --config, and the class of their settings.
SETTINGS = {
    "simulate": "eeg2fmri.simulate.config.SimulationConfig",
    "prepare": "eeg2fmri.data.settings.prepare.PrepareConfig",
    "train": "eeg2fmri.train.config.TrainConfig",
    "explain": "eeg2fmri.explain.config.ExplainConfig",
    "tune": "eeg2fmri.tune.config.TuneConfig",
    "simulate-eeg": "eeg2fmri.simulate.groups.config.GroupsConfig",
    "prepare --eeg-only": "eeg2fmri.data.eeg_only.store.EegOnlyConfig",
    "classify": "eeg2fmri.classify.config.ClassifyConfig",
    "crossvalidate": "eeg2fmri.train.config.TrainConfig",
}


def presets() -> str:
    """Return the names that ``model: {preset: NAME}`` takes."""
    from eeg2fmri.models.presets import PRESETS

    return "\n".join(f"* `{name}`" for name in PRESETS)


def kinds() -> str:
    """Return a table of the kinds of models and their config classes."""
    from eeg2fmri.models.registry import config_class
    from eeg2fmri.models.registry import kinds as known

    lines = ["| kind | settings | what it is |", "|---|---|---|"]
    for kind in known():
        config = config_class(kind)
        first = (config.__doc__ or "").strip().splitlines()[0]
        lines.append(
            f"| `{kind}` | {{py:class}}`{config.__name__} <{config.__module__}.{config.__name__}>` | {first} |"
        )
    return "\n".join(lines)


def baselines() -> str:
    """Return a table of the methods that every score stands beside."""
    from eeg2fmri.models import baselines as known

    lines = ["| method | what it is |", "|---|---|"]
    for kind in map(type, known.all_baselines()):
        first = " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split()).replace("|", r"\|")
        lines.append(f"| {{py:class}}`{kind.__name__} <{kind.__module__}.{kind.__name__}>` | {first} |")
    return "\n".join(lines)


def worlds() -> str:
    """Return the rows of a table of the simulated worlds."""
    from eeg2fmri.simulate.worlds.catalogue import WORLDS

    return "\n".join(f"| `{world.name}` | {world.follows} |" for world in WORLDS.values())


def settings() -> str:
    """Return a table of the classes of settings."""
    lines = ["| command | settings |", "|---|---|"]
    for command, path in SETTINGS.items():
        module, name = path.rsplit(".", 1)
        getattr(import_module(module), name)
        lines.append(f"| `{command}` | {{py:class}}`{name} <{path}>` |")
    return "\n".join(lines)
