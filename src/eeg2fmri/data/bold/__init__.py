"""Read BOLD images a volume at a time and bring them to the common grid."""
