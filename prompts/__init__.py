"""Prompts as text files: one Markdown file a prompt, `${name}` for what is filled in, and the tools as JSON."""

if "." not in __name__:
    raise ImportError("this folder is installed as spadework.prompts: pip install -e . and import spadework.prompts")

import hashlib
from functools import cache
from importlib.resources import files
from json import loads
from string import Template
from typing import Any

__all__ = ["prompts_digest", "render", "template_names", "tool_specs"]


@cache
def _template(name: str) -> Template:
    return Template(files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8").strip("\n"))


def template_names(name: str) -> frozenset[str]:
    """The variables that a prompt needs."""
    return frozenset(_template(name).get_identifiers())


def render(name: str, **values: str) -> str:
    """The text of a prompt. Raises ValueError where the given variables are not exactly the needed ones."""
    needed = template_names(name)
    if needed != values.keys():
        difference = ", ".join(sorted(needed ^ values.keys()))
        raise ValueError(f"prompt {name}.md: variables given and needed differ in {difference}")
    return _template(name).substitute(values)


@cache
def prompts_digest() -> str:
    """sha256 over all prompts and the tools: it changes when anything changes that a model is told."""
    told = sorted((item.name, item) for item in files(__name__).iterdir() if item.name.endswith((".md", ".json")))
    digest = hashlib.sha256()
    for name, item in told:
        digest.update(f"{name}\0{item.read_text(encoding='utf-8')}\0".encode())
    return digest.hexdigest()


@cache
def _specs() -> dict[str, dict[str, Any]]:
    return loads(files(__name__).joinpath("tools.json").read_text(encoding="utf-8"))


@cache
def tool_specs(*names: str) -> tuple[dict[str, Any], ...]:
    """The tools as chat completions take them, in the order asked for."""
    return tuple({"type": "function", "function": {"name": name, **_specs()[name]}} for name in names)
