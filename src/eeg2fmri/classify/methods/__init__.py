"""Methods that are compared: views of a synthesiser and classifiers of the EEG alone."""
