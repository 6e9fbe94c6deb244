"""Import a checkpoint of the earlier TensorFlow package: read, name, build, load, save."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from eeg2fmri.core.errors import CheckpointError, ConfigError, Problem
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.models.documented.autoencoder import Autoencoder
from eeg2fmri.models.documented.synthesizer import SynthesizerNetwork
from eeg2fmri.models.earlier_package.keras_import.parts import split_parts
from eeg2fmri.models.earlier_package.keras_import.settings import read_settings
from eeg2fmri.models.earlier_package.keras_import.source import read_source
from eeg2fmri.models.earlier_package.keras_import.variables import KerasVariable, clear_names, unnumbered
from eeg2fmri.models.earlier_package.keras_names import Converted, keras_to_torch
from eeg2fmri.models.earlier_package.keras_names import clear_names as sources_of
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.models.saving.hub import save


@dataclass(frozen=True)
class ImportReport:
    """What became of every variable of a checkpoint.

    Attributes
    ----------
    source, out : Path
    kind : str
        Kind of the model.
    used : dict of str to str
        Variable of the checkpoint -> parameter or buffer here.
    repeated : tuple of str
        Variables that the checkpoint holds a second time, with the same values.
    left_over : tuple of str
        Variables that the model has no place for.
    initial : tuple of str
        Parameters and buffers that the checkpoint does not hold; they keep their initial values.
    notes : tuple of str
        Settings that were changed to what the earlier package did.
    """

    source: Path
    out: Path
    kind: str
    used: dict[str, str]
    repeated: tuple[str, ...]
    left_over: tuple[str, ...]
    initial: tuple[str, ...]
    notes: tuple[str, ...]

    def lines(self) -> list[str]:
        """Say it line by line: each variable once."""
        width = max((len(name) for name in self.used), default=0)
        lines = [f"{name:<{width}}  {target}" for name, target in self.used.items()]
        lines += [f"{name}: stored a second time, with the same values" for name in self.repeated]
        lines += [f"{name}: left over" for name in self.left_over]
        lines += [f"note: {note}" for note in self.notes]
        if self.initial:
            parts = sorted({name.split(".")[0] for name in self.initial})
            lines.append(
                f"not in the checkpoint, initial values kept: {len(self.initial)} tensors of {', '.join(parts)}"
            )
        lines.append(
            f"{self.kind}: {len(self.used)} variables used once, {len(self.repeated)} repeated, "
            f"{len(self.left_over)} left over"
        )
        return lines


def import_checkpoint(
    source: str | Path, out: str | Path, config: str | Path | None = None, *, progress: Progress = silent
) -> ImportReport:
    """Read a checkpoint of the earlier package and save it as ours.

    Parameters
    ----------
    source : str or Path
        SavedModel folder, a checkpoint's ``.index`` file, or a Keras ``.h5`` weight file of a model or of one of its
        graphs.
    out : str or Path
        Folder to make.
    config : str or Path, optional
        JSON with settings of the model, and of the recordings it was trained on; see
        `eeg2fmri.models.earlier_package.keras_import.settings`. Needed where the checkpoint does not record its own.
    progress : Progress

    Returns
    -------
    ImportReport

    Raises
    ------
    CheckpointError
        If the checkpoint is absent, damaged, of another kind, or does not fit its settings; or `out` exists.
    ConfigError
        If the settings are wrong.
    """
    source, out = Path(source), Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CheckpointError("there is something in the output folder already", where=str(out), hint="give a new name")
    content = read_source(source, progress)
    settings = read_settings(config, content.recorded, str(source))
    model = settings.model
    if not isinstance(model, SynthesizerNetwork | Autoencoder):
        raise ConfigError(
            "the settings are of a model that has no checkpoints in the earlier package",
            where=str(config or source),
            got=type(model).__name__,
            expected="a synthesiser or an autoencoder",
        )
    encoder = "eeg_encoder" if isinstance(model, SynthesizerNetwork) else "encoder"
    parts = split_parts(content, encoder, settings.part, str(source))
    variables = parts.variables
    if "" in variables:
        variables = {_encoder_part(model, variables[""], str(source)): variables[""]}
    named = {name: v for part, each in variables.items() for name, v in _named(model, part, each).items()}
    state, unused = _state(model, named, str(source))
    model.load_state_dict(state, strict=False)
    model.eval()
    save(out, model, ModelCard.of_model(model.config, **settings.facts))
    return ImportReport(
        source,
        out,
        model.config.kind,
        _used(model, named),
        parts.repeated,
        tuple(named[name].stored_as for name in unused) + parts.others,
        tuple(name for name in model.state_dict() if name not in state),
        settings.notes,
    )


def _named(model: nn.Module, part: str, variables: list[KerasVariable]) -> dict[str, KerasVariable]:
    dense = isinstance(model, SynthesizerNetwork) and part == "decoder" and model.config.projection.kind == "dense"
    return clear_names(part, variables, dense_projection=dense)


def _encoder_part(model: nn.Module, variables: list[KerasVariable], where: str) -> str:
    """Find which encoder of the model a graph is: the one that its weights fit."""
    if not isinstance(model, SynthesizerNetwork):
        return "encoder"
    if any(unnumbered(v.layer)[0] == "topographical__attention" for v in variables):
        return "eeg_encoder"
    fitting: list[str] = []
    faults: list[Problem] = []
    for part in ("eeg_encoder", "fmri_encoder"):
        try:
            _state(model, clear_names(part, variables, dense_projection=False), where)
            fitting.append(part)
        except CheckpointError as error:
            faults += error.problems
    if not fitting:
        raise CheckpointError.of(faults)
    if len(fitting) > 1:
        raise CheckpointError(
            "the file may be the EEG encoder or the fMRI encoder: its weights fit both",
            where=where,
            hint='add "part": "eeg_encoder" or "part": "fmri_encoder" to the settings file',
        )
    return fitting[0]


def _state(model: nn.Module, named: dict[str, KerasVariable], where: str) -> Converted:
    """State of the parts of the model that the names speak of."""
    arrays = {name: variable.array for name, variable in named.items()}
    try:
        return keras_to_torch(model, arrays, {name.split("/")[0] for name in named})
    except CheckpointError as error:
        hint = "the settings are not those of this checkpoint"
        raise CheckpointError.of(
            Problem(p.what, f"{where}: {p.where}", p.got, p.expected, p.hint or hint) for p in error.problems
        ) from None


def _used(model: nn.Module, named: dict[str, KerasVariable]) -> dict[str, str]:
    """Variable of the checkpoint -> parameter here."""
    targets = {clear: name for name, source in sources_of(model).items() for clear in source.names}
    return {variable.stored_as: targets[clear] for clear, variable in named.items() if clear in targets}
