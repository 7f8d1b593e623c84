"""The parts of skops that edgewise uses; it ships no types."""
