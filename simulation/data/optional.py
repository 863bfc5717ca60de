"""scikit-learn, where it is installed: all but a few data sets do without it."""

from __future__ import annotations

from typing import Any

from simulation.data.dataset import MissingPackage

try:
    from sklearn import datasets
    from sklearn.feature_extraction.text import CountVectorizer
except ModuleNotFoundError as error:
    _missing = str(error.name).partition(".")[0]
else:
    _missing = ""


def bundled(name: str) -> Any:
    """Return samples and labels of a data set that is part of scikit-learn, such as ``"iris"``."""
    _require()
    return getattr(datasets, f"load_{name}")(return_X_y=True)


def count_vectorizer(**options: Any) -> Any:
    """Make a ``CountVectorizer``."""
    _require()
    return CountVectorizer(**options)


def _require() -> None:
    if _missing:
        raise MissingPackage(f"{_missing} is missing: pip install -e '.[sklearn]'")
