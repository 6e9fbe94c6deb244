from __future__ import annotations

import numpy as np
import pytest

from eeg2fmri.core.errors import ConfigError
from eeg2fmri.simulate import SimulationConfig, small_config
from eeg2fmri.simulate.head.sources import parcels


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"multiband": 4}, "multiband 4 does not divide the 14 slices"),
        ({"tasks": ("rest", "rest")}, "tasks are named twice"),
        ({"tasks": ("eyes-open",)}, "tasks"),
        ({"electrodes": ("Cz", "Pz", "Oz", "Cz")}, "electrodes are named twice"),
        ({"electrodes": ("Cz", "Pz", "Oz", "FCz")}, "the reference FCz is among the electrodes"),
        ({"coupling": 1.2}, "coupling"),
        ({"electrode": 32}, "did you mean 'electrodes'?"),
    ],
)
def test_wrong_settings_are_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        small_config(**changes)
    assert message in str(error.value)


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as error:
        SimulationConfig.make({"subjects": 0, "tr": -1.0, "bold": {"thermal": -1}})
    assert len(error.value.problems) == 3


@pytest.mark.parametrize("grid", [(64, 64, 30), (16, 18, 14), (40, 48, 35)])
def test_grid_without_voxel_size_covers_cortex(grid: tuple[int, int, int]) -> None:
    extent = np.array(SimulationConfig(grid=grid).voxel_size_mm()) * grid
    cortex = parcels(10).dipoles
    assert (extent[:2] > np.ptp(cortex, axis=0)[:2]).all()
    assert extent[2] > 135


def test_settings_survive_a_file(tmp_path: object) -> None:
    config = small_config(electrodes=("Cz", "Oz", "Pz", "POO8"), eeg={"pulse_uv": 20.0})
    path = f"{tmp_path}/simulation.yaml"
    config.write(path)
    assert SimulationConfig.read(path) == config
