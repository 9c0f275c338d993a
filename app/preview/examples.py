"""The examples of a preview: a few, with the alarming ones preferred."""

from __future__ import annotations

from typing import Protocol, TypeVar

MOST_EXAMPLES = 10


class AnyExample(Protocol):
    """An example of a change. An alarming one, such as a price that becomes 0, must not be missed."""

    @property
    def is_alarming(self) -> bool:
        """Whether a person has to know about the change."""


E = TypeVar("E", bound=AnyExample)


def add_example(examples: list[E], example: E) -> None:
    """Keep up to `MOST_EXAMPLES` examples. An alarming one replaces the first that is not."""
    if len(examples) < MOST_EXAMPLES:
        examples.append(example)
    elif example.is_alarming:
        for position, kept in enumerate(examples):
            if not kept.is_alarming:
                examples[position] = example
                return
