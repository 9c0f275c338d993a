"""What every section of Setup Parameters has in common: unknown names are refused, and each field is fully declared."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from settings.keys import refuse_twins
from settings.kinds import kind_of


class Section(BaseModel):
    """One section of the screen, whose label is its `title`; a name that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True, hide_input_in_errors=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a field whose declaration is not complete, as soon as it is written."""
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
