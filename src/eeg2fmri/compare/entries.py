"""Choose the models of a comparison, and the settings by which each is trained under one protocol."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eeg2fmri.core.errors import ConfigError, Eeg2FmriError, InputError, StoreError
from eeg2fmri.data.pairs.of_store import pairs_of_store
from eeg2fmri.data.store.store import Store
from eeg2fmri.models.presets import with_preset
from eeg2fmri.models.rivals.published import TRAINED, Rival, rival
from eeg2fmri.train.config import TrainConfig

#: Models of this package that stand in every comparison; the first is judged against the others.
OWN = ("recommended", "documented")
Size = Literal["small", "published"]
#: Regions that a model of regions is given where the store holds voxels.
REGIONS = 32


@dataclass(frozen=True, eq=False)
class Entry:
    """A model of a comparison.

    Attributes
    ----------
    name : str
        What the command line calls it, and its run folder.
    label : str
        What a reader calls it.
    protocol : dict of str to str
        What is otherwise than its authors did it, and why; empty for models of this package.
    config : TrainConfig
    given : dict
        The settings as they were put together, without defaults.
    """

    name: str
    label: str
    protocol: dict[str, str]
    config: TrainConfig
    given: dict[str, Any]


def choose_entries(
    names: Sequence[str], store: Store, shared: Mapping[str, Any], size: Size
) -> tuple[list[Entry], dict[str, str]]:
    """Put together the settings of each model.

    Parameters
    ----------
    names : sequence of str
        Names of models; ``all`` stands for every one that is not named beside it.
    store : Store
    shared : mapping
        Settings of the training that all have in common (split, seed, minutes, accelerator). ``encoder_weights`` is the
        file of those that start from an encoder, or a mapping of their names to files.
    size : {"small", "published"}
        Sizes of the published models: those that a laptop can train, or their own.

    Returns
    -------
    entries : list of Entry
        In the order of their names; of ``all``, the recommended one first.
    left_out : dict of str to str
        With ``all``: which the store has nothing for, and why.

    Raises
    ------
    ConfigError
        If a name is unknown, or there is none, or no model takes a file of ``encoder_weights``.
    InputError, StoreError
        If the store lacks what a model that was asked for by its name needs.
    """
    known = (*OWN, *TRAINED)
    unknown = [name for name in names if name != "all" and name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        raise ConfigError(
            "there is no such model to compare",
            where="--models",
            got=", ".join(unknown),
            expected="all, or any of " + ", ".join(known),
            hint=f"did you mean {near[0]!r}?" if near else "",
        )
    if not names:
        raise ConfigError("no model is named", where="--models", expected="all, or any of " + ", ".join(known))
    others = [name for name in known if name not in names]
    chosen = [one for name in names for one in (others if name == "all" else [name])]
    _check_encoders(shared.get("encoder_weights"), chosen)
    entries, left_out = [], {}
    for name in dict.fromkeys(chosen):
        try:
            of_one = _with_encoder(name, shared)
            entry = _own(name, store, of_one) if name in OWN else _rival(name, store, of_one, size)
            pairs_of_store(entry.config.pairs, store)
        except (InputError, StoreError) as error:
            if name in names:
                raise
            left_out[name] = reason(error)
        else:
            entries.append(entry)
    return entries, left_out


def epochs_of(names: Sequence[str]) -> dict[str, int]:
    """Give the epochs that each model is trained for where no others are asked for; names that are unknown have none.

    Examples
    --------
    >>> epochs_of(["recommended", "documented", "e2fnet"])
    {'documented': 10, 'e2fnet': 50}
    """
    known = [name for name in (*OWN, *TRAINED) if name in names or "all" in names]
    of = {name: with_preset({"model": {"preset": name}}).get("epochs", TrainConfig().epochs) for name in known}
    return {name: count for name, count in of.items() if count}


def reason(error: Eeg2FmriError) -> str:
    """Say an error in one line, with what to do."""
    first = error.problems[0]
    return first.what + (f" ({first.got})" if first.got else "") + (f": {first.hint}" if first.hint else "")


def _takes_encoder(name: str) -> bool:
    return name in TRAINED and bool(rival(name).pretrained)


def _check_encoders(given: Any, names: Sequence[str]) -> None:
    """Refuse files of encoders that no model would take: it would start at random, and nobody would know."""
    if given is None:
        return
    of = [name for name in names if _takes_encoder(name)]
    if isinstance(given, Mapping):
        wrong = [name for name in given if name not in of]
    else:
        wrong = [] if of else [given]
    if wrong:
        raise ConfigError(
            "no model that is compared starts from this encoder",
            where="encoder_weights",
            got=", ".join(map(str, wrong)),
            expected="a file, or files by name of model: "
            + ", ".join(name for name in TRAINED if _takes_encoder(name)),
            hint="name such a model in --models, or leave it out of encoder_weights",
        )


def _with_encoder(name: str, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Give a model the file of its encoder, if it has any."""
    of_one = dict(shared)
    given = of_one.pop("encoder_weights", None)
    file = given.get(name) if isinstance(given, Mapping) else given
    return of_one | ({"encoder_weights": file} if file is not None and _takes_encoder(name) else {})


