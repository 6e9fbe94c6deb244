"""Layers that import torch alone; `eeg2fmri.models` composes them."""
