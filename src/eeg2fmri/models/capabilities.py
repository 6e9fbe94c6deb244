"""Name what a model may be able to do beside synthesising: asked for by `isinstance`, offered by its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor
    from torch.utils.data import Dataset

    from eeg2fmri.core.progress import Progress
    from eeg2fmri.models.output import Synthesis
    from eeg2fmri.models.recommended.acquisition import Acquisition

#: File of a run that says what a fit in closed form chose, and which parts of the split it was fitted to.
FIT = "fit.json"


class ClosedFormReport(Protocol):
    """What a fit chose: a dataclass, which is saved with the run."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def summary(self) -> str:
        """Say in one line what was fitted, and how well it predicts what was left out."""


@runtime_checkable
class FitsInClosedForm(Protocol):
    """A model whose weights are computed, not trained by gradient steps."""

    def fit_closed_form(
        self,
        train: Dataset[Any],
        validation: Dataset[Any] | None,
        acquisition: Acquisition,
        progress: Progress = ...,
    ) -> ClosedFormReport:
        """Set the weights from the pairs of the training group, and say what was chosen.

        Parameters
        ----------
        train : Dataset of Pair
            Pairs of a recording follow each other in the order of time.
        validation : Dataset of Pair, or None
            May be fitted to as well; None where it has to stay unseen.
        acquisition : Acquisition
        progress : Progress
        """


@runtime_checkable
class LendsView(Protocol):
    """A synthesiser whose volumes a classification of EEG alone can look at.

    Attributes
    ----------
    config : Config
        With `eeg_shape` and `volume_shape`.
    """

    config: Any

    @property
    def has_encoder(self) -> bool:
        """Whether an encoder of EEG can be trained, on or anew, for the classification."""

    @property
    def row_kinds(self) -> tuple[str, ...] | None:
        """Kinds of row features that its windows hold; None if they are spectrograms, () if whitened amplitudes."""

    def untrained(self, seed: int) -> LendsView:
        """Make the same architecture with fresh weights, in evaluation mode: a trained one has to be better."""


@runtime_checkable
class HasLoss(Protocol):
    """A model with a loss of its own, taken where a training asks for it (``loss: {reconstruction: own}``)."""

    def loss(self, out: Synthesis, y: Tensor) -> dict[str, Tensor]:
        """Give the parts of the loss of a batch, scalars, ``reconstruction`` among them; their sum is made small.

        Parameters
        ----------
        out : Synthesis
            What the model gave for the windows and volumes of the batch; without a generator in validation.
        y : Tensor, shape (batch, x, y, z)
        """


@runtime_checkable
class StartsFromWeights(Protocol):
    """A model with an encoder that its authors trained on other recordings before."""

    def load_encoder(self, path: str | Path) -> None:
        """Read the encoder from a local file.

        Raises
        ------
        CheckpointError
            If the file cannot be read, or its tensors do not fit: what is missing, surplus or misshapen is named.
        """


@runtime_checkable
class HasDepth(Protocol):
    """A model whose layers have a depth, for learning rates that get smaller towards the input."""

    def layers_above(self, parameter: str) -> int:
        """Count the layers between a parameter, by name, and the output."""


@runtime_checkable
class ExplainsItself(Protocol):
    """A model with a rule of its own for the propagation of relevance.

    Without it, `forward` is looked at layer by layer and operation by operation.
    """

    def propagate_relevance(self, tracer: Any, *inputs: Any, **named: Any) -> Any:
        """Give what `forward` gives, with the gradient that propagates relevance (`eeg2fmri.explain.rules`)."""


@runtime_checkable
class NotExplained(Protocol):
    """A model that the propagation of relevance does not explain: it is refused before anything is computed.

    Attributes
    ----------
    why_not_explained : str
        The reason, as an error says it.
    """

    why_not_explained: ClassVar[str]


@runtime_checkable
class GivesBlocks(Protocol):
    """A model that gives consecutive volumes for a window, the last one that of the pair.

    Its volumes, scales and targets are (batch, block_length times x, y, z): volumes stacked along x, the oldest first;
    `volume_shape` of its settings is that of one. Over a recording the estimates of a volume are averaged
    (`eeg2fmri.models.synthesis`). What it draws for one window is independent of what it draws for another.

    Attributes
    ----------
    block_length : int
    """

    block_length: int


def block_of(model: object) -> int:
    """Count the volumes that a model gives for a window."""
    return model.block_length if isinstance(model, GivesBlocks) else 1


@runtime_checkable
class LooksAtTraining(Protocol):
    """A model that measures something in the training recordings before its first step, and keeps it."""

    def look(self, pairs: Any, mask: Any) -> None:
        """Measure.

        Parameters
        ----------
        pairs : Dataset of Pair
            Of the training part alone.
        mask : bool array, shape (x, y, z)
            Brain of the training group.
        """
