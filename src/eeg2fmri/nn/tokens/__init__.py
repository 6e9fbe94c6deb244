"""Offer layers on sequences of tokens: attention, blocks of a Transformer, state-space recurrences."""
