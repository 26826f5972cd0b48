"""A prompt is made to fit what is left, in tokens and in dollars; its upper bound holds whatever a server counts."""

from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted import ScriptedChat, small_web
from spadework.agent.deps import Deps
from spadework.agent.llm.shown import LastPrompt
from spadework.agent.money.amounts import Amounts
from spadework.agent.money.budget import Budget
from spadework.agent.money.charges import Refusal, call_of
from spadework.agent.money.ledger import Ledger
from spadework.agent.money.prices import Prices, Rate
from spadework.agent.nodes.fitting import MIN_OUT, MIN_ROOM, Ask, Build, Fitted, estimated, fit
from spadework.agent.session import Session
from spadework.agent.strategies import STRATEGIES

Messages = list[dict[str, Any]]
PRICES = Prices({"scripted": Rate(Decimal(2), Decimal(8), Decimal("0.2"), Decimal("2.5"))})
"""Dollars for a million tokens; the dearest that a token of input can be is 2.5."""
WORD = "bridge "
TOOL = {"type": "function", "function": {"name": "search", "parameters": {"type": "object"}}}


def session_of(budget: Budget, prices: Prices = PRICES) -> Session:
    web = small_web()
    deps = Deps(chats={}, search=web, browse=web, strategy=STRATEGIES["react"], prices=prices)
    return Session(deps, Ledger(budget, "run", clock=lambda: 0.0))


