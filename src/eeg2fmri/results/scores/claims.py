"""Claim in three sentences that rest on different tests, and in one for a reader who knows none of them.

(a) Does the EEG carry information about this BOLD? Temporal r of the voxels that were chosen in the training group,
    tested by exchanging recordings where there are five or more, else by surrogates within recordings.
(b) Is this model better than simpler ones, by more than a difference that counts? Every baseline that predicts
    anything, paired: over people where there are five or more, else over surrogates of these recordings.
(c) Could it be something else than the activity of the brain? The controls, where they were run.

However many questions are asked of one set of recordings, something is claimed of an EEG that tells nothing in at most
one set of twenty: the level is shared out between information and a reversed sign, and regions, a share of the brain, a
global course and a better model are claimed only where information is.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from eeg2fmri.results.files import defined
from eeg2fmri.results.scores.method import DIFFERENCE, SIGNIFICANT

if TYPE_CHECKING:
    from eeg2fmri.results.scores.evaluation import Evaluation

#: Fewest subjects with which flipping signs can reach p = .05: all of 2^5 patterns but one.
SUBJECTS = 5
#: An r that would not have been found more often than not is no reason to say that there is none.
FOUND = 0.1
#: Largest p values of information and of a reversed sign: together those of one test.
INFORMS, REVERSED = 0.8 * SIGNIFICANT, 0.2 * SIGNIFICANT
#: Standard deviations of the null from the level of information to a power of .8, one-sided.
POWER = 2.59
#: Share of r that must stay without the global course, or it is called global.
LOCAL = 0.5
_NEARLY_ONE = 1 - 1e-12

Decision = Literal["yes", "no", "not decided"]


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    name : {"information", "better", "brain"}
    decision : {"yes", "no", "not decided"}
    sentence : str
    numbers : mapping of str to float, int or str
        That the sentence rests on; NaN where one is not defined.
    """

    name: str
    decision: Decision
    sentence: str
    numbers: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        numbers = {key: defined(value) if isinstance(value, float) else value for key, value in self.numbers.items()}
        return {**asdict(self), "numbers": numbers}


def claims(evaluation: Evaluation) -> tuple[Claim, Claim, Claim]:
    """Decide the three claims of an evaluation, in the order of the module."""
    return information(evaluation), better(evaluation), brain(evaluation)


def information(evaluation: Evaluation) -> Claim:
    """Decide whether the EEG carries information about this BOLD, and say where."""
    test, subjects = evaluation.test, len(evaluation.subjects)
    people = f"{subjects} {evaluation.protocol.people(subjects)}"
    if test is None:
        return Claim(
            "information",
            "no",
            f"(a) Nothing: what the model predicts does not vary over time ({people}).",
            {"r": 0.0, "subjects": subjects},
        )
    model, headline = evaluation.model.name, evaluation.headline.name
    r = evaluation.score(model, headline)
    low, high = evaluation.interval(model, headline)
    spread = (test.high - test.low) / (2 * 1.96)
    if math.isnan(low):
        # of the r of one recording; by Fisher's transformation, so that no end lies beyond 1
        middle = math.atanh(min(max(r, -_NEARLY_ONE), _NEARLY_ONE))
        low, high = math.tanh(middle - 1.96 * spread), math.tanh(middle + 1.96 * spread)
    exchanged = evaluation.facts.get("exchanged")
    p, below, how = (
        (exchanged["p_value"], exchanged["p_below"], f"{exchanged['recordings']} recordings exchanged")
        if exchanged
        else (test.p_value, test.p_below, "surrogates within recordings")
    )
    reverse = r < 0 and below <= REVERSED
    informs = r > 0 and p <= INFORMS
    findable = POWER * spread
    decision: Decision = "yes" if informs or reverse else "no" if findable <= FOUND else "not decided"
    without = _score(evaluation, model, "responsive_r_without_global")
    everywhere = informs and without < LOCAL * r
    found_of = evaluation.facts.get("significant_voxels", {}).get(model, {})
    share = _mean(one.get("family_wise") for one in found_of.values())
    brain_r = _score(evaluation, model, "temporal_r")
    regions = best_regions(evaluation)
    numbers: dict[str, Any] = {
        "r": r,
        "low": low,
        "high": high,
        "p_value": float(p),
        "p_below": float(below),
        "test": how,
        "subjects": subjects,
        "share_significant": share,
        "median_over_brain": brain_r,
        "r_without_global": without,
        "findable_r": findable,
        "global": everywhere,
        "reversed": reverse,
        "regions": regions,
    }
    return Claim("information", decision, _said_of(numbers, decision, informs, people), numbers)


