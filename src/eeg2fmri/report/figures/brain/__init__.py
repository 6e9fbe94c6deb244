"""Pictures of the brain: slices, surfaces, maps over a template."""
