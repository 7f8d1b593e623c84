"""Contract checks for anything registered; run them on a component of your own."""
