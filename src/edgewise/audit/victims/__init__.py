"""Victims: a function, a file or an endpoint; each answers, refuses or leaves it open."""
