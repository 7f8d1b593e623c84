"""Published benchmarks of others, run by their protocols and set beside their numbers."""
