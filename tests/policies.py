"""A policy for tests of what happens when a process dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

from simulation.decisions import Visit
from simulation.policies import Honest


class Deadly(Honest):
    """Kills the process that runs it, once: if the file `once` is not there yet."""

    once: Path | None = None

    def label(self, visit: Visit) -> int | None:
        if self.once is not None and not self.once.exists():
            assert multiprocessing.parent_process() is not None, "this would end the tests"
            self.once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().label(visit)
