"""The parts of scikit-learn that edgewise uses; it ships no types."""
