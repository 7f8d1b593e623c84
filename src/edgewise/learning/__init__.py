"""Oracles, the procedure Train, Generate, Retrain, and active learning."""
