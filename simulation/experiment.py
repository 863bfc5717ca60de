"""The description of a simulation: all that it does follows from this and a seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, model_validator

from chain.units import days, gwei
from simulation.data.catalogue import CATALOGUE, load
from simulation.data.dataset import DataSet
from simulation.mechanism import PROVIDER, Mechanism
from simulation.mechanisms import Deposit
from simulation.named import Named, Seconds, Wei
from simulation.policies import Policy
from simulation.training import Learner

NAME = re.compile(r"^[\w .+-]{1,60}\Z")


class Description(BaseModel):
    """Never changes, and has no fields but those that are written down."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Data(Description):
    """Which data set, and how it is wanted: see ``simulation.data.catalogue``.

    Parameters
    ----------
    initial
        How many samples the model is deployed with, or their share; by default as in the papers.
    seed
        Of the order of samples and of what is generated; by default the run's.
    held
        ``in common``: whoever adds takes the next sample, as in the reference. ``dealt``: each
        agent has its own.
    """

    name: str
    path: Path | None = None
    limit: int | None = None
    dense: bool | None = None
    features: int | None = None
    initial: int | float | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    held: Literal["in common", "dealt"] = "in common"

    def load(self, learner: Learner, seed: int) -> DataSet:
        """Load it as the learner needs it; raises DataError."""
        dense = self.dense
        if dense is None and learner.kind == "naive-bayes":
            dense = False
        return load(
            self.name,
            seed=seed if self.seed is None else self.seed,
            path=self.path,
            limit=self.limit,
            dense=dense,
            features=self.features,
        )

    def first(self) -> int | float:
        """How many samples, or which share, the model is deployed with."""
        return CATALOGUE[self.name].initial if self.initial is None else self.initial


class Group(Description):
    """Agents of one kind.

    Parameters
    ----------
    name
        What results call it; if there are several agents, they are numbered.
    """

    name: Annotated[str, Field(pattern=NAME)]
    policy: Annotated[SerializeAsAny[Policy], BeforeValidator(Policy.of)]
    count: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 1

    def members(self) -> list[str]:
        """The agents' names."""
        if self.count == 1:
            return [self.name]
        return [f"{self.name} {number}" for number in range(1, self.count + 1)]


class Stop(Description):
    """When nothing is added any more; what can be claimed is settled then.

    The first of these, or when there is no more data.

    Parameters
    ----------
    contributions
        After so many.
    days
        After so much time.
    idle_days
        When nothing was added for so long.
    """

    contributions: Annotated[int, Field(ge=1, strict=True)] | None = None
    days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    idle_days: Annotated[float, Field(gt=0, le=36_500)] = 30


class Experiment(Description):
    """Data, a model, a mechanism, agents, and when to stop.

    Parameters
    ----------
    gas_price_wei
        What everybody pays for gas.
    block_time_s
        From a block to the next; several transactions of one visit take a block each.
    measure_every_s
        How often accuracy is measured, which agents then go by; in the reference every 200,000 s.
    """

    name: Annotated[str, Field(pattern=NAME)]
    data: Data
    learner: Learner = Learner()
    mechanism: Annotated[SerializeAsAny[Mechanism], BeforeValidator(Mechanism.of)] = Deposit()
    agents: Annotated[tuple[Group, ...], Field(min_length=1)]
    stop: Stop = Stop()
    gas_price_wei: Annotated[Wei, Field(lt=2**80)] = gwei
    block_time_s: Annotated[Seconds, Field(gt=0)] = 1
    measure_every_s: Annotated[Seconds, Field(gt=0)] = 2 * days

    @model_validator(mode="after")
    def _distinct(self) -> Experiment:
        names = [name for group in self.agents for name in group.members()]
        names += [PROVIDER] * self.mechanism.has_provider
        for name in sorted(set(names)):
            if names.count(name) > 1:
                raise ValueError(f"two agents are called {name!r}: give each group its own name")
        if not any(group.policy.adds for group in self.agents):
            raise ValueError("nobody adds data: give an honest agent, for example")
        return self

    def changed(self, changes: dict[str, Any]) -> Experiment:
        """One that differs in some fields, named by paths: ``{"stop.days": 7}``.

        Lists count from 0: ``{"agents.1.policy.mean_wait_s": 60}``. Raises ValueError, or
        pydantic's ValidationError, which is one.
        """
        description = self.model_dump(mode="json")
        for path, value in changes.items():
            _set(description, path, value)
        return Experiment.model_validate(description)


def _set(description: Any, path: str, value: Any) -> None:
    """Set what is at a path; raises ValueError if there is nothing."""
    *way, last = path.split(".")
    here = description
    for step in way:
        here = here[_key(here, step, path)]
    here[_key(here, last, path)] = _described(last, value)


def _described(field: str, value: Any) -> Any:
    """A policy or mechanism with all of its fields, so that further changes find them."""
    families: dict[str, type[Named]] = {"policy": Policy, "mechanism": Mechanism}
    family = families.get(field)
    if family is None or not isinstance(value, str | dict):
        return value
    try:
        return family.of(value).model_dump(mode="json")
    except ValueError:  # to be said when all is known, and with its place
        return value


def _key(container: Any, step: str, path: str) -> Any:
    """How a step of a path is found in a container."""
    if isinstance(container, dict) and step in container:
        return step
    if isinstance(container, list) and step.isdecimal() and int(step) < len(container):
        return int(step)
    raise ValueError(f"an experiment has no {path!r}: its JSON says what there is")
