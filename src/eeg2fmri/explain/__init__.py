"""Which part of an EEG window a synthesised volume came from, and whether that explanation can be believed."""
