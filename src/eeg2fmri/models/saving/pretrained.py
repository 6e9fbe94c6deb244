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
            A folder, or ``hub:owner/name`` on the Hub, from which only the weights and config.json are fetched.
        **options
            ``revision``, ``token``, ``cache_dir``, ``force_download``, ``local_files_only`` of the Hub.

        Raises
        ------
        CheckpointError
            If the folder holds no intact model of this class.
        """
        from eeg2fmri.models.saving.hub import load

        place = folder_of(pretrained_model_name_or_path, **options)
        model = load(place).model
        if not isinstance(model, cls):
            raise CheckpointError(
                "the model is of another class", where=str(place), got=type(model).__name__, expected=cls.__name__
            )
        return model


def folder_of(place: str | Path, **options: Any) -> str | Path:
    """Give a folder as it is, and fetch ``hub:owner/name`` into one: the Hub is asked only if it is named.

    Raises
    ------
    CheckpointError
        If the model cannot be fetched.
    """
    if not str(place).startswith(HUB):
        return place
    from huggingface_hub import hf_hub_download

    from eeg2fmri.models.saving.files import CONFIG, WEIGHTS

    name = str(place).removeprefix(HUB)
    try:
        # file by file, each of which is waited for with a limit: for lists of files the Hub's package has none
        return Path([hf_hub_download(name, file, **options) for file in (CONFIG, WEIGHTS)][-1]).parent
    except (OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            "the model cannot be fetched from the Hub",
            where=name,
            got=(str(error).splitlines() or [type(error).__name__])[0],
            expected="owner/name of a model of this package",
            hint="check the name and the network",
        ) from None
