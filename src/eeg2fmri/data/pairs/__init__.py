"""Cut pairs of EEG windows and volumes lazily, scale them, fill batches."""
