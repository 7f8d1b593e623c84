"""Labels and batches as files."""