def prompt(room: int) -> Messages:
    """As long as it may be: a word is two tokens."""
    return [{"role": "user", "content": WORD * (room // 2)}]


def ask(build: Any = prompt, **more: Any) -> Ask:
    return Ask(role="searcher", node="searcher", attempt=1, build=build, **more)


def chat(**more: Any) -> ScriptedChat:
    return ScriptedChat([], **more)


def fitted(session: Session, asked: Ask, model: ScriptedChat | None = None) -> Fitted:
    found = fit(session, model or chat(), asked)
    assert isinstance(found, Fitted), found
    return found


def words(found: Fitted) -> int:
    return str(found.messages[0]["content"]).count(WORD)


def test_without_limits_a_prompt_fills_the_context_beside_its_reply() -> None:
    small, large = fitted(session_of(Budget()), ask()), fitted(session_of(Budget()), ask(), chat(context=32_768))
    assert words(small) == (8_192 - 2_048) // 2
    assert (small.amounts.tokens_out, large.amounts.tokens_out) == (2_048, 4_096)
    assert words(large) == (32_768 - 4_096) // 2
    assert small.amounts == Amounts(tokens_in=sum(small.pieces.values()), tokens_out=2_048, model_calls=1)


@pytest.mark.parametrize(
    ("plenty", "little"), [(Budget(tokens=90_000), Budget(tokens=15_000)), (Budget(usd=1), Budget(usd="0.03"))]
)
def test_with_less_left_the_prompt_is_shorter_and_not_the_call_refused(plenty: Budget, little: Budget) -> None:
    whole, short = fitted(session_of(plenty), ask()), fitted(session_of(little), ask())
    assert words(whole) == words(fitted(session_of(Budget()), ask()))
    assert 0 < words(short) < words(whole)
    assert short.amounts.tokens_out >= MIN_OUT


def test_before_a_prompt_is_cut_its_reply_is() -> None:
    size = fitted(session_of(Budget()), ask()).amounts.tokens_in
    found = fitted(session_of(Budget(tokens=size + 300)), ask())
    assert (found.amounts.tokens_in, found.amounts.tokens_out) == (size, 300)
    priced = fitted(session_of(Budget(usd=Decimal(size) * Decimal("2.5") / 10**6 + Decimal("0.0024"))), ask())
    assert (priced.amounts.tokens_in, priced.amounts.tokens_out) == (size, 300)


def fixed(room: int) -> Messages:
    return [{"role": "user", "content": "x" * 2_000}]


@pytest.mark.parametrize("least", [MIN_OUT, 400])
def test_with_no_room_for_a_reply_of_use_the_call_is_refused(least: int) -> None:
    size = fitted(session_of(Budget()), ask(fixed)).amounts.tokens_in
    enough = fitted(session_of(Budget(tokens=size + least)), ask(fixed, min_out=least))
    assert enough.amounts.tokens_out == least
    refused = fit(session_of(Budget(tokens=size + least - 1)), chat(), ask(fixed, min_out=least))
    assert refused == Refusal("tokens", size + least, size + least - 1)
    usd = Decimal(size) * Decimal("2.5") / 10**6 + Decimal(8 * least) / 10**6
    assert fitted(session_of(Budget(usd=usd)), ask(fixed, min_out=least)).amounts.tokens_out == least
    refused = fit(session_of(Budget(usd=usd - Decimal("0.000001"))), chat(), ask(fixed, min_out=least))
    assert isinstance(refused, Refusal)
    assert refused.line() == "refused: the dollars left do not cover this call"


def test_a_prompt_is_never_built_for_less_room_than_is_of_use() -> None:
    rooms: list[int] = []

    def build(room: int) -> Messages:
        rooms.append(room)
        return fixed(room)

    assert isinstance(fit(session_of(Budget(tokens=100)), chat(), ask(build)), Refusal)
    assert min(rooms) >= MIN_ROOM
    assert rooms == sorted(rooms, reverse=True)


def test_what_is_to_be_kept_is_left_alone() -> None:
    keep = Amounts(tokens_in=5_000, picousd=10**10)
    for budget in (Budget(tokens=20_000), Budget(usd="0.03")):
        session = session_of(budget)
        found = fitted(session, ask(keep=keep))
        left = session.ledger.remaining()
        assert found.amounts.tokens + 5_000 <= (left.left("tokens") or 20_000)
        assert found.amounts.picousd + 10**10 <= (left.left("picousd") or 3 * 10**10)


def test_a_limit_in_dollars_cannot_be_kept_with_a_model_that_has_no_price() -> None:
    refused = fit(session_of(Budget(usd=1), Prices()), chat(name="nobody/knows-it", local=False), ask())
    assert refused == Refusal("picousd", 1, 0)
    assert fitted(session_of(Budget(usd=1), Prices()), ask(), chat(local=True)).amounts.picousd == 0


def test_tools_count_as_they_are_sent_apart_or_in_the_prompt() -> None:
    def build(_: int) -> Messages:
        return [{"role": "system", "content": "Find it."}, {"role": "user", "content": "Who built it?"}]

    plain = fitted(session_of(Budget()), ask(build)).amounts.tokens_in
    apart = fitted(session_of(Budget()), ask(build, tools=(TOOL,)))
    written = fitted(session_of(Budget()), ask(build, tools=(TOOL,)), chat(takes_tools=False))
    assert apart.amounts.tokens_in == plain + len(orjson.dumps(TOOL))
    assert "search" in str(written.messages)
    assert written.amounts.tokens_in == sum(len(orjson.dumps(message)) for message in written.messages)


def said(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": text}


def always(messages: Messages) -> Build:
    """A prompt that is never made shorter."""
    return lambda _: messages


TEXTS = st.sampled_from(["", "a", "the same again", "雪" * 40, "Brücke " * 9]) | st.text(max_size=200)
PROMPTS = st.lists(st.builds(said, st.sampled_from("ua"), TEXTS), max_size=9)


def counted(messages: Messages, tools: tuple[dict[str, Any], ...], share: float) -> int:
    """What a server counts that needs at most a token a byte: `share` of them, each part alike every time."""
    return sum(int(share * len(orjson.dumps(part))) for part in (*messages, *tools))


@given(st.lists(PROMPTS, min_size=2, max_size=4), st.floats(0.0, 1.0), st.booleans())
def test_no_server_counts_more_than_the_bound(turns: list[Messages], share: float, offered: bool) -> None:
    session, tools = session_of(Budget()), (TOOL,) if offered else ()
    for messages in turns:
        found = fitted(session, ask(always(messages), tools=tools))
        real = counted(messages, tools, share)
        assert real <= found.amounts.tokens_in <= sum(found.pieces.values())
        session.shown.last[f"searcher {chat().name}"] = LastPrompt(found.pieces, real)


@given(PROMPTS, TEXTS)
def test_a_turn_more_is_bounded_by_the_last_count_and_what_is_new(messages: Messages, text: str) -> None:
    session = session_of(Budget())
    first = fitted(session, ask(always(messages)))
    session.shown.last[f"searcher {chat().name}"] = LastPrompt(first.pieces, 7)
    more = said("user", text)
    again = fitted(session, ask(always([*messages, more])))
    assert again.amounts.tokens_in <= 7 + len(orjson.dumps(more))
    assert estimated(again.pieces) <= sum(again.pieces.values())


LEFT = st.none() | st.integers(0, 60_000)


@given(LEFT, LEFT, st.integers(0, 9_000), st.integers(0, 3 * 10**10), st.sampled_from([None, 2_048, 32_768]), PROMPTS)
def test_what_fits_can_be_held_and_what_is_refused_says_why(
    tokens: int | None, cents: int | None, keep_tokens: int, keep_pico: int, context: int | None, first: Messages
) -> None:
    usd = None if cents is None else Decimal(cents) / 100_000
    session = session_of(Budget(tokens=tokens, usd=usd))
    keep = Amounts(tokens_in=keep_tokens, picousd=keep_pico)

    def build(room: int) -> Messages:
        return [*first, *prompt(room)]

    found = fit(session, chat(context=context), ask(build, keep=keep))
    if isinstance(found, Refusal):
        assert (tokens if found.resource == "tokens" else cents) is not None
        assert found.asked > found.left >= 0
    else:
        assert found.amounts.tokens_out >= MIN_OUT
        assert not isinstance(session.ledger.hold(call_of("model", "x"), found.amounts, keep=keep), Refusal)
