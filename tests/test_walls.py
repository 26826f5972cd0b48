"""Walls are told apart from pages, also from pages about walls."""

import gzip
from dataclasses import replace
from pathlib import Path

import pytest
from spadework.tools.reading.extract import Page, extract_page
from spadework.tools.reading.walls import CONSENT, LOGIN, PAYWALL, ROBOT, SCRIPT, wall

ARTICLES = Path(__file__).parents[1].parent / "shared" / "data" / "articles" / "html"
URL = "https://www.a.example/page"

# A case: its name, then indented the page.
WALLS = r"""
SCRIPT a React page that asks for JavaScript
    <html><head><title>Shop</title></head><body><noscript>You need to enable JavaScript to run this app.</noscript>
    <div id="root"></div><script src="/static/main.js"></script></body></html>
SCRIPT an empty mount with a spinner and a footer outside of it
    <body><div id='app' class="x"><div class="spinner"><i></i></div>Loading...</div><script>start()</script>
    <footer><p>Copyright the shop, all rights reserved. Terms and privacy.</p></footer></body>
SCRIPT a Next page whose content comes later
    <body><div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{"props":{}}</script></body>
SCRIPT an Angular element
    <body><app-root></app-root><script src=main.js></script></body>
SCRIPT nothing but scripts
    <html><head><title>Map</title></head><body><script>draw()</script></body></html>
SCRIPT a German page
    <body><p>Bitte aktivieren Sie JavaScript, um diese Seite zu nutzen.</p></body>
SCRIPT a sentence in the page itself
    <body><h1>News</h1><p>JavaScript is disabled in your browser. Please enable JavaScript to use this site.</p></body>
ROBOT Cloudflare's challenge
    <html><head><title>Just a moment...</title></head><body><div class="main-wrapper"><noscript>
    <span id="challenge-error-text">Enable JavaScript and cookies to continue</span></noscript></div>
    <script>(function(){window._cf_chl_opt={cvId:'3',cType:'managed'};})();</script></body></html>
ROBOT Cloudflare's older check
    <title>Attention Required! | Cloudflare</title><h1>One more step</h1><p>Please complete the security check to access
    a.example</p><h2>Why do I have to complete a CAPTCHA?</h2>
ROBOT an older check in words only
    <h1>Checking your browser before accessing a.example.</h1><p>This process is automatic. Your browser will
    redirect to
    your requested content shortly. Please allow up to 5 seconds.</p><p>DDoS protection by a maker</p>
ROBOT DataDome
    <html><head><title>a.example</title></head><body><p>Please enable JS and disable any ad blocker</p>
    <script>var dd={'rt':'c','cid':'x','host':'geo.captcha-delivery.com'}</script></body></html>
ROBOT HUMAN
    <title>Access to this page has been denied</title><div id="px-captcha"></div><p>Press &amp; Hold to confirm you
    are a
    human (and not a bot).</p>
ROBOT Imperva
    <body><iframe src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=1&incident_id=442-7">Request unsuccessful. Incapsula
    incident
    ID: 442-7</iframe></body>
ROBOT AWS
    <body><script>window.gokuProps = {"key":"x"};</script><div
    id="challenge-container"></div><noscript><h1>JavaScript is
    disabled</h1>In order to continue, we need to verify that you're not a robot.</noscript></body>
ROBOT a refusal of a network
    <title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission to access "http://a.example/x" on
    this
    server.</p><p>Reference #18.2d</p>
ROBOT a shop's captcha
    <title>Robot Check</title><h4>Enter the characters you see below</h4><p>Sorry, we just need to make sure you're
    not a
    robot.</p><form method="get" action="/errors/validateCaptcha"><input name="field-keywords"></form>
ROBOT a search engine's captcha
    <p>Our systems have detected unusual traffic from your computer network. This page checks to see if it's really you
    sending the requests, and not a robot.</p><form id="captcha-form"></form>
ROBOT Anubis
    <title>Making sure you&#39;re not a bot!</title><script id="anubis_version" type="application/json">"1"</script>
    <p>Loading...</p><p>You are seeing this because the administrator has set up a check against scraping.</p>
ROBOT a firewall
    <body>The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: 1234</body>
CONSENT a cookie wall
    <h2>We value your privacy</h2><p>We and our partners use cookies to show ads and measure them.</p>
    <button>Accept all</button><p><a href=/m>Manage cookies</a> <a href=/r>Reject</a></p>
CONSENT a German cookie wall
    <p>Wir verwenden Cookies und ähnliche Techniken. Mit Klick auf „Akzeptieren“ geben Sie Ihre Einwilligung.</p>
    <button>Akzeptieren</button><button>Ablehnen</button>
LOGIN a login form
    <title>Log in</title><h1>Log in to Board</h1><form><label>E-mail</label><input name=u><label>Password</label>
    <input type="password"></form><p><a href=/f>Forgot your password?</a> <a href=/r>Register</a></p>
LOGIN a page that sends to the login
    <h1>Board</h1><p>You must be logged in to view this page.</p>
PAYWALL a paywall
    <h1>The bridge that never was</h1><p>For nine years the town has waited.</p><p>Subscribe to continue reading.
    Already a
    subscriber? Sign in.</p>
PAYWALL a paywall in French
    <h1>Le pont</h1><p>Cet article est réservé aux abonnés.</p>
"""

PROSE = "The expedition crossed the ridge above the valley, and the guide counted many birds there on that day. " * 8

