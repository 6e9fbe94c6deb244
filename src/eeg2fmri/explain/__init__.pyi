from .config import ExplainConfig as ExplainConfig
from .inputs.targets import (
    region as region,
)
from .inputs.targets import (
    voxel as voxel,
)
from .inputs.targets import (
    whole_volume as whole_volume,
)
from .rules.choice import (
    Composite as Composite,
)
from .rules.choice import (
    composite as composite,
)
from .rules.propagation import propagate as propagate
from .rules.registry import rule_for as rule_for
from .run import explain_run as explain_run
from .windows.gradients import integrated_gradients as integrated_gradients
from .windows.of_one_recording import (
    explain_latent as explain_latent,
)
from .windows.of_one_recording import (
    explain_windows as explain_windows,
)
