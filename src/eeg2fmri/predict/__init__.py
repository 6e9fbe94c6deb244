"""EEG recordings to BOLD images with a trained synthesiser."""
