"""Expected forms: what a quote, or an answer, must hold when a year, a date, a number or yes/no is asked for."""

import re

FORMS = ("name", "year", "date", "number", "yes/no")
YES_NO = frozenset({"yes", "no", "true", "false", "both", "neither"})
_NUMBER_WORDS = (
    "zero none no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million "
    "billion dozen once twice"
)
_YEAR = r"(?<!\d)\d{3,4}(?!\d)|\b(?:bc|bce|ad|ce)\b"
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_HOLDS = {
    "year": re.compile(_YEAR, re.IGNORECASE),
    "date": re.compile(rf"{_YEAR}|\b(?:{_MONTHS.replace(' ', '|')})", re.IGNORECASE),
    "number": re.compile(rf"\d|\b(?:{_NUMBER_WORDS.replace(' ', '|')})\b", re.IGNORECASE),
}
# Only beginnings that leave no doubt: a wrong guess would keep a right answer from being proven.
_ASKED = (
    ("year", re.compile(r"^(?:in |during |since |by |until )?(?:which|what) year\b", re.IGNORECASE)),
    ("number", re.compile(r"^how many\b", re.IGNORECASE)),
    ("date", re.compile(r"^(?:when|on (?:which|what) date) (?:was|were|is|did|does|will)\b", re.IGNORECASE)),
)
_ASKS_WHETHER = re.compile(r"^(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would)\b", re.IGNORECASE)
_ASKS_MORE = re.compile(r"\b(?:or|who|whom|whose|what|which|where|when|why|how)\b", re.IGNORECASE)


def asked_form(question: str) -> str:
    """The form of the answer, where the first words of an English question leave no doubt; else nothing."""
    text = question.strip()
    for form, pattern in _ASKED:
        if pattern.match(text):
            return form
    return "yes/no" if _ASKS_WHETHER.match(text) and not _ASKS_MORE.search(text) else ""


def holds_form(form: str, text: str) -> bool:
    """Whether a text holds something of this form. A form that nobody can check is always held."""
    if form == "yes/no":
        return text.casefold().strip(" .") in YES_NO
    pattern = _HOLDS.get(form)
    return pattern is None or bool(pattern.search(text))
