"""A page as one HTML file: it needs nothing from anywhere, and says so to the browser."""

import base64
import hashlib
from functools import lru_cache
from importlib.resources import files

from .markup import Html, element


def document(title: str, main: Html, style: str, script: str, *, made_by: str = "") -> str:
    """The whole file: `main` in our common look, with a style and a script of its own. `made_by` tells what it is."""
    style = own_file(__package__, "base.css") + style
    policy = (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="generator", content=made_by) if made_by else Html(""),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(style)),
    )
    whole = element("html", head, element("body", main, element("script", Html(script))), lang="en")
    return f"<!doctype html>\n{whole}\n"


@lru_cache(maxsize=8)
def own_file(package: str | None, name: str) -> str:
    """The text of a file of ours, installed with our code."""
    return files(package or "").joinpath(name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    """What the policy knows our style and script by: nothing else is applied or run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"
