"""Commands that train, choose and judge models."""
