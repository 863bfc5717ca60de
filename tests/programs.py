"""Runs the project's programs as a user would, from the folder of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
WITHOUT_PACKAGE = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

package, module = sys.argv.pop(1), sys.argv.pop(1)
sys.meta_path.insert(0, Missing())
runpy.run_module(module, run_name="__main__")
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
    )


def run_without(package: str, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program where a package is not installed."""
    return run("-c", WITHOUT_PACKAGE, package, module, *arguments)
