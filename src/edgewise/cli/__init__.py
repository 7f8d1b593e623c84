"""The command line: parsing, progress and printing; no logic."""
