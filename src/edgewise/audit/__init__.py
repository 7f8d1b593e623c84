"""How cheaply can a model be copied from its answers: victims, the ledger, extraction by family, the page."""
