"""Contracts that attack, burn and cheat, beside the tests that hold the engine against them."""
