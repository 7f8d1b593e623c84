"""The study of the paper: theory, tables, comparison and report. Nothing outside it but `cli` imports it."""
