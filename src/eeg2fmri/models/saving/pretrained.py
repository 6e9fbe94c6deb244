"""`save_pretrained` and `from_pretrained` of models, through the mixin of huggingface_hub."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from huggingface_hub import ModelHubMixin

from eeg2fmri.core.errors import CheckpointError
from eeg2fmri.models.saving.carried import CarriesCard

#: What stands before a name on the Hub.
HUB = "hub:"

_README = """---
{{ card_data }}
---

{{ about | default("A model of the Python package eeg2fmri. `config.json` says what it is and what it was trained on; "
"`weights.safetensors` holds its weights and the statistics of its training group. Load it with `from_pretrained`.") }}
"""


class Pretrained(
    ModelHubMixin, CarriesCard, library_name="eeg2fmri", tags=["eeg", "fmri"], model_card_template=_README
):
    """Mixin of every model of the registry: loads and saves it, here and on the Hub."""

    def _save_pretrained(self, save_directory: Path) -> None:
        from eeg2fmri.models.saving.card import ModelCard
        from eeg2fmri.models.saving.hub import save

        card = self.card if self.card is not None else ModelCard.of_model(self.config)  # type: ignore[attr-defined]
        save(save_directory, self, card, self.statistics)  # type: ignore[arg-type]

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **options: Any) -> Self:
        """Load a model from a folder, or from the Hub.

        Parameters
        ----------
        pretrained_model_name_or_path : str or Path
            A folder, or ``hub:owner/name`` (or ``owner/name``, where there is no such folder) on the Hub, from which
            only the weights and config.json are fetched.
        **options
            ``revision``, ``token``, ``cache_dir``, ``force_download``, ``local_files_only`` of the Hub.

        Raises
        ------
        CheckpointError
            If the folder holds no intact model of this class.
        """
        place = str(pretrained_model_name_or_path)
        if not Path(place).is_dir():
            place = _fetched(place.removeprefix(HUB), options)
        from eeg2fmri.models.saving.hub import load

        model = load(place).model
        if not isinstance(model, cls):
            raise CheckpointError(
                "the model is of another class", where=place, got=type(model).__name__, expected=cls.__name__
            )
        return model


def folder_of(place: str | Path) -> str | Path:
    """Give a folder as it is, and fetch ``hub:owner/name`` into one: the Hub is asked only if it is named.

    Raises
    ------
    CheckpointError
        If the model cannot be fetched.
    """
    return _fetched(place.removeprefix(HUB), {}) if isinstance(place, str) and place.startswith(HUB) else place


def _fetched(name: str, options: dict[str, Any]) -> str:
    """Fetch the two files of a model from the Hub and return their folder."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    from eeg2fmri.models.saving.files import CONFIG, WEIGHTS

    if isinstance(name, str) and (name.count("/") != 1 or name.startswith((".", "/", "~"))):
        raise CheckpointError(
            "the folder does not exist", where=name, hint="give a folder, or hub:owner/name to fetch it from the Hub"
        )
    try:
        return str(snapshot_download(name, allow_patterns=[CONFIG, WEIGHTS], **options))
    except (OSError, ValueError, HFValidationError) as error:
        raise CheckpointError(
            "there is no such folder, and the model cannot be fetched from the Hub",
            where=name,
            got=str(error).splitlines()[0],
            hint="check the path or the name, and the network",
        ) from None
