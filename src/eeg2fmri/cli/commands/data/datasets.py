"""``eeg2fmri datasets``: the public data sets that are known by name."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    name: Annotated[str | None, typer.Argument(help="Show what is known of this data set.")] = None,
) -> None:
    """List the public data sets that can be downloaded and prepared by name.

    Example: eeg2fmri datasets noddi
    """
    from eeg2fmri.cli.console import say, table
    from eeg2fmri.data.public.recipe import recipe, recipe_names

    if name is None:
        rows = []
        for each in map(recipe, recipe_names()):
            facts = each.facts
            volumes = "" if facts.volumes is None else str(facts.volumes)
            of_bold = (f"{facts.tr:g}", volumes) if facts.tr is not None else ("", "")
            row = (each.source.id, each.kind, str(facts.subjects), str(facts.electrodes), f"{facts.sfreq:g}", *of_bold)
            rows.append((each.name, *row))
        columns = ("name", "id", "kind", "subjects", "electrodes", "EEG Hz", "TR s", "volumes")
        table("Public data sets", columns, rows, "eeg2fmri datasets NAME shows licence, citation and traps")
        return
    found = recipe(name)
    say(f"{found.name}: {found.title}")
    say(f"  id:       {found.source.id}")
    say(f"  licence:  {found.licence}")
    say(f"  cite:     {found.citation}")
    for trap in found.traps:
        say(f"  beware:   {trap}")
    for fact in found.unverified:
        say(f"  unverified: {fact}")
    if found.advice:
        say(f"  advice:   {found.advice.strip()}")
    page = found.source.page
    say(f"  download: eeg2fmri download {found.name} DIR" if page is None else f"  fetch it from {page}")
    say(f"  prepare:  eeg2fmri prepare DIR STORE --recipe {found.name}")
