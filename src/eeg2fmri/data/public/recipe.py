"""Describe a public data set: where it is, how its files lie, what to beware of, how to prepare it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from eeg2fmri.core.config import Config, merged, read_mapping
from eeg2fmri.core.errors import ConfigError
from eeg2fmri.data.settings.first_volume import replaced
from eeg2fmri.data.settings.prepare import PrepareConfig

Text = Annotated[str, Field(min_length=1)]


class Source(Config):
    """Where a data set is: the number of its page on OpenNeuro, OSF or OpenfMRI, or the address of its page.

    Attributes
    ----------
    openneuro, osf, openfmri, page : str or None
        One of them. From a page the user fetches it.
    files : tuple of str
        Patterns of the files that are needed of it; none means all. For OpenfMRI, the names of its archives, in which
        ``{number}`` runs over the subjects.
    unpack : dict of str to str
        Archives among the files, by pattern, and the folder below the data set that each becomes.
    """

    openneuro: Text | None = None
    osf: Text | None = None
    openfmri: Text | None = None
    page: Text | None = None
    files: tuple[Text, ...] = ()
    unpack: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one(self) -> Source:
        if sum(each is not None for each in (self.openneuro, self.osf, self.openfmri, self.page)) != 1:
            raise ValueError("give one of 'openneuro', 'osf', 'openfmri', 'page'")
        if self.openfmri is not None and not self.files:
            raise ValueError("OpenfMRI gives no list: name its archives with 'files'")
        return self

    @property
    def number(self) -> str:
        """Number at its archive; the address of a page."""
        return str(self.openneuro or self.openfmri or self.osf or self.page)

    @property
    def id(self) -> str:
        """Number at its archive, with the archive's name where the number does not tell it; the host of a page."""
        if self.page is not None:
            return urlsplit(self.page).netloc
        return self.number if self.osf is None else f"OSF {self.osf}"


class Facts(Config):
    """Size of a data set.

    Attributes
    ----------
    subjects, electrodes : int
    sfreq : float
        Of the EEG, Hz.
    tr : float or None
        s.
    volumes : int or None
        In a run.
    window_s : float or None
        Length of a window of EEG alone, s.
    """

    subjects: int
    electrodes: int
    sfreq: float
    tr: float | None = None
    volumes: int | None = None
    window_s: float | None = None


class Label(Config):
    """What distinguishes the people of a data set.

    Attributes
    ----------
    from_ : {"participants", "session"}
        Column of ``participants.tsv``, or the session's label; ``from`` in a file.
    column : str or None
        Of ``participants.tsv``.
    classes : dict of str to str
        Name of each value that is used; empty uses all.
    """

    from_: Annotated[Literal["participants", "session"], Field(alias="from")] = "participants"
    column: Text | None = None
    classes: dict[str, str] = Field(default_factory=dict)


class Recipe(Config):
    """A public data set.

    Attributes
    ----------
    name : str
        By which it is asked for; that of its file.
    title, licence, citation : str
    kind : {"simultaneous", "eeg"}
        EEG with BOLD, or EEG alone.
    source : Source
    facts : Facts
    traps : tuple of str
        What goes wrong if it is read like any other data set, and what is done about it.
    unverified : tuple of str
        Facts of the recipe that could not be checked against the data set or its documents.
    advice : str
        What its authors ask of whoever uses it.
    label : Label or None
        For classification.
    prepare : PrepareConfig
        Settings by which it is prepared.
    eeg_only : dict
        Settings of `eeg2fmri.data.eeg_only.store.EegOnlyConfig` beside the label, for EEG alone.
    """

    name: Text
    title: Text
    kind: Literal["simultaneous", "eeg"]
    source: Source
    licence: Text
    citation: Text
    facts: Facts
    traps: tuple[Text, ...] = ()
    unverified: tuple[Text, ...] = ()
    advice: str = ""
    label: Label | None = None
    prepare: PrepareConfig = PrepareConfig()
    eeg_only: dict[str, Any] = Field(default_factory=dict)


def recipe_names() -> tuple[str, ...]:
    """Names of the recipes that come with the package, sorted."""
    return tuple(sorted(path.name.removesuffix(".yaml") for path in _folder() if path.name.endswith(".yaml")))


def recipe(name: str) -> Recipe:
    """Read the recipe of a data set.

    Parameters
    ----------
    name : str
        One of `recipe_names`, the number of the data set at its archive (``ds000116``), or the path of a file.

    Raises
    ------
    ConfigError
        If there is none of this name, or it holds wrong settings.
    """
    if Path(name).suffix in (".yaml", ".yml", ".json"):
        return Recipe.make({"name": Path(name).stem, **read_mapping(name)}, where=name)
    for known in recipe_names():
        with resources.as_file(resources.files(__package__) / "recipes" / f"{known}.yaml") as path:
            values = read_mapping(path)
        ids = [str(values["source"].get(key, "")).casefold() for key in ("openneuro", "osf", "openfmri", "page")]
        if name.casefold() in (known, known.replace("_", "-"), *filter(None, ids)):
            return Recipe.make({"name": known, **values}, where=f"recipe {known}")
    raise ConfigError(
        "there is no recipe of this name",
        got=name,
        expected=", ".join(recipe_names()),
        hint="eeg2fmri datasets lists them; for a data set of your own, write a YAML file",
    )


def with_settings(name: str, values: dict[str, Any]) -> PrepareConfig:
    """Give the settings of a recipe with some of the user's own in their place.

    Raises
    ------
    ConfigError
        If the settings are wrong, or the data set has no BOLD.
    """
    found = recipe(name)
    if found.kind != "simultaneous":
        raise ConfigError(
            "the data set has EEG alone: there is nothing to pair it with",
            where=found.name,
            hint="prepare it as EEG alone, for classification",
        )
    base = found.prepare.model_dump(exclude_unset=True)
    one, other = base.get("first_marker"), values.get("first_marker")
    if isinstance(one, dict) and isinstance(other, dict) and other.get("name", one["name"]) != one["name"]:
        del base["first_marker"]  # another marker: nothing of the recipe's holds for it
    kept = {key: value for key, value in base.items() if key in replaced(base, values)}
    return PrepareConfig.make(merged(kept, values), where=f"recipe {name}")


def eeg_only_settings(name: str) -> dict[str, Any]:
    """Give the settings by which a data set of EEG alone is prepared, for `eeg2fmri.data.eeg_only.store.EegOnlyConfig`.

    Raises
    ------
    ConfigError
        If the recipe does not say what tells the people apart.
    """
    found = recipe(name)
    label = found.label
    if label is None or (label.from_ == "participants" and label.column is None):
        raise ConfigError(
            "the recipe does not say what tells the people of this data set apart",
            where=found.name,
            hint="name a column of participants.tsv: prepare DIR STORE --eeg-only --label COLUMN",
        )
    column = {"label": label.column} if label.column is not None else {}
    return {"label_from": label.from_, **column, "classes": list(label.classes), **found.eeg_only}


def _folder() -> Any:
    return (resources.files(__package__) / "recipes").iterdir()
