"""How hypothesis runs here: the same examples every time, few enough for a slow machine.

``pytest --hypothesis-profile thorough`` looks further, at other examples on every run.
"""

from hypothesis import settings

settings.register_profile("repository", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1_000)
settings.load_profile("repository")
