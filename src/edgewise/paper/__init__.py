"""The paper's numbers, its tables run again, and verdicts on its claims."""
