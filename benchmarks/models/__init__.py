"""The models to measure: for each, its numbers, its contract of ours and its Vyper peer."""
