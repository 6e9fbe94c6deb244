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

#: Kinds of inputs of published models, in words.
INPUTS = {"raw": "raw EEG", "rectangular": "spectra of whole TRs", "spectrogram": "spectra of whole TRs"}


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


def published() -> str:
    """Return a section for each published model: where it is from, what it takes and gives, what was changed."""
    from eeg2fmri.models.rivals.published import rivals

    parts = []
    for facts in rivals().values():
        given, target = facts.inputs, facts.target
        window = f"{given.window_s:g} s" if given.window_s else f"{given.rows} TR" if given.rows else "the window"
        block = f", {target.block} volumes at once" if target.block > 1 else ""
        spectrum = f", {given.bins} frequencies" if given.bins else ""
        lines = {
            "paper": facts.paper,
            "licence of the authors' repository": facts.licence,
            "takes": f"{INPUTS[given.kind]}, {window}{spectrum}; {given.scaling}",
            "gives": f"{target.kind}{block}; {target.scaling}",
            "parameters, as stated or added up": f"{facts.parameters:,}" if facts.parameters else "",
            "starts from": facts.pretrained,
            "changed or left in doubt": facts.changed,
        }
        rows = "\n".join(f"| {name} | {value} |" for name, value in lines.items() if value)
        scores = "\n".join(
            f"* {one.data}: {one.metric} {one.value:g}{f' ± {one.spread:g}' if one.spread else ''} ({one.protocol})"
            + (f"; {one.doubt}" if one.doubt else "")
            for one in facts.scores
        )
        name = "the baseline" if facts.baseline else "preset"
        head = f"## {facts.label}\n\n{name} `{facts.kind}`" + ("" if facts.baseline else f", `{facts.small}`")
        parts.append(f"{head}\n\n| | |\n|---|---|\n{rows}\n" + (f"\nPublished:\n\n{scores}\n" if scores else ""))
    return "\n".join(parts)


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
