"""The base class of the sections of Setup Parameters. It refuses unknown names and incomplete declarations."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from settings.keys import refuse_twins
from settings.kinds import kind_of


class Section(BaseModel):
    """A section of the screen; its label is the `title`. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Raise `TypeError` for a field with an incomplete declaration, when the class is defined."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, declared in cls.model_fields.items():
            try:
                kind_of(declared)
            except TypeError as error:
                raise TypeError(f"{cls.__name__}.{name}: {error}") from error

    @model_validator(mode="after")
    def _no_key_occurs_twice(self) -> Self:
        for name, value in self:
            if isinstance(value, dict):
                refuse_twins(name.removesuffix("_"), list(value))
        return self
