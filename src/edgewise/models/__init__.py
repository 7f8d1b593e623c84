"""Models, and what an attack may ask of any."""
