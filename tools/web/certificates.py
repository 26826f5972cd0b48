"""Whose certificates are believed."""

import ssl
from functools import cache

import httpx

from ..errors import ConfigError


@cache
def trust(ca: str | None) -> ssl.SSLContext:
    """The TLS settings for a bundle of certificates (the path of a PEM file), None for the usual authorities.

    Built once in a process: reading the certificates takes 16 to 20 ms. Raises ConfigError for a bundle that cannot be
    used.
    """
    if ca is None:
        return httpx.create_ssl_context(trust_env=False)
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:  # ssl.SSLError is one, too
        raise ConfigError(f"CA bundle {ca!r} cannot be used ({error}): give the path of a PEM file") from error
