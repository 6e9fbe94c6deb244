"""Record where a training stands: everything but tensors that it needs to go on, exact through JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, TypeVar

from eeg2fmri.train.states.history import Means, Row

T = TypeVar("T")


class Seconds:
    """Time spent on named kinds of work, s."""

    def __init__(self, spent: dict[str, float] | None = None) -> None:
        self.spent: dict[str, float] = defaultdict(float, spent or {})

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add the time of the block to `name`."""
        start = monotonic()
        try:
            yield
        finally:
            self.spent[name] += monotonic() - start

    def waiting(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Go through `items`, and add the time that they were waited for to `name`."""
        source = iter(items)
        while True:
            with self.measure(name):
                item = next(source, None)
            if item is None:
                return
            yield item

    def rounded(self, *names: str) -> float:
        """Sum of the times of `names`, to the millisecond."""
        return round(sum(self.spent[name] for name in names), 3)


@dataclass
class Position:
    """Counters, history, and sums of the running epoch.

    Attributes
    ----------
    epoch : int
        Epochs that are done.
    batches_done : int
        Batches of the running epoch that are done.
    batches_seen, steps : int
        Batches and optimiser steps since the training began.
    best : (int, float)
        Epoch with the lowest validation loss, and that loss; (0, inf) before the first validation.
    history : list of dict
        One row an epoch.
    means : Means
        Losses of the running epoch.
    seconds : Seconds
        Time that the running epoch took.
    """

    epoch: int = 0
    batches_done: int = 0
    batches_seen: int = 0
    steps: int = 0
    best: tuple[int, float] = (0, float("inf"))
    history: list[Row] = field(default_factory=list)
    means: Means = field(default_factory=Means)
    seconds: Seconds = field(default_factory=Seconds)

    def facts(self) -> dict[str, Any]:
        """Give what `of` takes, as JSON values."""
        return {
            "epoch": self.epoch,
            "batches_done": self.batches_done,
            "batches_seen": self.batches_seen,
            "steps": self.steps,
            "best": list(self.best),
            "history": self.history,
            "sums": dict(self.means.sums),
            "weight": self.means.weight,
            "seconds": dict(self.seconds.spent),
        }

    @classmethod
    def of(cls, facts: dict[str, Any]) -> Position:
        """Take back what `facts` gave."""
        return cls(
            epoch=facts["epoch"],
            batches_done=facts["batches_done"],
            batches_seen=facts["batches_seen"],
            steps=facts["steps"],
            best=(facts["best"][0], facts["best"][1]),
            history=facts["history"],
            means=Means(facts["sums"], facts["weight"]),
            seconds=Seconds(facts["seconds"]),
        )

    def end_epoch(self) -> None:
        """Stand at the first batch of the next epoch."""
        self.epoch, self.batches_done = self.epoch + 1, 0
        self.means, self.seconds = Means(), Seconds()
