"""Read EEG lazily, name and place its channels, clean it."""
