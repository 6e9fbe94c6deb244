"""Write the methods of a run or of predictions as a paragraph for a paper, with its citations and their BibTeX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eeg2fmri import __version__
from eeg2fmri.core.space import described
from eeg2fmri.report.html.numbers import decimals, plural
from eeg2fmri.report.read.run import RunResults
from eeg2fmri.report.sections.references import REFERENCES
from eeg2fmri.results.explanation import Explanation
from eeg2fmri.results.predictions import Predictions
from eeg2fmri.results.scores.evaluation import Evaluation

#: Kind of the network of Calhas and Henriques.
PUBLISHED = "synthesizer"
#: Packages that are cited, with what they are cited by.
PACKAGES = {"mne": "gramfort2013", "nilearn": "abraham2014"}


@dataclass(frozen=True)
class Methods:
    """A paragraph of methods, or several with an empty line between, and the entries of what they cite.

    Attributes
    ----------
    text, bibtex : str
    sentences : tuple of str
        Of a single paragraph.
    """

    text: str
    bibtex: str
    sentences: tuple[str, ...] = ()

    @classmethod
    def of(cls, sentences: Sequence[str], keys: Sequence[str]) -> Methods:
        """Put sentences together, and the entries of the works that they cite, each once."""
        entries = "\n\n".join(REFERENCES[key][1] for key in dict.fromkeys(keys))
        said = tuple(sentence for sentence in sentences if sentence)
        return cls(" ".join(said), entries, said)


def methods_of_run(results: RunResults) -> Methods:
    """Say how a run was prepared, trained and tested."""
    card, keys = results.card, ["eeg2fmri"]
    keys += data_keys(card, results.split)
    kind = str((card.get("model") or {}).get("kind", "unknown"))
    sentences = [data_sentence(card, results.split), windows_sentence(card), _model(kind, results.settings)]
    if kind == PUBLISHED:
        keys.append("calhas2022")
    sentences += [_split(results), *_tested(results)]
    if results.explanation is not None:
        sentences.append(_explained(results.explanation))
        keys.append("bach2015")
    sentences.append(computed_with(results.environment, keys))
    return Methods.of(sentences, keys)


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
    return Methods.of(sentences, ["eeg2fmri", "gramfort2013", "gorgolewski2016", "pernet2019"])


def _cited(package: str, keys: list[str]) -> str:
    key = PACKAGES.get(package)
    if key is None:
        return ""
    keys.append(key)
    return f" ({REFERENCES[key][0]})"


def data_sentence(card: Mapping[str, Any], split: Mapping[str, Sequence[str]]) -> str:
    """Say of whom how much was recorded; empty where the recordings are not known."""
    ids = [name for part in split.values() for name in part]
    subjects = {name.split("_")[0] for name in ids}
    if not ids:
        return ""
    bids = ", organised as BIDS (Gorgolewski et al., 2016; Pernet et al., 2019)," if _is_bids(card) else ""
    return (
        f"{plural(len(set(ids)), 'recording')} of simultaneous EEG and fMRI from {plural(len(subjects), 'subject')}"
        f"{bids} were used: "
        f"{plural(len(card.get('electrodes', [])), 'electrode')}, one volume every {card.get('tr', 0):g} s, "
        f"{_volumes(card)} in the space {described(str(card.get('space', 'unknown')))}."
    )


def data_keys(card: Mapping[str, Any], split: Mapping[str, Sequence[str]]) -> list[str]:
    """List what `data_sentence` cites."""
    return ["gorgolewski2016", "pernet2019"] if _is_bids(card) and any(split.values()) else []


def computed_with(environment: Mapping[str, Any], keys: list[str]) -> str:
    """Name the program and the packages with their versions; what they are cited by is added to the keys."""
    packages = environment.get("packages", {})
    used = [f"{name} {version}" + _cited(name, keys) for name, version in packages.items()]
    made_by = environment.get("eeg2fmri", __version__)
    return f"Everything was computed with eeg2fmri {made_by}" + (f", {', '.join(used)}." if used else ".")


def _volumes(card: Mapping[str, Any]) -> str:
    """Say what is predicted: voxels, regions, or what lies on a surface."""
    grid = list(card.get("grid", []))
    if card.get("elements"):
        return f"{grid[0]} grayordinates, vertices or parcels"
    if card.get("regions"):
        return f"{plural(len(card['regions']), 'region')} of an atlas"
    return f"{' x '.join(map(str, grid))} voxels"


def _explained(found: Explanation) -> str:
    windows = sum(one["windows"] for one in found.content["subjects"])
    return (
        "What the model reads was found by layer-wise relevance propagation (Bach et al., 2015) from the "
        f"{found.target} to the electrodes, frequencies and times of {plural(windows, 'window')} of "
        f"{plural(len(found.subjects), 'subject')}."
    )


def _is_bids(card: Mapping[str, Any]) -> bool:
    return bool(card.get("prepare")) and card["prepare"].get("layout") is None


def windows_sentence(card: Mapping[str, Any]) -> str:
    """Say what is predicted from what; empty where it is not known."""
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
            "form; penalties, delays, bands and weights were chosen by leaving one subject out in turn, without the "
            "test part."
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
    baselines = [method.label for method in evaluation.methods[1:] if method.role not in ("null", "ceiling")]
    return [scored(evaluation, "the model", baselines), evaluation.verdict]


def scored(evaluation: Evaluation, model: str, beside: Sequence[str]) -> str:
    """Say what the headline is, and beside what it stands."""
    headline = evaluation.headline
    return (
        f"The score ({headline.label}; mean over {plural(len(evaluation.subjects), 'test subject')}) is "
        f"{decimals(evaluation.score(evaluation.model.name, headline.name))} for {model}. It was compared with: "
        f"{'; '.join(beside) or 'no baseline'}. It was tested against surrogates."
    )
