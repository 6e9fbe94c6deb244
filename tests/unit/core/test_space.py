from __future__ import annotations

import pytest

from eeg2fmri.core.space import corresponds, described


@pytest.mark.parametrize(
    "space", ["native", "T1w", "boldref", "mixed: MNI152NLin2009cAsym, native", "mixed: T1w, boldref"]
)
def test_spaces_in_which_voxels_do_not_correspond_are_called_that(space: str) -> None:
    assert not corresponds(space)
    assert described(space) == f"{space} (voxels of different subjects do not correspond)"


def test_a_common_space_is_named() -> None:
    assert corresponds("MNI152NLin2009cAsym")
    assert described("MNI152NLin2009cAsym") == "MNI152NLin2009cAsym"
