"""How long a reply may be used again, by its headers."""

import pytest
from spadework.tools.web.freshness import lifetime, validators

DAY = 86_400.0
NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, DAY),
        ({"cache-control": "max-age=60"}, 60),
        ({"cache-control": "public, Max-Age = 60, must-revalidate"}, 60),
        ({"cache-control": 'max-age="60"'}, 60),
        ({"cache-control": "max-age=99999999"}, DAY),
        ({"cache-control": "s-maxage=5"}, DAY),
        ({"cache-control": "s-maxage=5, max-age=60"}, 60),
        ({"cache-control": "max-age=60", "age": "20"}, 40),
        ({"cache-control": "max-age=60", "age": "600"}, 0),
        ({"cache-control": "max-age=0"}, 0),
        ({"cache-control": "no-cache"}, 0),
        ({"pragma": "no-cache"}, 0),
        ({"pragma": "no-cache", "cache-control": "max-age=60"}, 60),
        ({"cache-control": "no-store, max-age=60"}, None),
        ({"vary": "*"}, None),
        ({"vary": "Accept-Encoding"}, DAY),
        ({"expires": "Tue, 14 Nov 2023 23:13:20 GMT"}, 3_600),
        ({"expires": "Tue, 14 Nov 2023 23:13:20 GMT", "date": "Tue, 14 Nov 2023 23:03:20 GMT"}, 600),
        ({"expires": "Tue, 14 Nov 2023 23:13:20 GMT", "cache-control": "max-age=5"}, 5),
        ({"expires": "0"}, 0),
        ({"expires": "-1"}, 0),
        ({"expires": "Mon, 13 Nov 2023 22:13:20 GMT"}, 0),
    ],
)
def test_lifetime(headers: dict[str, str], expected: float | None) -> None:
    assert lifetime(headers, DAY, NOW) == expected


def test_what_a_kept_reply_is_asked_for_again_with() -> None:
    headers = {"etag": '"a7"', "last-modified": "Mon, 13 Nov 2023 22:13:20 GMT", "server": "x"}
    assert validators(headers) == {"if-none-match": '"a7"', "if-modified-since": "Mon, 13 Nov 2023 22:13:20 GMT"}
    assert validators({"etag": "a\r\nx-evil: 1"}) == {}
    assert validators({"etag": "é"}) == {}
