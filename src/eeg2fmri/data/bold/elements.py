"""Describe what lies along x where a store holds no voxels: grayordinates, parcels, or vertices of two hemispheres.

CIFTI-2 (https://www.nitrc.org/projects/cifti) calls them brain models and parcels. They are kept as the XML of that
standard, so that what is written has the very models that were read.
"""

from __future__ import annotations

import base64
import weakref
import zlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np

from eeg2fmri.core.errors import InputError

if TYPE_CHECKING:
    from nibabel import Cifti2Image

Kind = Literal["dense", "parcels", "vertices"]
#: Meshes by the vertices of one hemisphere, which no two templates share.
SPACES = {642: "fsaverage3", 2562: "fsaverage4", 10242: "fsaverage5", 40962: "fsaverage6", 163842: "fsaverage"}
SPACES |= {32492: "fsLR", 59292: "fsLR", 7842: "fsLR", 4002: "fsLR"}
#: Ends of the names of series, and of maps, by what they hold.
SERIES: dict[Kind, str] = {"dense": ".dtseries.nii", "parcels": ".ptseries.nii", "vertices": ".func.gii"}
MAPS: dict[Kind, str] = {"dense": ".dscalar.nii", "parcels": ".pscalar.nii", "vertices": ".dscalar.nii"}
LEFT, RIGHT = "CIFTI_STRUCTURE_CORTEX_LEFT", "CIFTI_STRUCTURE_CORTEX_RIGHT"


def structure_name(name: str) -> str:
    """Say the name of a CIFTI structure as people do; that of a parcel stays.

    Examples
    --------
    >>> structure_name("CIFTI_STRUCTURE_CORTEX_LEFT")
    'cortex left'
    """
    prefix = "CIFTI_STRUCTURE_"
    return name.removeprefix(prefix).lower().replace("_", " ") if name.startswith(prefix) else name


@dataclass(frozen=True, eq=False)
class Elements:
    """What the values of a series stand for, in their order.

    Attributes
    ----------
    kind : {"dense", "parcels", "vertices"}
        Grayordinates or parcels of CIFTI; every vertex of two hemispheres of GIFTI.
    axis : nibabel.cifti2.BrainModelAxis or ParcelsAxis
    """

    kind: Kind
    axis: Any

    def __len__(self) -> int:
        return len(self.axis)

    @classmethod
    def of_hemispheres(cls, n_vertices: int) -> Elements:
        """Describe all vertices of a left and a right hemisphere of one mesh, the left first."""
        from nibabel.cifti2 import BrainModelAxis

        every = np.arange(n_vertices)
        return cls(
            "vertices",
            BrainModelAxis.from_surface(every, n_vertices, LEFT)
            + BrainModelAxis.from_surface(every, n_vertices, RIGHT),
        )

    @classmethod
    def of_text(cls, text: str) -> Elements:
        """Rebuild from `text`.

        Raises
        ------
        ValueError
            If it is damaged.
        """
        from nibabel.cifti2.cifti2 import Cifti2Header
        from nibabel.cifti2.parse_cifti2 import Cifti2Extension

        kind, _, packed = text.partition(" ")
        if kind not in get_args(Kind):
            raise ValueError(f"unknown kind of elements {kind[:20]!r}")
        try:
            header: Cifti2Header = Cifti2Extension(32, zlib.decompress(base64.b64decode(packed))).get_content()
            return cls(cast(Kind, kind), header.get_axis(1))
        except (zlib.error, IndexError, KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"the description of elements is damaged: {error}") from None

    def shared(self) -> Elements:
        """Return the one that is known already where it is the same: names of 91,282 grayordinates take 11 MB."""
        return _KNOWN.setdefault(self.text, self)

    @cached_property
    def text(self) -> str:
        """The kind, and the XML of the CIFTI header, packed, in base 64."""
        from nibabel.cifti2 import Cifti2Header, SeriesAxis

        xml = Cifti2Header.from_axes((SeriesAxis(0, 1, 1), self.axis)).to_xml()
        return f"{self.kind} {base64.b64encode(zlib.compress(xml, 9)).decode('ascii')}"

    @property
    def n_vertices(self) -> dict[str, int]:
        """Vertices of the mesh of each hemisphere that there is."""
        return {str(name): int(count) for name, count in self.axis.nvertices.items()}

    @property
    def space(self) -> str:
        """Space that the number of vertices tells; empty where it tells none."""
        found = {SPACES.get(count, "") for name, count in self.n_vertices.items() if name in (LEFT, RIGHT)}
        return found.pop() if len(found) == 1 else ""

    @property
    def what(self) -> str:
        """What there is, in words."""
        noun = {"dense": "grayordinates", "parcels": "parcels", "vertices": "vertices of two hemispheres"}[self.kind]
        return f"{len(self)} {noun}"

    def series(self, values: np.ndarray, start_s: float, tr: float) -> Cifti2Image:
        """Make a CIFTI series of values (volume, element) that begins at a time, a TR (s) apart."""
        from nibabel.cifti2 import SeriesAxis

        return self._image(values, SeriesAxis(start_s, tr, len(values), "SECOND"), 3002, 3004)

    def maps(self, names: list[str], values: np.ndarray) -> Cifti2Image:
        """Make a CIFTI image of named maps (map, element)."""
        from nibabel.cifti2 import ScalarAxis

        return self._image(values, ScalarAxis(names), 3006, 3008)

    def _image(self, values: np.ndarray, first: Any, dense: int, parcellated: int) -> Cifti2Image:
        from nibabel.cifti2 import Cifti2Header, Cifti2Image

        image = Cifti2Image(np.asarray(values, np.float32), Cifti2Header.from_axes((first, self.axis)))
        image.nifti_header.set_intent(parcellated if self.kind == "parcels" else dense)
        return image

    def hemisphere(self, values: np.ndarray, structure: str) -> np.ndarray:
        """Return values (..., element) at every vertex of a hemisphere (..., vertex): NaN where there is none."""
        found = np.full((*values.shape[:-1], self.n_vertices[structure]), np.nan, np.float32)
        own = np.asarray(self.axis.name) == structure
        found[..., self.axis.vertex[own]] = values[..., own]
        return found

    def refuse_other(self, other: Elements | None, where: Path) -> None:
        """Refuse elements that are not these.

        Raises
        ------
        InputError
        """
        if other is None or other.text != self.text:
            raise InputError(
                "what is along the series differs from the other recordings",
                where=str(where),
                got="voxels" if other is None else f"{other.what}{_of(other)}",
                expected=f"the same {self.what}{_of(self)}, in the same order",
                hint="prepare recordings of one space and density; wb_command -cifti-create-dense-from-template brings "
                "CIFTI files to the brain models of another",
            )


#: Elements in use, by their text.
_KNOWN: weakref.WeakValueDictionary[str, Elements] = weakref.WeakValueDictionary()


def _of(elements: Elements) -> str:
    return f" of {elements.space}" if elements.space else ""
