"""Models that learn on the chain, one file each."""
