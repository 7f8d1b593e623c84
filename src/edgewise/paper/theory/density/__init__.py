"""Densities near a boundary, and what lies in them."""
