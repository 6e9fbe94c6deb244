"""Figures: functions of arrays that return a matplotlib figure, one file a subject."""
