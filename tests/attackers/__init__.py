"""Contracts that attack, burn and cheat, kept beside the tests that hold the engine against them."""
