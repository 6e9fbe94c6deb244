"""Offer encoders of raw EEG that several published networks share, and read weights that were trained before."""
