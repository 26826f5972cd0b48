"""The frame around each page of the bundled web: header, navigation, cookie notice, sidebar and footer."""

import random
from html import escape

from .lists import PLURALS
from .pages import Sheet

# What each section calls itself, and its line below the name.
_SITES = {
    "person": ("The Lantern Book of Lives", "Biography since breakfast"),
    "town": ("County Gazetteer", "Every place but yours"),
    "region": ("County Gazetteer", "Every place but yours"),
    "river": ("County Gazetteer", "Every place but yours"),
    "ship": ("Harbour Register", "Hulls, holds and hard luck"),
    "yard": ("Harbour Register", "Hulls, holds and hard luck"),
    "expedition": ("Harbour Register", "Hulls, holds and hard luck"),
    "book": ("The Reading Room", "Please do not whisper so loudly"),
    "publisher": ("The Reading Room", "Please do not whisper so loudly"),
    "building": ("Stones and Slates", "Who built what, and why"),
    "line": ("Stones and Slates", "Who built what, and why"),
    "painting": ("The Picture Cupboard", "Art behind doors"),
    "festival": ("Feast Days", "Where to be, and when"),
    "band": ("Feast Days", "Where to be, and when"),
    "dish": ("Feast Days", "Where to be, and when"),
    "prize": ("The Honours Board", "Medals, cups and hurt feelings"),
    "lists": ("County Lists", "In order, more or less"),
    "tattle": ("The Lamplighter's Tattle", "All the news that came to mind"),
    "tourist": ("Tourist Office", "Bring a coat"),
    "board": ("The Notice Board", "Pins not included"),
}

_COOKIES = (
    "We use cookies so that the page remembers you, which is more than the barber does. Accept / Manage / Sulk",
    "This site sets cookies. By scrolling, breathing or leaving you agree to the policy.",
)
_SHARES = "Share on Pigeon / Print / Send to an aunt"


def frame(sheet: Sheet, rng: random.Random, others: list[Sheet]) -> str:
    """The HTML document of a page. `others` are pages that the sidebar may point to."""
    site, tagline = _SITES[sheet.site]
    title = escape(sheet.title, quote=False)
    menu = "".join(f'<li><a href="/{kind}">{name}</a></li>' for kind, name in PLURALS.items())
    popular = "".join(
        f'<li><a href="{other.path}">{escape(other.title, quote=False)}</a></li>' for other in rng.sample(others, 5)
    )
    related = "".join(f"<li>{line.html}</li>" for line in sheet.related)
    more = f'<nav class="related"><h3>See also</h3><ul>{related}</ul></nav>' if related else ""
    body = "\n".join(block.html for block in sheet.blocks)
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{title} - {site}</title>
<meta name="viewport" content="width=device-width">
<meta property="article:published_time" content="{sheet.day}">
<style>body{{font-family:serif;margin:0}}.sidebar{{float:right}}.cookie-banner{{background:#eee}}</style></head>
<body>
<div class="cookie-banner" role="dialog">{rng.choice(_COOKIES)}</div>
<header class="site-header"><a href="/">{site}</a> <em>{tagline}</em>
<form action="/search"><input name="q" placeholder="Search"><button>Go</button></form></header>
<nav class="menu"><ul>{menu}</ul></nav>
<main><article>
<h1>{title}</h1>
{body}
<p class="meta">Last changed on <time datetime="{sheet.day}">{sheet.day}</time></p>
</article>
<div class="share">{_SHARES}</div>
{more}</main>
<aside class="sidebar"><h3>Most read this week</h3><ul>{popular}</ul>
<p class="newsletter">Get our letter every other Tuesday. Unsubscribe at any time.</p></aside>
<footer>{site}. All rights imagined. <a href="/">Home</a></footer>
<script>window.dataLayer=[];</script>
</body></html>
"""
