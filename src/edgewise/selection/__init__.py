"""Query strategies: which points to label next."""
