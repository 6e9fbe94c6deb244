"""Hold what a comparison of models says beside their scores: what each costs, and what is otherwise than published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

COLUMNS = (
    "model",
    "parameters",
    "multiply-adds a volume",
    "ms a volume",
    "training",
    "epochs",
    "peak memory, MB",
    "trained on",
    "encoder",
)
CAPTION = (
    "Multiply-adds are those of products of matrices, convolutions and attention. Peak memory is that of the training "
    "process (of the GPU, where there is one). Training is the time of all its epochs."
)


@dataclass(frozen=True)
class Compared:
    """What stands beside the scores of compared models.

    Attributes
    ----------
    protocol : str
        ``one protocol``: one split, statistics of the training group, the epoch by the validation part, the same
        volumes.
    size : str
        ``small`` or ``published``: sizes of the published models.
    cost : dict of label to dict
        See `eeg2fmri.compare.cost.measure_cost`.
    left_out : dict of name to str
        Models without a row, and why.
    changed : dict of label to dict of str to str
        What one protocol does otherwise than the authors of a model.
    """

    protocol: str
    size: str
    cost: dict[str, dict[str, Any]]
    left_out: dict[str, str] = field(default_factory=dict)
    changed: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Self | None:
        """Take it from the facts of an evaluation; None if that is no comparison."""
        found = facts.get("comparison")
        if not isinstance(found, Mapping):
            return None
        return cls(
            str(found["protocol"]),
            str(found["size"]),
            {str(label): dict(one) for label, one in found["cost"].items()},
            {str(name): str(why) for name, why in found["left_out"].items()},
            {str(label): dict(one) for label, one in facts.get("changed", {}).items()},
        )

    def rows(self) -> list[tuple[str, ...]]:
        """Give the cost of each model as text, in the order of `COLUMNS`."""
        return [
            (
                label,
                f"{int(one['parameters']):,}",
                _short(float(one["multiply_adds"])),
                f"{1e3 * float(one['seconds_a_volume']):.3g}",
                _time(one["training_seconds"]),
                "closed form" if not one["epochs"] else str(one["epochs"]),
                str(one["peak_memory_mb"] or "not known"),
                f"{one['device']}, {one['precision']}",
                str(one["encoder"] or "none"),
            )
            for label, one in self.cost.items()
        ]


def _short(count: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.0f}"


def _time(seconds: Any) -> str:
    if seconds is None:
        return "not known"
    return f"{float(seconds):.0f} s" if float(seconds) < 120 else f"{float(seconds) / 60:.1f} min"
