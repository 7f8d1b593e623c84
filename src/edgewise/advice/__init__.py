"""Advice: when labelling or training at the boundary pays."""
