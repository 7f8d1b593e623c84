"""Data sets. `DATASETS` lists them."""
