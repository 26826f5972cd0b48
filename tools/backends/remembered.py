"""A backend in front of the cache: what an earlier run searched for is not asked again."""

from ..cache import Cache
from ..search import Hit, Search


class Remembered:
    """`search` with the results of earlier runs out of `cache`; `where` tells apart what one name can stand for."""

    def __init__(self, search: Search, cache: Cache, where: str = "") -> None:
        self.name = search.name
        self._search = search
        self._cache = cache
        self._key = f"{search.name} {where}".strip()

    def known(self, query: str, *, limit: int) -> list[Hit] | None:
        """The results that are kept and still fresh: they cost no request."""
        return self._cache.hits(self._key, query, limit)

    async def search(self, query: str, *, limit: int, timeout: float) -> list[Hit]:
        """See Search."""
        hits = await self._search.search(query, limit=limit, timeout=timeout)
        self._cache.keep_hits(self._key, query, limit, hits)
        return hits

    async def aclose(self) -> None:
        """Close the backend; the cache is its owner's to close."""
        await self._search.aclose()
