"""Twins of contracts: plain Python ints, lists and dicts, written from the formulas alone."""
