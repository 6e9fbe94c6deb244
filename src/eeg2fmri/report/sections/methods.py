"""Write the methods of a run or of predictions as a paragraph for a paper, with its citations and their BibTeX."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eeg2fmri import __version__
from eeg2fmri.core.space import described
from eeg2fmri.report.html.numbers import plural
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.results.predictions import Predictions

#: Key: how it is cited in the text, and its entry.
REFERENCES: dict[str, tuple[str, str]] = {
    "eeg2fmri": (
        "eeg2fmri",
        f"@software{{eeg2fmri,\n  author = {{{{The eeg2fmri developers}}}},\n  title = {{eeg2fmri}},\n"
        f"  version = {{{__version__}}}\n}}",
    ),
    "calhas2022": (
        "Calhas and Henriques, 2022",
        "@misc{calhas2022,\n  author = {Calhas, David and Henriques, Rui},\n"
        "  title = {{EEG} to {fMRI} Synthesis Benefits from Attentional Graphs of Electrode Relationships},\n"
        "  year = {2022},\n  eprint = {2203.03481},\n  archivePrefix = {arXiv}\n}",
    ),
    "gramfort2013": (
        "Gramfort et al., 2013",
        "@article{gramfort2013,\n  author = {Gramfort, Alexandre and others},\n"
        "  title = {{MEG} and {EEG} data analysis with {MNE-Python}},\n  journal = {Frontiers in Neuroscience},\n"
        "  volume = {7},\n  pages = {267},\n  year = {2013},\n  doi = {10.3389/fnins.2013.00267}\n}",
    ),
    "pernet2019": (
        "Pernet et al., 2019",
        "@article{pernet2019,\n  author = {Pernet, Cyril R. and others},\n"
        "  title = {{EEG-BIDS}, an extension to the brain imaging data structure for electroencephalography},\n"
        "  journal = {Scientific Data},\n  volume = {6},\n  pages = {103},\n  year = {2019},\n"
        "  doi = {10.1038/s41597-019-0104-8}\n}",
    ),
    "gorgolewski2016": (
        "Gorgolewski et al., 2016",
        "@article{gorgolewski2016,\n  author = {Gorgolewski, Krzysztof J. and others},\n"
        "  title = {The brain imaging data structure, a format for organizing and describing outputs of neuroimaging"
        " experiments},\n"
        "  journal = {Scientific Data},\n  volume = {3},\n  pages = {160044},\n  year = {2016},\n"
        "  doi = {10.1038/sdata.2016.44}\n}",
    ),
    "abraham2014": (
        "Abraham et al., 2014",
        "@article{abraham2014,\n  author = {Abraham, Alexandre and others},\n"
        "  title = {Machine learning for neuroimaging with scikit-learn},\n"
        "  journal = {Frontiers in Neuroinformatics},\n  volume = {8},\n  pages = {14},\n  year = {2014},\n"
        "  doi = {10.3389/fninf.2014.00014}\n}",
    ),
}
#: Kind of the network of Calhas and Henriques.
PUBLISHED = "synthesizer"
#: Packages that are cited, with what they are cited by.
PACKAGES = {"mne": "gramfort2013", "nilearn": "abraham2014"}


@dataclass(frozen=True)
class Methods:
    """A paragraph of methods, and the entries of what it cites.

    Attributes
    ----------
    text, bibtex : str
    """

    text: str
    bibtex: str


def methods_of_run(results: RunResults) -> Methods:
    """Say how a run was prepared, trained and tested."""
    card, keys = results.card, ["eeg2fmri"]
    if _is_bids(card) and results.split:
        keys += ["gorgolewski2016", "pernet2019"]
    kind = str((card.get("model") or {}).get("kind", "unknown"))
    sentences = [_data(results), _windows(card), _model(kind, results.settings)]
    if kind == PUBLISHED:
        keys.append("calhas2022")
    sentences += [_split(results), *_tested(results)]
    packages = results.environment.get("packages", {})
    used = [f"{name} {version}" + _cited(name, keys) for name, version in packages.items()]
    made_by = results.environment.get("eeg2fmri", __version__)
    sentences.append(f"Everything was computed with eeg2fmri {made_by}" + (f", {', '.join(used)}." if used else "."))
    return _methods(sentences, keys)


def methods_of_predictions(found: Predictions) -> Methods:
    """Say how the images of a data set were synthesised."""
    made = found.description["GeneratedBy"][0]
    facts: Mapping[str, Any] = found.done[0].facts if found.done else {}
    sentences = [
        f"BOLD was synthesised from EEG alone with eeg2fmri {made.get('Version', __version__)} "
        f"({made.get('Description', 'unknown model')}; SHA-256 of the weights "
        f"{made.get('CheckpointSHA256', 'unknown')}).",
        "Each recording went through the steps of the recordings that the model was trained on; electrodes were "
        "matched by name, and those that were not recorded were interpolated (Gramfort et al., 2013).",
    ]
    if facts:
        sentences.append(
            f"Volumes are {facts.get('RepetitionTime'):g} s apart, in the space "
            f"{described(str(facts.get('SpatialReference', 'unknown')))}; their mean is "
            f"{facts.get('MeanVolume', 'unknown')}."
        )
    left = len(found.left_out)
    sentences.append(
        f"{plural(len(found.done), 'recording')} of {len(found.recordings)} could be used"
        + (f"; {left} could not, for the reasons in recordings.tsv." if left else ".")
        + " Files follow BIDS (Gorgolewski et al., 2016; Pernet et al., 2019)."
    )
    return _methods(sentences, ["eeg2fmri", "gramfort2013", "gorgolewski2016", "pernet2019"])


def _methods(sentences: list[str], keys: list[str]) -> Methods:
    entries = "\n\n".join(REFERENCES[key][1] for key in dict.fromkeys(keys))
    return Methods(" ".join(sentence for sentence in sentences if sentence), entries)


def _cited(package: str, keys: list[str]) -> str:
    key = PACKAGES.get(package)
    if key is None:
        return ""
    keys.append(key)
    return f" ({REFERENCES[key][0]})"


def _data(results: RunResults) -> str:
    card, ids = results.card, [name for part in results.split.values() for name in part]
    subjects = {name.split("_")[0] for name in ids}
    if not ids:
        return ""
    bids = ", organised as BIDS (Gorgolewski et al., 2016; Pernet et al., 2019)," if _is_bids(card) else ""
    return (
        f"{plural(len(set(ids)), 'recording')} of simultaneous EEG and fMRI from {plural(len(subjects), 'subject')}"
        f"{bids} were used: "
        f"{plural(len(card.get('electrodes', [])), 'electrode')}, one volume every {card.get('tr', 0):g} s, "
        f"{' x '.join(map(str, card.get('grid', [])))} voxels in the space "
        f"{described(str(card.get('space', 'unknown')))}."
    )


def _is_bids(card: Mapping[str, Any]) -> bool:
    return bool(card.get("prepare")) and card["prepare"].get("layout") is None


def _windows(card: Mapping[str, Any]) -> str:
    pairs = dict(card.get("pairs") or {})
    if not pairs:
        return ""
    features = {"rows": "families of features of each TR", "amplitude": "recentred band amplitudes"}
    what = features.get(str(pairs.get("eeg")), "the magnitude spectrogram")
    dynamics = "the deviation of each voxel from its own mean, in units of its standard deviation"
    target = dynamics if pairs.get("target") == "dynamics" else "all voxels"
    return (
        f"From windows of {pairs.get('window')} volumes of EEG ({what}), the model predicts, for the volume "
        f"that begins {int(pairs.get('lag') or 0)} TR after the window ends, {target}."
    )


def _model(kind: str, settings: Mapping[str, Any]) -> str:
    if kind == "recommended":
        return (
            "The synthesiser is a weighted sum of ridge regressions on families of EEG features, fitted in closed "
            "form; penalties, delays and weights were chosen by leaving one subject out in turn, without the test part."
        )
    trained = f", trained for at most {plural(int(settings['epochs']), 'epoch')}" if settings.get("epochs") else ""
    cited = " (Calhas and Henriques, 2022)" if kind == PUBLISHED else ""
    return f"The synthesiser is the model '{kind}'{cited}{trained}; the epoch with the best validation loss was kept."


def _split(results: RunResults) -> str:
    counts = {part: len({name.split("_")[0] for name in ids}) for part, ids in results.split.items() if ids}
    if not counts:
        return ""
    listed = ", ".join(f"{part} {count}" for part, count in counts.items())
    protocol = results.protocol.label or "unknown protocol"
    return f"Recordings were divided before windows were cut ({protocol}; subjects: {listed})."


def _tested(results: RunResults) -> list[str]:
    evaluation = results.evaluation
    if evaluation is None:
        return ["The model was not evaluated."]
    baselines = [method.title for method in evaluation.methods[1:] if method.role not in ("null", "ceiling")]
    headline = evaluation.headline
    score = evaluation.score(evaluation.model.name, headline.name)
    return [
        f"The headline is the {headline.title} over voxels of {plural(len(evaluation.subjects), 'test subject')}, "
        f"{score:.3f} for the model, compared with {', '.join(baselines) or 'no baseline'} and tested against "
        "surrogates.",
        evaluation.verdict,
    ]
