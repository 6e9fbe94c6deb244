from .config import ClassifyConfig as ClassifyConfig
from .run import classify_run as classify_run
from .view_training.estimator import EEGViewClassifier as EEGViewClassifier
