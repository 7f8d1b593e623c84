"""Reports from stored facts alone."""
