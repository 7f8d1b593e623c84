"""One extraction rule a family of victims; `edgewise.audit.families.names` lists them."""
