"""Electrodes: their names, where they are on the head, what one elsewhere would have recorded."""
