"""Search backends of other packages, found by entry point.

A package offers one under a name of its own in the group `spadework.search`; what stands there is called with no
arguments and gives a Search, or a function `query -> results` (see FunctionSearch):

    [project.entry-points."spadework.search"]
    intranet = "our_package.search:make_search"
"""

from importlib.metadata import EntryPoint, entry_points

from ..clean import one_line
from ..errors import ConfigError, SpadeworkError
from ..search import FunctionSearch, Search

GROUP = "spadework.search"


def plugin_names() -> list[str]:
    """The names that installed packages offer, in order; nothing is loaded."""
    return sorted({found.name for found in entry_points(group=GROUP)})


def make_plugin(name: str) -> Search | None:
    """The backend that an installed package offers under `name`; None if there is none. Raises ConfigError."""
    offers = list(entry_points(group=GROUP, name=name))
    return _made(offers[0]) if offers else None


def _made(offer: EntryPoint) -> Search:
    label = f"the search backend {offer.name!r} ({offer.value})"
    try:
        made: object = offer.load()()
    except SpadeworkError:
        raise
    except Exception as error:
        raise ConfigError(one_line(f"{label} cannot be made: {type(error).__name__}: {error}", 400)) from error
    if isinstance(made, Search):
        return made
    if not callable(made):
        raise ConfigError(
            f"{label} gave an object of type {type(made).__name__}: it has to give a Search or a function"
        )
    found = FunctionSearch(made)
    found.name = offer.name
    return found
