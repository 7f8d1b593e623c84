"""The parts of scikit-activeml that edgewise uses; it ships no types."""
