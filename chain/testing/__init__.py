"""For tests: ``reverts``, and a pytest plugin with the fixtures ``chain`` and ``accounts``."""

from chain.testing.reverting import reverts

__all__ = ["reverts"]
