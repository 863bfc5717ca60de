"""Fits the prices of computing to recordings: ``python -m benchmarks.gas_fit FILE...``."""
