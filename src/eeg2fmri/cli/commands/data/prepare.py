"""``eeg2fmri prepare``: a BIDS folder to a store of aligned arrays."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from eeg2fmri.cli.settings import OldJobs, jobs_of
from eeg2fmri.cli.sources import print_if_asked


def command(
    bids_root: Annotated[
        Path, typer.Argument(help="Folder with simultaneous EEG and BOLD: BIDS, or as a recipe says.")
    ],
    store: Annotated[
        Path | None,
        typer.Argument(
            help="Folder to make. Must not exist. Left out: DATASET-HASH in the present folder, found again when files "
            "and settings are the same."
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="YAML or JSON with any setting of the preparation.")] = None,
    recipe: Annotated[
        str | None, typer.Option(help="Public data set whose settings are taken; --config goes before them.")
    ] = None,
    n_jobs: Annotated[int, typer.Option(min=1, help="Recordings prepared at the same time.")] = 1,
    eeg_only: Annotated[bool, typer.Option("--eeg-only", help="Keep EEG without BOLD, for classify.")] = False,
    label: Annotated[
        str | None, typer.Option(help="With --eeg-only: column of participants.tsv to classify; group if left out.")
    ] = None,
    jobs: OldJobs = None,
) -> None:
    """Align EEG and BOLD of a BIDS folder, and keep spectrograms and volumes as a store.

    Example: eeg2fmri prepare bids store
    """
    from eeg2fmri.core.errors import ConfigError

    if recipe is not None:
        from eeg2fmri.data.public import recipe as recipes

        eeg_only = eeg_only or recipes.recipe(recipe).kind == "eeg"
    if eeg_only:
        if store is None:
            raise ConfigError("a store of EEG alone needs a name", hint="name the folder to make after the data set")
        _eeg_only(bids_root, store, config, label, recipe)
        return
    if label is not None:
        raise ConfigError("--label goes with --eeg-only", got=f"--label {label}", hint="add --eeg-only")
    from eeg2fmri.cli.console import progress_bar, say, wrote
    from eeg2fmri.core.config import read_mapping
    from eeg2fmri.core.space import described
    from eeg2fmri.data.prepare.run import PrepareConfig, prepare
    from eeg2fmri.data.public.recipe import recipe as recipe_of
    from eeg2fmri.data.public.recipe import with_settings
    from eeg2fmri.data.store.format import MANIFEST
    from eeg2fmri.data.store.quality import warnings

    settings = PrepareConfig.read(config) if config else PrepareConfig()
    beneath = {}
    if recipe is not None:
        settings = with_settings(recipe, read_mapping(config) if config else {})
        beneath = {f"recipe {recipe}": recipe_of(recipe).prepare.model_dump(exclude_unset=True)}
    print_if_asked(settings, config, {}, beneath)
    began = time.time()
    try:
        with progress_bar() as progress:
            made = prepare(bids_root, store, settings, n_jobs=jobs_of(n_jobs, jobs), progress=progress)
    except KeyboardInterrupt as error:
        for note in getattr(error, "__notes__", ()):
            say(note)
        raise
    for text in warnings(made):
        say(text)
    say(
        f"{len(made.recordings)} recordings, {len(made.electrodes)} electrodes, {len(made.frequencies)} frequencies to "
        f"{made.frequencies[-1]:.1f} Hz, "
        f"volumes {' x '.join(map(str, made.grid))} every {made.tr:g} s, space {described(made.space)}"
    )
    if (made.path / MANIFEST).stat().st_mtime < began:
        say("the same files were prepared with the same settings before: nothing was to be done")
    wrote("store", made.path)


def _eeg_only(bids_root: Path, store: Path, config: Path | None, label: str | None, recipe: str | None) -> None:
    from eeg2fmri.cli.console import notes, progress_bar, say, wrote
    from eeg2fmri.core.config import read_mapping
    from eeg2fmri.data.eeg_only.prepare import prepare_eeg_only
    from eeg2fmri.data.eeg_only.store import EegOnlyConfig
    from eeg2fmri.data.public.recipe import eeg_only_settings

    values = read_mapping(config) if config else {}
    beneath = {} if recipe is None else {f"recipe {recipe}": eeg_only_settings(recipe)}
    for own in beneath.values():
        values = {**own, **values}
    options = {} if label is None else {"label": label, "label_from": "participants"}
    if options:
        values = {**{k: v for k, v in values.items() if k != "classes"}, **options}
    settings = EegOnlyConfig.make(values, where=str(config or ""))
    print_if_asked(settings, config, options, beneath)
    with progress_bar() as progress:
        made = prepare_eeg_only(bids_root, store, settings, progress=progress)
    notes(made.notes)
    counts = {name: len({r.subject for r in made.recordings if r.label == name}) for name in made.classes}
    say(
        f"{len(made.recordings)} recordings of {len(made.subjects)} subjects "
        f"({', '.join(f'{n} {name}' for name, n in counts.items())}), {len(made.electrodes)} electrodes, "
        f"{made.recordings[0].sfreq:g} Hz"
    )
    wrote("store", store)