def _said_of(numbers: Mapping[str, Any], decision: Decision, informs: bool, people: str) -> str:
    """Say the first claim: what was found, how sure it is, and where."""
    r, low, high, share = (numbers[name] for name in ("r", "low", "high", "share_significant"))
    p = numbers["p_below" if numbers["reversed"] else "p_value"]
    found = f"r {_r(r)} [{_r(low)}, {_r(high)}] where the training group responded, {_p(p)} "
    found += f"({numbers['test']}), {people}"
    middle = numbers["median_over_brain"]
    where = f"; median over the brain {_r(middle)}" if math.isfinite(middle) else ""
    if informs and math.isfinite(share):
        where += f", {share:.1%} of the brain significant (family-wise)"
    if informs and numbers["regions"]:
        where += f"; best: {', '.join(numbers['regions'])}"
    findable = numbers["findable_r"]
    if numbers["reversed"]:
        text = f"(a) The prediction is reversed: {found}{where}"
    elif informs:
        text = f"(a) The EEG carries information about this BOLD: {found}{where}"
        if numbers["global"]:
            text += f". It is global: without the mean course of the brain, r is {_r(numbers['r_without_global'])}"
    elif decision == "no":
        text = f"(a) No information was found: {found}; an r of {findable:.2f} would have been found{where}"
    else:
        text = f"(a) Not decided: {found}; an r below {findable:.2f} cannot be told from chance here{where}"
    if numbers["subjects"] < 3 and informs:
        text += f". Whether it holds for other people is not decided with {numbers['subjects']}"
    return text + "."


@dataclass(frozen=True)
class Rival:
    """A baseline, or another model, beside the judged one.

    Attributes
    ----------
    label : str
    score : float
        Its headline.
    difference, low, high : float
        The model's headline minus it, with its 95 % interval.
    p_value : float
        That the model is better by more than the difference that counts; NaN if it was not tested.
    paired : str
        What the test pairs.
    """

    label: str
    score: float
    difference: float
    low: float
    high: float
    p_value: float
    paired: str

    def decision(self, counts: float) -> Decision:
        """Whether the model is better by more than a difference that counts."""
        if self.difference > counts and self.p_value <= SIGNIFICANT:
            return "yes"
        return "no" if self.high < counts else "not decided"


def rivals(evaluation: Evaluation) -> list[Rival]:
    """List the baselines and other models that predict anything that varies, the hardest first."""
    over_people = len(evaluation.subjects) >= SUBJECTS
    paired = "subjects" if over_people else "surrogates of these recordings"
    keys = ("low", "high", "p_value") if over_people else ("low_surrogates", "high_surrogates", "p_surrogates")
    model, headline = evaluation.model.name, evaluation.headline.name
    found = []
    for method in evaluation.methods:
        score = evaluation.score(method.name, headline)
        rival = method.role == "baseline" or (method.role == "model" and method != evaluation.model)
        if not rival or math.isnan(score) or method.name not in evaluation.pooled:
            continue
        test = evaluation.against.get(method.name, {})
        low, high, p = (math.nan if (value := test.get(key)) is None else float(value) for key in keys)
        difference = evaluation.score(model, headline) - score
        found.append(Rival(method.label, score, difference, low, high, p, paired))
    order = {"no": 0, "not decided": 1, "yes": 2}
    counts = difference_that_counts(evaluation)
    return sorted(found, key=lambda one: (order[one.decision(counts)], one.difference))


