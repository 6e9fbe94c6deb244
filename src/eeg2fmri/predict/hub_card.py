"""Write the card of a model on the Hugging Face Hub: what it is for, its data, protocol, controls and licence."""

from __future__ import annotations

import math
from pathlib import Path

from eeg2fmri import __version__
from eeg2fmri.core.errors import Eeg2FmriError
from eeg2fmri.core.space import described
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.results.files import AbsentResultError
from eeg2fmri.results.scores.evaluation import Evaluation

LOADING = """## Use

```python
from eeg2fmri import Synthesizer

synthesizer = Synthesizer.from_pretrained("hub:{repo}")
image = synthesizer.predict("RECORDING.vhdr")  # 4-D NIfTI image of BOLD, or an mne Raw in place of the file
```
"""
INTENDED = """## Intended use

Research on what of the BOLD signal can be told from EEG: to synthesise BOLD images of recordings like those of the
training, to compare methods, and to look at what a model uses. It is no medical device: it diagnoses nothing and
nobody, and an image that it makes is no measurement. It has not been tested on amplifiers, caps, tasks and groups of
people other than those below.
"""


def hub_card(card: ModelCard, repo: str, *, run: Path | None = None, licence: str | None = None) -> str:
    """Write the text of a model card.

    Parameters
    ----------
    card : ModelCard
        Of the model.
    repo : str
        ``owner/name``.
    run : Path, optional
        Run folder, which says how the model was split and evaluated.
    licence : str, optional
        Licence of the weights; it depends on that of the recordings.

    Raises
    ------
    ResultError
        If the evaluation of the run is damaged.

    Examples
    --------
    >>> print(hub_card(ModelCard(model={"kind": "own"}), "me/mine").splitlines()[0])
    # mine
    """
    parts = [
        f"# {repo.split('/')[-1]}",
        f"A synthesiser of BOLD from EEG (kind `{card.model['kind']}`), made with eeg2fmri "
        f"{card.versions.get('eeg2fmri', __version__)}. `config.json` holds every fact of it, `weights.safetensors` "
        "the weights and the statistics of its training group.",
        LOADING.format(repo=repo),
        INTENDED,
        _data(card),
        _protocol(card, run),
        _controls(run),
        "## Licence\n\n" + (licence or "Not stated by who published it: ask before you use it."),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _data(card: ModelCard) -> str:
    if card.unknown():
        return "## Data\n\nNot known of this model: " + ", ".join(card.unknown()) + "."
    voxels = f"{len(card.regions)} regions" if card.regions else " x ".join(map(str, card.grid)) + " voxels"
    electrodes = ", ".join(card.electrodes)
    return (
        "## Data\n\n"
        f"Simultaneous EEG and fMRI: {len(card.electrodes)} electrodes ({electrodes}), {len(card.frequencies)} "
        f"frequencies up to {card.frequencies[-1]:.1f} Hz; {voxels} every {card.tr:g} s, space "
        f"{described(card.space)}. Recordings themselves are not part of the model; the mean and the deviation of the "
        "group are."
    )


def _protocol(card: ModelCard, run: Path | None) -> str:
    target = "deviations of voxels from their means" if card.pairs.target == "dynamics" else "whole volumes"
    lines = [f"Windows of {card.pairs.window} volumes of EEG; predicted are {target}."]
    try:
        from eeg2fmri.data.splits.make import read_split

        if run is not None:
            split = read_split(run)[0]
            counts = {"training": split.train, "validation": split.validation, "test": split.test}
            listed = ", ".join(f"{len(ids)} {name}" for name, ids in counts.items())
            lines.append(f"Recordings: {listed}; {split.label}.")
    except (Eeg2FmriError, OSError):
        lines.append("How recordings were divided is not known.")
    return "## Protocol\n\n" + " ".join(lines)


def _controls(run: Path | None) -> str:
    head = "## What was found, and controls\n\n"
    try:
        if run is None:
            raise AbsentResultError("there is no run")
        evaluation = Evaluation.read(run / "evaluation")
    except AbsentResultError:
        return head + "Not evaluated: whether the EEG helps is not known."
    said = [evaluation.verdict, *(claim.sentence for claim in evaluation.claims)]
    if evaluation.controls is not None:
        said.append(evaluation.controls.sentence)
    rows = [
        f"| {method.title} | {'not defined' if math.isnan(score) else f'{score:.3f}'} |"
        for method in evaluation.methods
        for score in [evaluation.score(method.name, evaluation.headline.name)]
    ]
    table = "\n".join([f"| method | {evaluation.headline.title} |", "|---|---|", *rows])
    return head + " ".join(said) + f"\n\n{table}"
