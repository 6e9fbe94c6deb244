"""Picture and table of a search for settings, from the folder that ``tune`` wrote."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from eeg2fmri.core.disk.files import write_text
from eeg2fmri.core.errors import InputError
from eeg2fmri.report.figures.training import search_history
from eeg2fmri.report.html.document import fill
from eeg2fmri.report.html.numbers import number, plural, value
from eeg2fmri.report.html.pictures import picture
from eeg2fmri.report.sections.methods_of_tables import methods_of_search
from eeg2fmri.report.sections.tables import Table
from eeg2fmri.report.sections.verdict import Verdict
from eeg2fmri.results.search import Trial, read_trials


def write_search_figure(study_folder: str | Path, out: str | Path | None = None) -> Path:
    """Write one self-contained HTML page about a search: course, best settings, every trial; see `write_page`.

    Raises
    ------
    InputError
        If the folder holds no search, no trial was completed, or the page cannot be written.
    """
    folder = Path(study_folder)
    trials = read_trials(folder)
    if not any(math.isfinite(trial.score) for trial in trials):
        raise InputError("no trial of the search was completed", where=str(folder), got=plural(len(trials), "trial"))
    path = folder / "search.html" if out is None else Path(out)
    write_text(path, _render(folder.resolve().name, trials))
    return path


def _render(name: str, trials: Sequence[Trial]) -> str:
    scores = np.array([trial.score for trial in trials])
    drawn = picture(
        search_history,
        scores,
        objective="validation reconstruction (dimensionless)",
        first=trials[0].number,
        alt=f"Score of {plural(len(trials), 'trial')} in their order, and the best so far.",
        caption="The reconstruction part of the validation loss of each trial, lower is better. Trials without a "
        "value were stopped early or could not be built. Test subjects were not looked at.",
    )
    done = [trial for trial in trials if math.isfinite(trial.score)]
    best = min(done, key=lambda trial: trial.score)
    first = next(trial for trial in trials if math.isfinite(trial.score))
    sentence = (
        f"Trial {best.number} reached {number(best.score, 4)}; the first that was completed reached "
        f"{number(first.score, 4)}. Its settings are in best.yaml."
    )
    return fill(
        "search.html.j2",
        kind="search",
        name=name,
        verdict=Verdict("open", f"Best of {plural(len(done), 'completed trial')}", sentence),
        numbers=[("Trials", str(len(trials))), ("Completed", str(len(done))), ("Best score", number(best.score, 4))],
        warnings=_warnings(trials, best),
        pictures=[drawn],
        methods=methods_of_search(trials, best),
        best=[(label, value(item)) for label, item in best.params.items()],
        trials=_table(trials, best),
    )


def _warnings(trials: Sequence[Trial], best: Trial) -> list[str]:
    found = []
    failed = [trial for trial in trials if trial.error]
    if failed:
        found.append(f"{plural(len(failed), 'trial')} could not be trained; the table names the errors.")
    if best is trials[-1] and len(trials) > 1:
        found.append("The last trial was the best: more trials may find better settings.")
    return found


def _table(trials: Sequence[Trial], best: Trial) -> Table:
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    order = sorted(trials, key=lambda trial: (not math.isfinite(trial.score), trial.score, trial.number))
    rows = tuple(
        (
            str(trial.number),
            number(trial.score, 4) if math.isfinite(trial.score) else trial.state,
            *(value(trial.params[name]) if name in trial.params else "\N{EN DASH}" for name in names),
            trial.error.splitlines()[0] if trial.error else "",
        )
        for trial in order
    )
    head = ("Trial", "Score", *(name.replace("_", " ") for name in names), "Error")
    return Table("Every trial, the best first", head, rows, strong=(order.index(best),))