PAGES = rf"""
an article about captchas
    <title>What is a captcha?</title><h1>What is a captcha?</h1><p>It says: verify you are human. {PROSE}</p>
an article about a maker's challenge, with its markup shown
    <h1>Just a moment...</h1><p>The page sets <code>window._cf_chl_opt = {{}}</code>. {PROSE * 3}</p>
an article about JavaScript
    <h1>JavaScript is disabled</h1><p>How to enable JavaScript in your browser. {PROSE}</p>
an article with a cookie banner, a login form and a maker's script
    <div class=cookie-banner>We use cookies. <button>Accept</button></div><form><input type=password></form>
    <script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script><script src="https://js.datadome.co/tags.js">
    </script><noscript>Please enable JavaScript.</noscript><div id="root"><p>{PROSE}</p></div>
a short page of facts
    <h1>Opening hours</h1><p>Monday to Friday 9 to 17, closed on Sunday. Telephone 046 12 34 56.</p>
a short page of facts on a site that likes JavaScript
    <noscript><iframe src="//t.example/ns.html"></iframe></noscript><noscript>This site works best when you enable
    JavaScript.</noscript><h1>Tram museum</h1><p>Open Monday to Friday from nine to five, closed on Sunday and on the
    first
    of May. Tickets cost 80 crowns, children pay nothing. The entrance is in Lake Street.</p>
a short page with a contact form that is guarded
    <h1>Write to us</h1><p>Lake Street 4, 222 23 Lund, telephone 046 12 34 56.</p><form><div
    class="g-recaptcha"></div></form>
    <script src="https://www.google.com/recaptcha/api.js"></script>
a short page with a login in its head
    <header><form><input name=u><input type=password><button>Log in</button></form></header><main><h1>Question 7</h1>
    <p>How do I drain the boiler of a tram? Turn the small valve below the seat twice to the left, and wait until no
    water
    runs out any more. Then close it again.</p></main>
a short page rendered on the server
    <body><div id="__next"><h1>Lund</h1><p>Population: 91,940 in 2020</p></div><script src=x></script></body>
a short entry of a dictionary
    <h1>Captcha</h1><p>A test by which a site tells people and programs apart. The word was made up in 2003 by four
    researchers, from the first letters of a longer name.</p>
a short note on cookies
    <h1>Oat cookies</h1><p>Mix 200 g of oats with 100 g of butter and bake them for 12 minutes. Makes thirty.</p>
a blog's list with links to read on
    <h2><a href=/a>The ridge</a></h2><p>We went up in May.</p><a href=/a>Continue reading The ridge</a>
a club that is open to its members
    <h1>Sauna</h1><p>The sauna is open to members from six to nine on Friday. Guests pay 40 crowns.</p>
a page drawn by scripts that says enough of itself for search engines
    <meta name=description content="Kettle K-20 made of steel, holds two litres, boils them in five minutes and costs 49
    euros in our shop, with a guarantee of three years from the day on which you bought it."><div id="root"></div>
    <script src=x></script><noscript>You need to enable JavaScript to run this app.</noscript>
an empty page
    <html><body></body></html>
"""


def cases(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in text.strip("\n").splitlines():
        if line.startswith(" "):
            found[-1] = (found[-1][0], found[-1][1] + line.strip() + "\n")
        else:
            found.append((line, ""))
    return found


REASONS = {"SCRIPT": SCRIPT, "ROBOT": ROBOT, "CONSENT": CONSENT, "LOGIN": LOGIN, "PAYWALL": PAYWALL}


@pytest.mark.parametrize(("name", "html"), cases(WALLS), ids=[name for name, _ in cases(WALLS)])
def test_a_wall_is_known_by_its_kind(name: str, html: str) -> None:
    assert wall(html, extract_page(html, URL)) == REASONS[name.split()[0]]


@pytest.mark.parametrize(("name", "html"), cases(PAGES), ids=[name for name, _ in cases(PAGES)])
def test_a_page_is_no_wall_whatever_it_is_about(name: str, html: str) -> None:
    assert wall(html, extract_page(html, URL)) is None, name


def test_a_host_that_only_asks_for_consent_is_a_wall_though_it_talks_much() -> None:
    html = f"<h1>Before you continue</h1><p>We and our partners store data. {PROSE}</p><button>Accept all</button>"
    assert wall(html, extract_page(html, "https://consent.a.example/m?continue=x")) == CONSENT
    assert wall(html, extract_page(html, URL)) is None


def test_a_refusal_that_says_so_is_a_robot_check_by_its_status() -> None:
    html = "<h1>403 Forbidden</h1><p>nginx</p>"
    page = extract_page(html, URL)
    assert (wall(html, page), wall(html, page, 403), wall(html, page, 404)) == (None, ROBOT, None)


@pytest.fixture(scope="module")
def articles() -> list[tuple[str, Page]]:
    if not ARTICLES.is_dir():
        pytest.skip("the real pages are not here")
    pages = [
        gzip.decompress(path.read_bytes()).decode("utf-8", "replace") for path in sorted(ARTICLES.glob("*.html.gz"))
    ]
    return [(html, extract_page(html, URL)) for html in pages]


def test_no_real_page_is_called_a_wall(articles: list[tuple[str, Page]]) -> None:
    assert len(articles) > 50
    assert [page.title for html, page in articles if wall(html, page)] == []


def test_real_markup_around_little_text_is_no_wall_either(articles: list[tuple[str, Page]]) -> None:
    """Menus, banners, login forms and scripts of real sites must not speak against a short text."""
    short = [(html, replace(page, text=" ".join(page.text.split()[:40]))) for html, page in articles]
    assert [page.text for html, page in short if wall(html, page)] == []


@pytest.mark.parametrize(
    "piece", ["<div ", "<noscript>", "<input ", "<div id=root>", ">accept", "<app-root", "enable ", "<i>"]
)
def test_markup_made_to_be_slow_is_looked_through_all_the_same(piece: str) -> None:
    page = replace(extract_page("", URL), text="enable JavaScript")
    assert wall(piece * 60_000, page) in (None, SCRIPT)
