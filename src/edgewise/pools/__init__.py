"""What is picked from: pools in memory and in shards."""
