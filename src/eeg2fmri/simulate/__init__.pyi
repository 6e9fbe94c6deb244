from .config import (
    SimulationConfig as SimulationConfig,
)
from .config import (
    small_config as small_config,
)
from .dataset import simulate_dataset as simulate_dataset
from .write.truth import Truth as Truth
