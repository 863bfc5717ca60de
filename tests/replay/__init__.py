"""Replays recordings of the reference contracts on ours: ``python -m tests.replay FILE...``.

Reading order: ``recording`` (what a file holds), ``naming`` (the reference's names and ours),
``keys`` (data keys, which differ), ``translation`` (between its terms and ours), ``scenario`` (one
chain, step by step), ``__main__`` (the command line).
"""
