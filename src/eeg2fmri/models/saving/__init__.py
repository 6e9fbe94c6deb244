"""Save and load models with what they say of themselves."""