def described(name: str, store: Store, given: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Give what a reader calls a model, and what is otherwise than its authors did it.

    Parameters
    ----------
    name : str
    store : Store
    given : mapping
        Settings that it is trained with.
    """
    return (name, {}) if name in OWN else (rival(name).label, _changes(rival(name), store, given))


def _own(name: str, store: Store, shared: Mapping[str, Any]) -> Entry:
    given = with_preset({**shared, "model": {"preset": name}})
    if name == "recommended":  # epochs are for what is trained by steps
        given["epochs"] = 0
    return Entry(name, *described(name, store, given), TrainConfig.make(given), given)


def _rival(name: str, store: Store, shared: Mapping[str, Any], size: Size) -> Entry:
    facts = rival(name)
    preset = facts.small if size == "small" else name
    model: dict[str, Any] = {"preset": preset}
    if facts.target.kind == "regions" and not store.regions:
        model = {"kind": "parcelled", "regions": REGIONS, "inner": model}
    given = with_preset({**shared, "model": {"preset": preset}})
    given["model"] = model
    given["pairs"] = {**given.get("pairs", {}), **_target(facts)}
    if size == "small" and given["pairs"].get("bins"):
        given["pairs"]["bins"] = min(given["pairs"]["bins"], len(store.frequencies))
    return Entry(name, *described(name, store, given), TrainConfig.make(given, where=name), given)


def _target(facts: Rival) -> dict[str, Any]:
    """Scaling of the target under one protocol: no statistic of a test recording, no filter over the whole scan."""
    if facts.target.kind == "regions":
        return {"target": "dynamics"}
    return {"target": "volume", "bold_scaling": "recording_range"}


def _changes(facts: Rival, store: Store, given: Mapping[str, Any]) -> dict[str, str]:
    """Say what one protocol does otherwise than the authors."""
    recipe = facts.recipe
    found = {"Target": _TARGETS[facts.target.scaling]}
    if recipe is not None and recipe.selection:
        found["Epoch"] = f"by the validation part; published: {recipe.selection}"
    if facts.target.kind == "regions" and not store.regions:
        found["Regions"] = f"{REGIONS} parts of the brain of about one size, by place; published: {facts.target.atlas}"
    if facts.inputs.bins and given["pairs"].get("bins") != facts.inputs.bins:
        found["Frequencies"] = f"those of the store; published: {facts.inputs.bins} bins"
    if facts.pretrained and not given.get("encoder_weights"):
        found["Encoder"] = f"random weights; published: {facts.pretrained}"
    return found | _of_raw(facts, store) | {"Written from the publication": facts.changed}


def _of_raw(facts: Rival, store: Store) -> dict[str, str]:
    """Say in what the raw EEG of the store is other than that of the authors."""
    wanted, raw = facts.inputs, store.config.raw
    found: dict[str, str] = {}
    if wanted.kind != "raw" or raw is None:
        return found
    if wanted.sfreq and not math.isclose(raw.true_rate(store.tr), wanted.sfreq, rel_tol=0.01):
        found["Sampling rate"] = (
            f"{raw.true_rate(store.tr):g} Hz, so that what is counted in samples lasts otherwise; published: "
            f"{wanted.sfreq:g} Hz"
        )
    if wanted.channels and {name.upper() for name in store.electrodes} != set(wanted.channels):
        found["Electrodes"] = f"the {len(store.electrodes)} of the store; published: {len(wanted.channels)} others"
    if wanted.high_pass and not store.config.eeg.clean.high_pass:
        found["Filter"] = f"that of the recordings, none more; published: from {wanted.high_pass:g} Hz on"
    return found


#: What takes the place of each published scaling.
_TARGETS = {
    "volume range": "scaled by statistics of the recording (training), brought back by those of the training group; "
    "published: each volume by its own range, test volumes too",
    "region quantile": "deviation from the recording's own mean, unfiltered; published: low-pass, mean and quantile "
    "over the whole scan, test scans too",
    "recording": "deviation from the recording's own mean; published: z-score over the whole scan, test scans too",
}
