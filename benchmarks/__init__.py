"""Benchmarks: the same work done by us and by compiled EVM contracts, in one process."""
