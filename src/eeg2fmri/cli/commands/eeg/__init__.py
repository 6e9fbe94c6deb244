"""Commands for EEG alone: predict, stream, explain, classify."""
