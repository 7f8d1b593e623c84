"""Our strategies inside other libraries, and theirs inside our loop; each imports its library when used."""
