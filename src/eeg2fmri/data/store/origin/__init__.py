"""The files that a store was made of: which, of which commit, and whether they are still the same."""
