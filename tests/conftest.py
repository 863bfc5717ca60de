"""How the suite runs: the same examples every time, few enough for a slow machine.

``pytest --hypothesis-profile thorough`` looks further, at other examples on every run.
"""

import gc

from hypothesis import settings

settings.register_profile("repository", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("thorough", deadline=None, max_examples=1_000)
settings.load_profile("repository")


def pytest_collection_finish() -> None:
    """Spare the garbage collector what was imported, which stays: a sixth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
