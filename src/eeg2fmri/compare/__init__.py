"""Train several models on one split of a store, each by its own recipe, and judge them in one table."""