def difference_that_counts(evaluation: Evaluation) -> float:
    """Give the smallest difference of r that counts."""
    return float(evaluation.facts.get("difference_that_counts", DIFFERENCE))


def better(evaluation: Evaluation) -> Claim:
    """Decide whether the model is better than every baseline by more than a difference that counts.

    It cannot be where its own EEG is not shown to tell anything: that would be a second look at the same chance.
    """
    counts, found = difference_that_counts(evaluation), rivals(evaluation)
    still = [m.label for m in evaluation.methods if m.role == "baseline" and m.name not in evaluation.pooled]
    absent = [f"{one['label']} ({one['reason']})" for one in evaluation.facts.get("not_fitted", {}).values()]
    aside = [f"{', '.join(still)}: predict{'s' * (len(still) == 1)} nothing that varies"] if still else []
    aside += [f"not fitted: {', '.join(absent)}"] if absent else []
    beside = f" ({'; '.join(aside)})" if aside else ""
    if not found:
        return Claim("better", "not decided", f"(b) Not decided: there is no baseline to compare with{beside}.")
    hardest = found[0]
    decision = hardest.decision(counts)
    if evaluation.test is None:
        decision = "no"
    waits = decision == "yes" and not tells(evaluation)
    if waits:
        decision = "not decided"
    numbers = {**asdict(hardest), "difference_that_counts": counts, "subjects": len(evaluation.subjects)}
    tested = "not tested" if math.isnan(hardest.p_value) else f"{_p(hardest.p_value)} paired over {hardest.paired}"
    interval = "" if math.isnan(hardest.low) else f" [{_r(hardest.low)}, {_r(hardest.high)}]"
    told = f"{hardest.label} has {_r(hardest.score)}, difference {_r(hardest.difference)}{interval}, {tested}"
    first = {
        "yes": f"(b) The model is better than every simpler one by more than {counts:g} of r; the hardest",
        "no": f"(b) The model is not better than simpler ones by {counts:g} of r",
        "not decided": f"(b) Not decided whether the model is better than simpler ones by more than {counts:g} of r"
        + ", as it is not shown to tell anything" * waits,
    }[decision]
    return Claim("better", decision, f"{first}: {told}{beside}.", numbers)


def brain(evaluation: Evaluation) -> Claim:
    """Say whether the score could be something else than the activity of the brain, as the controls tell."""
    found = evaluation.controls
    if found is None:
        return Claim("brain", "not decided", "(c) Not decided: no controls were run.")
    decision: Decision = "not decided" if not found.informative else "no" if found.biting else "yes"
    return Claim("brain", decision, f"(c) {found.sentence}", {"could_be": found.could_be})


def tells(evaluation: Evaluation) -> bool:
    """Whether the EEG is claimed to carry information, with the right sign: then there is something to explain."""
    informs = information(evaluation)
    return informs.decision == "yes" and not informs.numbers.get("reversed")


def best_regions(evaluation: Evaluation, count: int = 3) -> list[str]:
    """Name the regions with the highest mean r over recordings that are significant in most of them."""
    from eeg2fmri.results.scores.regions import over_recordings

    best = [one for one in over_recordings(evaluation.regions) if one.mostly_significant]
    return [f"{one.name} (r {one.r:.2f})" for one in best[:count]]


def _score(evaluation: Evaluation, method: str, metric: str) -> float:
    known = any(each.name == metric for each in evaluation.metrics)
    return evaluation.score(method, metric) if known else math.nan


def _mean(values: Any) -> float:
    known = [float(value) for value in values if value is not None]
    return sum(known) / len(known) if known else math.nan


def _r(value: float) -> str:
    """Write a correlation, without a minus before zero."""
    return "not defined" if math.isnan(value) else f"{round(value, 3) + 0.0:.3f}"


def _p(value: float) -> str:
    return f"p = {value:.3f}" if value >= 0.001 else f"p = {value:.1g}"
