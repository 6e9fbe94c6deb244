"""A synthesised image as a file: complete or absent, with a sidecar that says where it came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from eeg2fmri import __version__
from eeg2fmri.core.disk.files import whole_files
from eeg2fmri.core.errors import InputError
from eeg2fmri.core.log import Verbose, note, tells
from eeg2fmri.core.progress import Progress, silent
from eeg2fmri.data.bold.elements import Elements
from eeg2fmri.data.bold.own_mean import read_mean_elements, read_mean_volume
from eeg2fmri.data.prepare.new_recording import Cleaning
from eeg2fmri.data.timing.without_bold import Times
from eeg2fmri.models.saving.card import ModelCard
from eeg2fmri.predict.series_files import output_files, without_ending, write_series
from eeg2fmri.predict.synthesizer import SynthesizedVolumes, Synthesizer
from eeg2fmri.results.predictions import HEMISPHERE

#: What the unit of a synthesised image is, in words: BOLD has no absolute unit.
UNITS = "arbitrary (those of the BOLD images the model was trained on)"


@dataclass(frozen=True)
class PredictedFile:
    """Paths of a synthesised image and its sidecar, and what the user should know."""

    image: Path
    sidecar: Path
    n_volumes: int
    notes: tuple[str, ...]


@tells
def predict_file(
    run: str | Path,
    recording: str | Path,
    out: str | Path,
    *,
    mean_image: str | Path | None = None,
    cleaning: Cleaning = "replay",
    settings: Mapping[str, Any] | None = None,
    progress: Progress = silent,
    verbose: Verbose = None,
    **times: Unpack[Times],
) -> PredictedFile:
    """Synthesise the BOLD of an EEG file and write it as NIfTI with a JSON sidecar.

    Parameters
    ----------
    run : path
        Run folder.
    recording : path
        EEG file that MNE reads.
    out : path
        ``.nii`` or ``.nii.gz``; of a model of grayordinates ``.dtseries.nii``, of parcels ``.ptseries.nii``, of both
        hemispheres ``.func.gii`` with ``hemi-L`` in its name. Must not exist. A BIDS derivative is named
        ``sub-<label>_task-<label>_desc-synthesised_bold.nii.gz``. Regions of an atlas are also written as a table
        beside it, ``.tsv``.
    cleaning, settings, **times
        See `Synthesizer.predict`.
    mean_image : path, optional
        The subject's own BOLD (3-D mean or 4-D), brought to the grid of the run.
    verbose : bool, str, int or None
        Level of the log for this call; see `eeg2fmri.core.log`.

    Raises
    ------
    InputError, CheckpointError
        See `Synthesizer.predict`; also if `out` exists or is no NIfTI name.

    Examples
    --------
    >>> made = predict_file("run", "bids/sub-02/eeg/sub-02_task-rest_eeg.vhdr", "sub-02_desc-synthesised_bold.nii.gz")
    >>> made.n_volumes
    23
    """
    out = Path(out)
    sidecar = sidecar_of(out)
    table = sidecar.with_suffix(".tsv")
    _refuse_existing(out, sidecar)
    if not out.parent.is_dir():
        raise InputError("the folder of the output does not exist", where=str(out.parent), hint="make it first")
    synthesizer = Synthesizer.from_pretrained(run)
    card = synthesizer.card
    if card.regions:
        _refuse_existing(table)
    _refuse_existing(*output_files(card, out))
    own_mean, notes = None, list[str]()
    if mean_image is not None and card.elements:
        own_mean = read_mean_elements(mean_image, card.elements)
    elif mean_image is not None:
        affine = np.asarray(card.affine)
        own_mean = read_mean_volume(mean_image, card.grid, affine, card.prepare, space=card.space, notes=notes)
    made = synthesizer.predict_volumes(
        recording, own_mean=own_mean, cleaning=cleaning, settings=settings, progress=progress, **times
    )
    more = {"Sources": [Path(recording).name]}
    written = write_prediction(synthesizer, made, out, more, own_mean=own_mean is not None)
    return replace(written, notes=(*notes, *written.notes))


def write_prediction(
    synthesizer: Synthesizer,
    made: SynthesizedVolumes,
    out: Path,
    more: Mapping[str, Any],
    *,
    own_mean: bool = False,
) -> PredictedFile:
    """Write synthesised volumes, their sidecar, and the table of regions if the model has regions; all or none.

    Parameters
    ----------
    synthesizer : Synthesizer
    made : SynthesizedVolumes
        What it made.
    out : Path
        Image to write; what is there is replaced.
    more : mapping
        Entries of the sidecar beside those that follow from the others.
    own_mean : bool
        Whether the mean volume is the subject's own.

    Raises
    ------
    InputError
        If `out` is no NIfTI name or cannot be written.
    """
    card, sidecar = synthesizer.card, sidecar_of(out)
    images = output_files(card, out)
    notes = (*made.notes, *_notes(synthesizer, made, own_mean))
    facts = {**_facts(synthesizer, made, own_mean), **more, "Notes": list(notes)}
    outputs = (*images, sidecar, *((sidecar.with_suffix(".tsv"),) if card.regions else ()))
    with whole_files(*outputs) as parts:
        write_series(card, made.volumes, float(made.onsets[0]), list(parts[: len(images)]), out)
        parts[len(images)].write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        if card.regions:
            _write_regions(parts[-1], card.regions, made)
    return PredictedFile(out, sidecar, len(made.volumes), notes)


def _refuse_existing(*paths: Path) -> None:
    for path in paths:
        if path.exists():
            raise InputError("the output exists already", where=str(path), hint="remove it or choose another name")


def sidecar_of(out: Path) -> Path:
    """Name the sidecar of an image; that of a left hemisphere is of both, as BIDS inherits it.

    Examples
    --------
    >>> sidecar_of(Path("sub-01_hemi-L_space-fsaverage5_bold.func.gii")).name
    'sub-01_space-fsaverage5_bold.json'
    """
    stem = without_ending(out)
    return stem.with_name(f"{stem.name.replace(HEMISPHERE, '')}.json")


def _facts(synthesizer: Synthesizer, made: SynthesizedVolumes, own_mean: bool) -> dict[str, Any]:
    card = synthesizer.card
    return {
        "Description": "BOLD synthesised from EEG alone; not a measurement",
        "GeneratedBy": [{"Name": "eeg2fmri", "Version": __version__}],
        "RepetitionTime": card.tr,
        "Units": UNITS,
        "SpatialReference": card.space,
        **({"Regions": list(card.regions), "RegionNames": region_names(card)} if card.regions else {}),
        **({"Elements": Elements.of_text(card.elements).what} if card.elements else {}),
        "Model": synthesizer.loaded.card.model["kind"],
        "CheckpointSHA256": synthesizer.loaded.digest,
        "Target": card.pairs.target,
        "MeanVolume": "the subject's own" if own_mean else "that of the training group",
        "VolumeIndices": [int(k) for k in made.indices],
        "VolumeOnsets": [round(float(t), 6) for t in made.onsets],
    }


def region_names(card: ModelCard) -> dict[str, str]:
    """Name the regions of a model by the table that lies beside its atlas; empty where none can be read."""
    from eeg2fmri.data.bold.atlas_names import read_names, table_beside

    atlas = None if card.prepare is None or card.prepare.bold.atlas is None else Path(card.prepare.bold.atlas)
    table = None if atlas is None else table_beside(atlas)
    try:
        names = {} if table is None else read_names(table)
    except InputError as error:
        note(f"regions have no names: {error.problems[0].what} ({table})")
        return {}
    return {str(number): names[number] for number in card.regions if number in names}


def _write_regions(path: Path, regions: Sequence[int], made: SynthesizedVolumes) -> None:
    """Write the courses of regions (volume, region, 1, 1) as a table: the onset, and a column for each number."""
    rows = ["\t".join(("onset", *map(str, regions)))]
    courses = made.volumes.reshape(len(made.volumes), -1)
    rows += [
        "\t".join((f"{onset:.6f}", *(f"{value:.6g}" for value in row)))
        for onset, row in zip(made.onsets, courses, strict=True)
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _notes(synthesizer: Synthesizer, made: SynthesizedVolumes, own_mean: bool) -> list[str]:
    notes = [
        f"the first image volume is volume {made.indices[0]} of the recording, {made.onsets[0]:.3f} s after the "
        "first EEG sample: earlier ones have no whole window of EEG before them"
    ]
    if synthesizer.card.regions:
        notes.append(
            f"the model predicts {len(synthesizer.card.regions)} regions of an atlas: the image has them along x, the "
            "table beside it (.tsv) has a column for each, after the onset of the volume (s after the first EEG sample)"
        )
    if synthesizer.card.pairs.target == "dynamics" and not own_mean:
        notes.append("the mean and the size of fluctuations are those of the training group")
    return notes
