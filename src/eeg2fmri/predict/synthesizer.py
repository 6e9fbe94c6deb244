"""`Synthesizer`: mne Raw in, nibabel 4-D image out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack, cast

import numpy as np

from eeg2fmri.core.errors import InputError
from eeg2fmri.core.log import tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.features.band_amplitude import AmplitudeCollector
from eeg2fmri.data.features.row_features import row_features
from eeg2fmri.data.features.rows.kind import RowSource
from eeg2fmri.data.pairs.of_store import needs_covariances
from eeg2fmri.data.pairs.windows import RAW, eeg_windows, pair_index, skipped
from eeg2fmri.data.prepare.new_recording import Cleaning, new_recording
from eeg2fmri.data.settings.prepare import PrepareConfig
from eeg2fmri.data.settings.raw import RawConfig
from eeg2fmri.data.timing.without_bold import Clock, Times
from eeg2fmri.models.saving.hub import Loaded, load
from eeg2fmri.models.saving.pretrained import Pretrained, folder_of
from eeg2fmri.models.synthesis import chosen_device, synthesize
from eeg2fmri.predict.checks import checked_mean
from eeg2fmri.predict.hub_card import hub_card
from eeg2fmri.predict.series_files import series_image
from eeg2fmri.predict.stream import CONSTANT, Stream, is_constant
from eeg2fmri.predict.stream_channels import stream_channels, wanted

if TYPE_CHECKING:
    import mne
    from nibabel import Cifti2Image, Nifti1Image

#: Windows that go through the model at once: enough to fill two cores, few enough to stay small.
BATCH = 8


@dataclass(frozen=True)
class SynthesizedVolumes:
    """Volumes of one recording and when they are.

    Attributes
    ----------
    volumes : array, shape (volume, x, y, z)
        BOLD, in the unit of the training recordings.
    indices : array of int, shape (volume,)
        Number of each volume among the volumes of the recording, from 0: the first ones have no whole
        window of EEG before them.
    onsets : array, shape (volume,)
        Start of each volume, s after the first EEG sample.
    notes : tuple of str
        What the user should know of how the recording was read.
    """

    volumes: np.ndarray
    indices: np.ndarray
    onsets: np.ndarray
    notes: tuple[str, ...] = ()


class Synthesizer:
    """A trained synthesiser and all that is needed to use it on a new recording.

    Parameters
    ----------
    loaded : Loaded
        Model, card, group statistics and digest of the checkpoint.
    device : str
        Torch device.
    folder : Path, optional
        Run folder, from which `push_to_hub` tells how the model was tested.

    Examples
    --------
    >>> synthesizer = Synthesizer.from_pretrained("run", device="cpu")
    >>> synthesizer.predict("bids/sub-02/eeg/sub-02_task-rest_eeg.vhdr").shape
    (9, 11, 8, 23)
    """

    def __init__(self, loaded: Loaded, device: str = "cpu", folder: Path | None = None) -> None:
        self.loaded = loaded
        self.folder = folder
        self.card = loaded.card
        self.device = device

    @classmethod
    def from_pretrained(cls, path: str | Path, device: str = "auto") -> Self:
        """Load a run folder, or a model from the Hugging Face Hub.

        Parameters
        ----------
        path : str or Path
            Folder with ``config.json`` and ``weights.safetensors``; or ``hub:owner/name``: the Hub is asked for
            nothing else.
        device : str
            Torch device; ``auto`` takes CUDA where there is one.

        Raises
        ------
        CheckpointError
            If the folder is not a run, or is damaged.
        """
        folder = folder_of(path)
        loaded = load(folder)
        loaded.card.check_usable(str(path))
        return cls(loaded, chosen_device(device), Path(folder))

    def __repr__(self) -> str:
        """Say in a line what the synthesiser is."""
        card = self.card
        voxels = f"{len(card.regions)} regions" if card.regions else "x".join(map(str, card.grid)) + " voxels"
        return (
            f"<{type(self).__name__} | {type(self.loaded.model).__name__} of {len(card.electrodes)} electrodes, "
            f"{card.pairs.target} of {voxels} every {card.tr:g} s, on {self.device}>"
        )

    def save_pretrained(self, folder: str | Path) -> None:
        """Save model, card and group statistics, which `from_pretrained` loads to the same synthesiser.

        Parameters
        ----------
        folder : path
            Made if it does not exist; a model that is there is replaced.

        Raises
        ------
        CheckpointError
            If the disk is full or cannot be written.
        """
        cast(Pretrained, self.loaded.model).save_pretrained(folder)

    def push_to_hub(self, repo_id: str, *, licence: str | None = None, **options: Any) -> Any:
        """Save to the Hugging Face Hub, from where ``from_pretrained("hub:owner/name")`` takes it.

        A card goes with it: intended use, data, protocol, what was found and the controls, licence.

        Parameters
        ----------
        repo_id : str
            ``owner/name``.
        licence : str, optional
            Licence of the weights, such as ``CC-BY-4.0``; the card says that none is stated if it is left out.
        **options
            ``private``, ``token``, ``branch``, ``commit_message`` of `huggingface_hub.ModelHubMixin.push_to_hub`.
        """
        about = hub_card(self.card, repo_id, run=self.folder, licence=licence)
        model = cast(Pretrained, self.loaded.model)
        return model.push_to_hub(repo_id, model_card_kwargs={"about": about}, **options)

    def predict(
        self,
        recording: str | Path | mne.io.BaseRaw,
        *,
        own_mean: np.ndarray | None = None,
        cleaning: Cleaning = "replay",
        settings: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        **times: Unpack[Times],
    ) -> Nifti1Image | Cifti2Image:
        """Synthesise the BOLD of an EEG recording.

        Parameters
        ----------
        recording : path or mne.io.Raw
            EEG file, or EEG in volts. Electrodes are found by name; those that were not recorded are interpolated.
            Channels in ``raw.info["bads"]`` are treated as bad ones of the training were.
        own_mean : array, shape (x, y, z), optional
            The subject's own mean BOLD volume, to which synthesised dynamics are added in place of the
            training group's.
        cleaning : {"replay", "done"}
            ``replay``: the recording goes through the steps of the training's recordings (reference, bad electrodes,
            filter, artefacts). ``done``: it went through them already.
        settings : mapping, optional
            What is otherwise in this recording: any of ``eeg``, ``marker``, ``first_marker``, ``first_volume_s`` and
            ``triggers`` of `eeg2fmri.data.settings.prepare.PrepareConfig`.
        progress : Progress
        **times
            When volumes start: ``onsets`` (s after the first sample, of each volume), ``first_volume_s`` (of the first;
            the others follow a TR apart), or the name of the volume ``marker``. By default known markers are looked
            for; without any the first volume starts with the EEG.

        Returns
        -------
        nibabel.Nifti1Image, shape (x, y, z, volume)
            BOLD in the unit of the training recordings; affine and TR in the header, the start of the first
            volume in ``toffset`` (s). Of a model of grayordinates, vertices or parcels, a `nibabel.Cifti2Image`, shape
            (volume, element), with the brain models or parcels that it was trained on.

        Raises
        ------
        InputError
            If electrodes are missing and cannot be interpolated, the unit is wrong, or the recording is shorter than
            one window.
        """
        made = self.predict_volumes(
            recording,
            own_mean=own_mean,
            cleaning=cleaning,
            settings=settings,
            progress=progress,
            **times,
        )
        return series_image(self.card, made.volumes, float(made.onsets[0]))

    @tells
    def predict_volumes(
        self,
        recording: str | Path | mne.io.BaseRaw,
        *,
        own_mean: np.ndarray | None = None,
        cleaning: Cleaning = "replay",
        settings: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        **times: Unpack[Times],
    ) -> SynthesizedVolumes:
        """Synthesise as `predict`, and return arrays with the number and onset of each volume."""
        card = self.card
        own_mean = checked_mean(own_mean, card.grid)
        prepared = card.prepare or PrepareConfig()
        new = new_recording(
            recording, wanted(card), prepared, settings=settings, clock=Clock(**times), cleaning=cleaning
        )
        collected = needs_covariances(card.pairs, np.asarray(card.frequencies))
        amplitude = AmplitudeCollector(float(new.raw.info["sfreq"]), card.tr) if collected else None
        starts, targets = pair_index(len(new.onsets), card.tr, card.pairs, where=new.where)
        if card.pairs.eeg in RAW:
            rows = new.raw_rows(_kept_raw(prepared, new.where))
        else:
            rows = new.spectrogram(amplitude)
        skip = skipped(card.tr, card.pairs)
        recentred = None if amplitude is None else _recentred(amplitude, skip, new.where)
        if card.pairs.eeg == "rows":
            source = RowSource(rows, np.asarray(card.frequencies), recentred)
            rows = row_features(source, card.pairs.rows, skip, new.where)
        elif recentred is not None:
            rows = recentred
        scaler = self.loaded.scaler()
        windows = (eeg_windows(rows, starts[k : k + 1], card.pairs)[0] for k in range(len(starts)))
        volumes = np.empty((len(starts), *card.grid), np.float32)
        for k, volume in enumerate(synthesize(self.loaded.model, windows, batch_size=BATCH, device=self.device)):
            volumes[k] = scaler.unscale(volume, own_mean=own_mean)
            progress("Synthesising", k + 1, len(starts))
        notes = (*new.notes, CONSTANT) if len(volumes) > 1 and is_constant(volumes) else new.notes
        return SynthesizedVolumes(volumes, targets, new.onsets[targets], notes)

    def stream(
        self,
        sfreq: float,
        channels: Sequence[str],
        *,
        first_volume_s: float = 0.0,
        own_mean: np.ndarray | None = None,
        cleaning: Cleaning = "replay",
        bads: Sequence[str] = (),
    ) -> Stream:
        """Start a synthesis of EEG that is still being recorded; see `Stream`."""
        return Stream(
            self.loaded,
            sfreq,
            stream_channels(self.card, sfreq, channels, cleaning, bads),
            first_volume_s=first_volume_s,
            own_mean=own_mean,
            device=self.device,
        )


def _kept_raw(prepared: PrepareConfig, where: str) -> RawConfig:
    if prepared.raw is None:
        raise InputError(
            "the model reads raw EEG, and does not say at which rate",
            where=where,
            got="a checkpoint without the settings of its raw EEG",
            hint="train it on a store that was prepared with raw: {rate: 200}",
        )
    return prepared.raw


def _recentred(amplitude: AmplitudeCollector, skip: int, where: str) -> np.ndarray:
    rows = amplitude.recentred(skip)
    if rows is None:
        raise InputError(
            "the recording does not have the band amplitudes that the model needs", where=where, got=amplitude.problem
        )
    return rows
