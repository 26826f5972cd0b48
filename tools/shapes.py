"""Narrowing data that came from outside: decoded JSON, TOML, or what a user's function returned."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether it is an object with named values; what these are stays unknown."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether it is a list or a tuple; what is in it stays unknown."""
    return isinstance(value, (list, tuple))
