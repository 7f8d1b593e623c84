"""The study of the theorems: computed, analysed, judged."""
