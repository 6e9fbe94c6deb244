"""Write the methods of pages about more than one run: groups, comparisons, classifications, searches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from eeg2fmri.report.html.numbers import number, plural, value
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.read.run_files import RunFiles
from eeg2fmri.report.sections.methods import (
    Methods,
    computed_with,
    data_keys,
    data_sentence,
    methods_of_run,
    scored,
    windows_sentence,
)
from eeg2fmri.results.classify.classification import Classification
from eeg2fmri.results.published import PublishedProtocol
from eeg2fmri.results.scores.evaluation import Evaluation
from eeg2fmri.results.search import Trial


def methods_of_scores(evaluation: Evaluation) -> Methods:
    """Say how a benchmark, a comparison or a cross-validation was made; of whose recordings, by its first run."""
    keys = ["eeg2fmri"]
    runs, folds = dict(evaluation.facts.get("runs") or {}), evaluation.facts.get("each_fold") or ()
    card, split, environment = _of_first(runs)
    keys += data_keys(card, split)
    models = [method.label for method in evaluation.methods if method.name in ("model", *runs) or method.title in runs]
    beside = [method for method in evaluation.methods if method.role not in ("null", "ceiling")]
    others = [method.label for method in beside if method.label not in models]
    sentences = [data_sentence(card, split), windows_sentence(card) if folds or len(runs) == 1 else ""]
    if folds:
        sentences.append(
            f"A model was trained for each of {plural(len(folds), 'fold')}, and tested on the recordings that it had "
            "not read; the scores of all folds were pooled."
        )
    elif len(runs) > 1:
        sentences.append(f"{plural(len(runs), 'model')} ({', '.join(models)}) were scored on the same volumes.")
    sentences += [
        f"Recordings were divided before windows were cut ({evaluation.protocol_label or 'unknown protocol'}).",
        scored(evaluation, evaluation.model.label, others),
        evaluation.verdict,
        computed_with(environment, keys),
    ]
    return Methods.of(sentences, keys)


def methods_of_runs(names: Sequence[str], runs: Sequence[RunResults]) -> Methods:
    """Say what the methods of all runs have in common, then what is of each."""
    each = [methods_of_run(run) for run in runs]
    entries = list(dict.fromkeys(entry for one in each for entry in one.bibtex.split("\n\n")))
    if len(each) == 1:
        return each[0]
    shared = [text for text in each[0].sentences if all(text in one.sentences for one in each)]
    own = [[text for text in one.sentences if text not in shared] for one in each]
    of_each = [f"{name}: {' '.join(texts)}" for name, texts in zip(names, own, strict=True) if texts]
    return Methods("\n\n".join([*filter(None, [" ".join(shared)]), *of_each]), "\n\n".join(entries))


def methods_of_classification(results: Classification) -> Methods:
    """Say what was classified, by what, and how it was tested."""
    keys, facts = ["eeg2fmri", "pedregosa2011"], results.facts
    sizes = facts.get("subjects_by_class") or {}
    classes = ", ".join(f"{name} {count}" for name, count in sizes.items())
    protocol: Mapping[str, Any] = facts.get("protocol") or {}
    sentences = [
        f"{plural(sum(sizes.values()), 'subject')} with EEG alone were classified by {value(facts.get('label'))} "
        f"({classes or 'sizes of the classes not known'}).",
        f"Methods are {', '.join(results.methods)}; classifiers are those of scikit-learn (Pedregosa et al., 2011) "
        "where they are not networks.",
    ]
    if "view" in results.methods:
        sentences.append(f"What the view shows was synthesised by the run {value(facts.get('run'))}.")
    if protocol:
        sentences.append(
            f"All recordings of a subject were on one side of each of {protocol.get('n_folds', 'several')} folds; "
            f"settings were chosen in {protocol.get('inner_folds', 'several')} inner folds."
        )
    known = {"Windows vote by the rule": "vote", "Test:": "test", "Intervals:": "interval"}
    sentences += [f"{words} {value(protocol[name])}." for words, name in known.items() if protocol.get(name)]
    sentences += [results.verdict, computed_with({}, keys)]
    return Methods.of(sentences, keys)


def methods_of_search(trials: Sequence[Trial], best: Trial) -> Methods:
    """Say what was searched, by what score, and what was found."""
    keys = ["eeg2fmri", "akiba2019"]
    names = sorted({name.replace("_", " ") for trial in trials for name in trial.params})
    settings = ", ".join(f"{name.replace('_', ' ')} {value(item)}" for name, item in best.params.items())
    sentences = [
        f"Settings ({', '.join(names)}) were searched in {plural(len(trials), 'trial')} with Optuna "
        "(Akiba et al., 2019).",
        "The score is the reconstruction part of the loss of the validation part; test recordings were not read.",
        f"Trial {best.number} was the best ({number(best.score, 4)}): {settings}.",
        computed_with({}, keys),
    ]
    return Methods.of(sentences, keys)


def methods_of_published(found: PublishedProtocol) -> Methods:
    """Say what the steps of a published protocol were taken on."""
    models = ", ".join(f"{one.model} on {one.world}" for one in found.models)
    sentences = [
        f"The same network was trained on the same people by one protocol, and by the steps of a published one, added "
        f"one after the other ({models}).",
        "Only the first step is a score of recordings that nothing was chosen or scaled by.",
        computed_with({}, []),
    ]
    return Methods.of(sentences, ["eeg2fmri"])


def _of_first(runs: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Sequence[str]], Mapping[str, Any]]:
    """Read card, split and environment of the first run that is still there; empty where none is."""
    for folder in map(Path, map(str, runs.values())):
        files = RunFiles(folder)
        if folder.is_dir() and (card := files.mapping("config.json")):
            return card, files.split(), files.mapping("environment.json")
    return {}, {}, {}
