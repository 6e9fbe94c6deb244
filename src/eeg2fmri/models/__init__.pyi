from .documented.na_spec import NASpec as NASpec
from .documented.synthesizer import (
    SynthesizerConfig as SynthesizerConfig,
)
from .documented.synthesizer import (
    SynthesizerNetwork as SynthesizerNetwork,
)
from .earlier_package.seed_classifiers import (
    LinearClassifier as LinearClassifier,
)
from .earlier_package.seed_classifiers import (
    PolynomialClassifier as PolynomialClassifier,
)
from .earlier_package.seed_classifiers import (
    ViewLatentContrastiveClassifier as ViewLatentContrastiveClassifier,
)
from .earlier_package.seed_classifiers import (
    view_EEG_classifier as view_EEG_classifier,
)
from .earlier_package.seed_names import (
    EEG_to_fMRI as EEG_to_fMRI,
)
from .earlier_package.seed_names import (
    fMRI_AE as fMRI_AE,
)
from .output import Synthesis as Synthesis
from .registry import build as build
