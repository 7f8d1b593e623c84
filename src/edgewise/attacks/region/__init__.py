"""The exact region attack (eq. 8): cells of training points, searched and certified."""
