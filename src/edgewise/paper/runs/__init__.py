"""Runs as keyed facts: sweeps and published results."""
