"""Theorems 3.1 to 3.3, repaired and computable."""
