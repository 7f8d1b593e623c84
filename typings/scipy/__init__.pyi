"""The parts of SciPy that edgewise uses; it ships no types."""
