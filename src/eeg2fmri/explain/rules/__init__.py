"""Propagate relevance through the layers of a model, rule by rule."""
