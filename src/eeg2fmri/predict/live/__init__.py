"""Synthesise while the EEG is recorded: a stream of Lab Streaming Layer in, courses of regions out."""
