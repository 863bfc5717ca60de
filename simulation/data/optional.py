"""scikit-learn, where it is installed: all but a few data sets do without it."""

from __future__ import annotations

import importlib
from typing import Any

from simulation.data.dataset import MissingPackage


def bundled(name: str) -> Any:
    """Return samples and labels of a data set that is part of scikit-learn, such as ``"iris"``."""
    return getattr(_module("sklearn.datasets"), f"load_{name}")(return_X_y=True)


def count_vectorizer(**options: Any) -> Any:
    """Make a ``CountVectorizer``."""
    return _module("sklearn.feature_extraction.text").CountVectorizer(**options)


def _module(name: str) -> Any:
    """Import a module when it is needed, since this takes a second; raises MissingPackage."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = str(error.name).partition(".")[0]
        raise MissingPackage(f"{missing} is missing: pip install -e '.[sklearn]'") from None
