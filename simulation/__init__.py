"""What if: agents, data, a model and a mechanism, run for years of virtual time."""
