"""Give a recording of a store as an xarray data set, with names and units on every axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eeg2fmri.core.errors import InputError

if TYPE_CHECKING:
    import xarray

    from eeg2fmri.data.store.store import Store


def to_xarray(store: Store, recording: int | str) -> xarray.Dataset:
    """Give one recording with its axes named.

    Arrays stay memory maps: what is not looked at is not read.

    Parameters
    ----------
    store : Store
    recording : int or str
        Position or id.

    Returns
    -------
    xarray.Dataset
        ``eeg`` (volume, channel, frequency), V; ``bold`` (volume, x, y, z); ``mask`` (x, y, z); coordinates ``onset``
        (s), ``channel``, ``frequency`` (Hz), and ``region`` along x where regions stand in the place of voxels.
        The affine, TR and labels are attributes.

    Raises
    ------
    InputError
        If xarray is not installed.
    StoreError
        If there is no such recording.
    """
    try:
        import xarray
    except ImportError:
        raise InputError(
            "a recording as an xarray data set needs a package that is not installed",
            got="xarray",
            hint="pip install 'eeg2fmri[xarray]'",
        ) from None
    own = store.recordings[store.index(recording)]
    space = ("x", "y", "z")
    regions = {"region": ("x", list(store.regions))} if store.regions else {}
    return xarray.Dataset(
        {
            "eeg": (("volume", "channel", "frequency"), store.eeg(recording), {"units": "V"}),
            "bold": (("volume", *space), store.bold(recording), {"units": "those of the source"}),
            "mask": (space, store.mask(recording)),
        },
        coords={
            "onset": ("volume", own.onsets, {"units": "s", "long_name": "start after the first EEG sample"}),
            "channel": list(store.electrodes),
            "frequency": ("frequency", store.frequencies, {"units": "Hz"}),
            **regions,
        },
        attrs={
            "recording": own.id,
            "subject": own.subject,
            "session": own.session,
            "task": own.task,
            "run": own.run,
            "tr": store.tr,
            "space": store.space,
            "affine": store.affine.tolist(),
            "store_hash": store.hash,
        },
    )
