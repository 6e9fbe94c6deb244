"""From files to arrays to batches: find, read, align, transform, store, pair."""
