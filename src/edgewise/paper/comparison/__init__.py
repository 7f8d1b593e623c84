"""Strategies compared on paired runs."""
