"""Turn EEG into what models see: spectrograms, band covariances and amplitudes."""
