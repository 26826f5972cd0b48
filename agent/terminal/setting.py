"""The settings that there are: one table for the configuration file, the environment and what is shown of both."""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Kind = Literal["text", "search", "number", "switch", "list", "limits", "file", "address"]

KEYS = {
    "OPENAI_API_KEY": "the model's server; a local one may need none",
    "BRAVE_API_KEY": "search = brave",
    "TAVILY_API_KEY": "search = tavily",
    "SERPER_API_KEY": "search = serper",
    "GOOGLE_API_KEY": "search = google, with google_cse_id",
    "SPADEWORK_READER_KEY": "the reader service, where it wants one",
}
"""What is read from the environment alone, and what needs it. No value of these is ever stored or printed."""

NAMED_LIKE_A_KEY = re.compile(r"(?:^|[_.-]|api)(?:key|token|secret|password|passwd|credentials?)$", re.IGNORECASE)
_ELSEWHERE = {"searxng_url": "SEARXNG_URL", "google_cse_id": "GOOGLE_CSE_ID"}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `usual` is what holds where nothing is said, as it is shown."""

    name: str
    """In the configuration file and for `spadework config set`."""
    kind: Kind
    usual: str
    about: str

    @property
    def variable(self) -> str:
        """The environment variable."""
        return _ELSEWHERE.get(self.name) or f"SPADEWORK_{self.name.upper()}"

    def read(self, text: str) -> str:
        """A value of the file as the variable would have it: what is none by itself is so by an empty variable."""
        return "" if self.usual == text.strip().lower() == "none" else text


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "model", "text", "none", "The chat model: openai:NAME, ollama:NAME, or NAME on the server of base_url."
        ),
        Setting("base_url", "address", "https://api.openai.com/v1", "The model's server, often ending in /v1."),
        Setting("context", "number", "8192 where unknown", "How many tokens the model can read in one prompt."),
        Setting("model_timeout", "number", "120, streamed: of silence", "Seconds for a single call to the model."),
        Setting("first_token_timeout", "number", "120, on this machine 600", "Seconds until a reply begins."),
        Setting("prices", "file", "none", "A TOML file with prices of models that are not publicly known."),
        Setting("search", "search", "duckduckgo or wikipedia", "Where to search; `spadework ask --help` names them."),
        Setting("searxng_url", "address", "http://127.0.0.1:8888", "The SearXNG server of search = searxng."),
        Setting("wikipedia_lang", "text", "en", "The language of search = wikipedia: en, de, zh-yue, ..."),
        Setting("google_cse_id", "text", "none", "The engine of search = google."),
        Setting(
            "budget",
            "limits",
            "searches=10,browses=10,seconds=300",
            "What one question may use: 5, or searches=5,usd=0.05.",
        ),
        Setting("conversation", "limits", "none", "What a whole chat may use: usd=0.50,searches=50, or none."),
        Setting("daily", "limits", "none", "What all runs of a day (UTC) in one store may use together: usd=1."),
        Setting(
            "strategy", "text", "bats-early", "How to search: bats-early, bats, bats-paper, react, sequential, ..."
        ),
        Setting(
            "store", "file", "a file in the data folder", "Where runs are kept: a file, postgresql://..., or none."
        ),
        Setting("keep_days", "number", "30", "Days that runs are kept after they were last touched, or none."),
        Setting("cache", "file", "none", "A file that keeps pages and results for later runs."),
        Setting("cache_hours", "number", "24", "Hours that these count at most."),
        Setting(
            "allow_hosts", "list", "none", "Servers that are not public and that pages may be read from all the same."
        ),
        Setting("robots", "switch", "on", "Whether a robots.txt that forbids a page is honoured: on or off."),
        Setting("reader", "address", "none", "A reader service, for pages that show their text only to a browser."),
        Setting("proxy", "address", "none", "The proxy of a company network, http://HOST:PORT."),
        Setting("ca", "file", "none", "A PEM file of certificates to trust instead of the usual ones."),
        Setting("debug", "switch", "off", "Show where an unexpected error came from: on or off."),
    )
}


def setting_named(text: str) -> Setting | None:
    """The setting of that name, or of that environment variable."""
    by_variable = {setting.variable: setting for setting in SETTINGS.values()}
    return SETTINGS.get(text.strip()) or by_variable.get(text.strip())


def unknown(name: str) -> str:
    """What to do about a name that no setting has, for the end of a line."""
    upper = name.upper().replace("-", "_").replace(".", "_")
    if NAMED_LIKE_A_KEY.search(name):
        meant = next(iter(get_close_matches(upper, KEYS, n=1, cutoff=0.8)), "a variable such as OPENAI_API_KEY")
        return f"keys and passwords are not kept in a file: set {meant} in the environment instead"
    names = {setting.name: setting.name for setting in SETTINGS.values()}
    names |= {setting.variable: setting.name for setting in SETTINGS.values()}
    near = get_close_matches(name, names, n=1, cutoff=0.6) or get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return f"did you mean {names[near[0]]}?" if near else f"known are {', '.join(SETTINGS)}"
