"""Score one recording at a time, and put the scores together."""
