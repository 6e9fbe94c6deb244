"""Errors, settings, units and random generators that every other package stands on."""
