"""The label-only attack: several searches race, and the one that promises most asks next."""
