"""Commands that make data: simulated, downloaded, prepared."""
