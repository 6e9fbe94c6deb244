"""One clock: the onset of each volume in EEG seconds."""
