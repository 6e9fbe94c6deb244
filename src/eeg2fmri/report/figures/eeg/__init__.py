"""Pictures of EEG: electrodes on the head, spectra, and the relevance of both."""
