"""In which direction from the centre of the head each electrode lies: digitised, or by its name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from eeg2fmri.core.disk.parse import read_json, read_table
from eeg2fmri.core.errors import InputError, first_of
from eeg2fmri.data.bids.sidecars import entities, refuse_other_than_file
from eeg2fmri.data.eeg.electrodes.spline import sphere_centre
from eeg2fmri.data.eeg.electrodes.template_positions import electrode_positions

if TYPE_CHECKING:
    import mne

#: Electrodes that are needed to fit a sphere to digitised positions.
FEWEST = 8
#: Electrodes of the 10-20 system, to which the template sphere is fitted.
_ROUND = (
    *("Fp1", "Fpz", "Fp2", "AFz", "F7", "F3", "Fz", "F4", "F8", "FCz", "T7", "C3", "Cz", "C4", "T8"),
    *("CPz", "P7", "P3", "Pz", "P4", "P8", "POz", "O1", "Oz", "O2"),
)
#: Systems of BIDS with x to the front and y to the left; in the others x goes right and y to the front.
_FRONT_LEFT = {"EEGLAB", "EEGLAB-HJ", "CTF", "4DBti", "KitYokogawa", "ChietiItab"}


def named_directions(names: Sequence[str], where: str = "") -> np.ndarray:
    """Directions (channel, 3) of electrodes of the 10-05 system on the template head.

    Raises
    ------
    InputError
        If a name is not in the 10-05 system.
    """
    positions = electrode_positions(names)
    unknown = [name for name, place in zip(names, positions, strict=True) if not np.isfinite(place).all()]
    if unknown:
        raise InputError(
            "it is not known where electrodes are on the head",
            where=where,
            got=first_of(unknown, 8),
            expected="digitised positions of all electrodes (in the file or electrodes.tsv), or names of the 10-05 "
            "system",
            hint="name them with eeg: rename, or leave them out with 'exclude'",
        )
    return positions - sphere_centre(electrode_positions(_ROUND))


def directions(raw: mne.io.BaseRaw, names: Sequence[str], path: Path) -> np.ndarray:
    """Directions (channel, 3) of electrodes of a recording, to the right, front and top.

    Those that the file or ``electrodes.tsv`` gives for all of them, otherwise those of their names.

    Raises
    ------
    InputError
        If there are neither positions nor 10-05 names.
    """
    for places in (_in_file(raw), _in_table(path)):
        if places is not None and all(name in places for name in names) and len(places) >= FEWEST:
            every = np.array(list(places.values()))
            return np.array([places[name] for name in names]) - sphere_centre(every)
    return named_directions(names, str(path))


def _in_file(raw: mne.io.BaseRaw) -> dict[str, np.ndarray] | None:
    places = {
        channel["ch_name"]: np.asarray(channel["loc"][:3], float)
        for channel, kind in zip(raw.info["chs"], raw.get_channel_types(), strict=True)
        if kind == "eeg"
    }
    places = {name: place for name, place in places.items() if np.isfinite(place).all() and np.any(place != 0)}
    return places or None


def _in_table(path: Path) -> dict[str, np.ndarray] | None:
    if not path.is_file():
        return None
    own = entities(path).items()
    for file in sorted(path.parent.glob("*electrodes.tsv")):
        labels = entities(file)
        labels.pop("space", None)
        if not labels.items() <= own:
            continue
        refuse_other_than_file(file)
        try:
            places = {
                row["name"]: np.array([float(row[axis]) for axis in "xyz"])
                for row in read_table(file, "\t")
                if row["name"] and row["x"] != "n/a"
            }
        except (OSError, ValueError, KeyError) as error:
            raise InputError(
                "electrodes.tsv cannot be read",
                where=str(file),
                got=f"{type(error).__name__}: {error}",
                expected="columns name, x, y, z",
            ) from None
        if _system(file) in _FRONT_LEFT:
            places = {name: np.array([-y, x, z]) for name, (x, y, z) in places.items()}
        return places
    return None


def _system(table: Path) -> str:
    file = table.with_name(table.name.replace("electrodes.tsv", "coordsystem.json"))
    if not file.is_file():
        return entities(table).get("space", "")
    try:
        return str(read_json(file).get("EEGCoordinateSystem", ""))
    except (OSError, ValueError, AttributeError):
        return entities(table).get("space", "")
