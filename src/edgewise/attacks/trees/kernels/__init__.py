"""The compiled part: everything here is cells and costs; no model, no labels."""
