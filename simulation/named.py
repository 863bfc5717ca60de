"""Parts of an experiment that are chosen by name: policies and mechanisms, ours and the user's."""

from __future__ import annotations

import importlib
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_serializer

Wei = Annotated[int, Field(ge=0, lt=2**128, strict=True)]
Seconds = Annotated[int, Field(ge=0, lt=2**32, strict=True)]


class Named(BaseModel):
    """A description that says in JSON which class it is of, under ``kind``.

    Ours have short names. Any other class is called ``package.module:Class``; reading such a name
    imports the module, so read only descriptions that you would run as a program.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    names: ClassVar[dict[str, type[Named]]] = {}
    """Classes by short name; each family has its own."""

    @classmethod
    def kind(cls) -> str:
        """What the class is called in JSON."""
        for name, known in cls.names.items():
            if known is cls:
                return name
        return f"{cls.__module__}:{cls.__qualname__}"

    @classmethod
    def of(cls, value: Any) -> Self:
        """Make one of what JSON has; raises ValueError, saying what would do."""
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            value = {"kind": value}
        if not isinstance(value, dict) or not isinstance(value.get("kind"), str):
            raise ValueError(f"give a name, or an object with a kind: {', '.join(cls.names)}")
        fields = dict(value)
        return cls.find(fields.pop("kind")).model_validate(fields)

    @classmethod
    def find(cls, kind: str) -> type[Self]:
        """The class of that name; raises ValueError if there is none."""
        known: Any = cls.names.get(kind)
        module, colon, name = kind.partition(":")
        if colon:
            try:
                known = getattr(importlib.import_module(module), name)
            except (Exception, SystemExit) as error:  # a module of the user's can do anything
                about = f"{type(error).__name__}: {error}"
                raise ValueError(f"{kind!r} cannot be imported: {about}") from error
            if isinstance(known, type) and not issubclass(known, cls):
                raise ValueError(f"{kind!r} is no {cls.__name__}: inherit from it")
        if not (isinstance(known, type) and issubclass(known, cls)):
            raise ValueError(
                f"there is no {cls.__name__.lower()} {kind!r}: give one of {', '.join(cls.names)}, "
                "or package.module:Class"
            )
        return known

    @model_serializer(mode="wrap")
    def _with_kind(self, fields: Any) -> dict[str, Any]:
        return {"kind": self.kind(), **fields(self)}
