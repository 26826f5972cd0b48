"""Which chat model to use, from what the user said, and whether its server reads whole prompts."""

import os
import re
import secrets
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle
from typing import TYPE_CHECKING, Any

from ...tools.clean import one_line
from ...tools.errors import ConfigError, ModelError
from .wire import Adapted, Chat, Reply, Usage, prompt_was_cut

if TYPE_CHECKING:
    import httpx

OLLAMA = "http://127.0.0.1:11434/v1"
PROVIDERS = frozenset(
    {
        *("anthropic", "azure_ai", "azure_openai", "baseten", "bedrock", "bedrock_converse", "cohere", "deepseek"),
        *("fireworks", "google_anthropic_vertex", "google_genai", "google_vertexai", "groq", "huggingface", "ibm"),
        *("litellm", "mistralai", "nvidia", "openrouter", "perplexity", "together", "upstage", "xai"),
    }
)
"""What may stand before a colon to mean a langchain provider; Ollama's names have colons too, as in qwen3:8b."""

WITHOUT_RETRIES = frozenset({"anthropic", "azure_openai", "deepseek", "groq", "together", "xai"})
"""Providers whose client takes max_retries=0 to mean no retry."""

_SEARCHES_ITSELF = re.compile(r"search-(preview|api)|:online$|deep-research|(^|[/:])(perplexity:|sonar)")
"""Names under which OpenAI, OpenRouter and Perplexity offer models that search, as of 2026."""

NO_MODEL = (
    "no model is set: set SPADEWORK_MODEL=openai:NAME and OPENAI_API_KEY; or SPADEWORK_MODEL=ollama:NAME for a local "
    "Ollama; or SPADEWORK_MODEL=NAME and SPADEWORK_BASE_URL=http://127.0.0.1:8000/v1 for any other server (`spadework "
    "config set model NAME` keeps it); or try `spadework demo`, which needs none"
)


@dataclass(frozen=True, slots=True)
class Server:
    """How the model is reached, where the environment does not say it: see OpenAICompatible."""

    base_url: str | None = None
    proxy: str | None = None
    ca: str | None = None
    transport: "httpx.AsyncBaseTransport | None" = None


def make_chat(value: object = None, *, context: int | None = None, server: Server | None = None) -> Chat:
    """The chat model that `value` names, or SPADEWORK_MODEL where it is None.

    `value` is "NAME" or "openai:NAME" for an OpenAI-compatible server (SPADEWORK_BASE_URL, else OpenAI itself),
    "ollama:NAME" for an Ollama on this machine, "provider:NAME" for one of langchain's providers (extra `langchain`),
    a langchain chat model, or a Chat. `context` is in tokens; SPADEWORK_CONTEXT where it is None. Raises ConfigError.
    """
    server = server or Server()
    context = read_context(context)
    if value is None:
        value = os.environ.get("SPADEWORK_MODEL", "").strip()
        if not value:
            raise ConfigError(NO_MODEL)
    if isinstance(value, str):
        return _named(value.strip(), context, server)
    if isinstance(value, Chat):
        return value
    from langchain_core.language_models.chat_models import BaseChatModel

    from .langchain_chat import LangChainChat

    if isinstance(value, BaseChatModel):
        return LangChainChat(value, context=context)
    raise ConfigError(f"the model must be a name, a langchain chat model or a Chat, not {type(value).__name__}")


def read_context(given: int | None) -> int | None:
    """What the model reads at most, in tokens: as given, else SPADEWORK_CONTEXT, else None. Raises ConfigError."""
    said = os.environ.get("SPADEWORK_CONTEXT", "").strip()
    if given is None and said:
        if not (said.isascii() and said.isdigit()):
            raise ConfigError(f"SPADEWORK_CONTEXT must be a number of tokens, such as 32768, not {said!r}")
        given = int(said)
    if given is not None and given < 1:
        raise ConfigError(f"the context must be at least 1 token, not {given}")
    return given


def check_name(value: str) -> None:
    """Raises ConfigError for a name that no model can have here, whatever keys and packages there are."""
    provider, colon, name = value.partition(":")
    if not value or (colon and not name and provider in ("openai", "ollama", *PROVIDERS)):
        raise ConfigError(f"the model {value!r} has no name: write it like openai:NAME")
    if _SEARCHES_ITSELF.search(value.lower()):
        raise ConfigError(
            f"the model {value!r} searches the web inside of its own calls, which no budget can count and no quote "
            "can prove: name one that does not"
        )


def _named(value: str, context: int | None, server: Server) -> Chat:
    check_name(value)
    provider, colon, name = value.partition(":")
    if colon and provider in PROVIDERS:
        return _from_langchain(value, context)
    options: dict[str, Any] = {"context": context, "proxy": server.proxy, "ca": server.ca}
    options["transport"] = server.transport
    base_url = server.base_url
    if provider == "ollama" and colon:
        base_url = base_url or os.environ.get("SPADEWORK_BASE_URL") or OLLAMA
        options["api_key"] = ""
    elif provider != "openai" or not colon:
        name = value
    if base_url:
        options["base_url"] = base_url
    from .model import OpenAICompatible

    return OpenAICompatible(model=name, **options)


def _from_langchain(value: str, context: int | None) -> Chat:
    provider = value.partition(":")[0]
    try:
        init_chat_model = import_module("langchain.chat_models").init_chat_model
    except ImportError as error:
        raise ConfigError(
            f"the model {value} needs langchain and its package for {provider}: "
            f"pip install 'spadework[langchain]' langchain-{provider.replace('_', '-')}"
        ) from error
    from .langchain_chat import LangChainChat

    settings: dict[str, Any] = {"max_retries": 0} if provider in WITHOUT_RETRIES else {}
    try:
        model = init_chat_model(value, **settings)
    except Exception as error:  # whatever a provider's package raises: no key, no package, no such setting
        raise ConfigError(f"the model {value} cannot be set up: {one_line(str(error), 300)}") from error
    return LangChainChat(model, context=context)


PROBE_TOKENS = 12_000
REPLY_TOKENS = 512
OLLAMA_MEND = (
    "Ollama cuts prompts silently. Start it with OLLAMA_CONTEXT_LENGTH={tokens}, or make a model with a Modelfile of "
    "two lines, `FROM {name}` and `PARAMETER num_ctx {tokens}`; for another server set its context length, or set "
    "SPADEWORK_CONTEXT to what it really reads"
)


@dataclass(frozen=True, slots=True)
class ContextFinding:
    """What a long prompt showed. `sent_tokens` is an estimate; `mend` is empty when there is nothing to mend."""

    whole: bool
    text: str
    mend: str
    sent_tokens: int
    usage: Usage | None


async def probe_context(chat: Chat, *, timeout: float = 300.0) -> ContextFinding:
    """Send one long prompt, with a code word at its start, and see whether the server read all of it.

    The prompt has about 12,000 tokens; with a declared context as many as that holds, if it is less or costs nothing.
    The request is a real one. Raises ModelError when the model cannot be asked at all.
    """
    known = chat.context
    tokens = known or PROBE_TOKENS
    tokens = max((tokens if chat.local else min(tokens, PROBE_TOKENS)) - REPLY_TOKENS, REPLY_TOKENS)
    code_word = f"HERON-{secrets.randbelow(9000) + 1000}"  # a new one each time, so that no cache knows the prompt
    prompt = _long_prompt(tokens, code_word)
    message = {"role": "user", "content": prompt}
    try:
        reply = await _ask_adapting(chat, message, timeout)
    except ModelError as error:
        if error.kind != "rejected" or error.status not in (400, 413, 422):
            raise
        if chat.context and chat.context != known:
            told = f"the server says that it reads {chat.context:,} tokens, and prompts keep to that"
            return ContextFinding(True, told, "", tokens, None)
        mend = f"set SPADEWORK_CONTEXT below {tokens} if the prompt was too long"
        return ContextFinding(False, f"the server refused about {tokens:,} tokens: {error}", mend, tokens, None)
    remembered = code_word.lower() in reply.text.lower()
    usage = reply.usage
    counted = f"it counted {usage.tokens_in:,}" if usage else "it reported no usage"
    told = f"of about {tokens:,} tokens sent {counted}"
    short = usage is not None and 0 < usage.tokens_in < tokens * 0.6
    if prompt_was_cut(len(prompt), usage) or (short and not remembered):
        mend = OLLAMA_MEND.format(tokens=tokens + REPLY_TOKENS, name=chat.name)
        return ContextFinding(False, f"the server cut the prompt: {told}", mend, tokens, usage)
    if usage is None and not remembered:
        mend = OLLAMA_MEND.format(tokens=tokens + REPLY_TOKENS, name=chat.name)
        return ContextFinding(False, f"the start of the prompt was lost: {told}", mend, tokens, usage)
    said = "named" if remembered else "did not name"
    text = f"the whole prompt was read: {told}, and the model {said} the code word"
    return ContextFinding(True, text, "", tokens, usage)


async def _ask_adapting(chat: Chat, message: dict[str, Any], timeout: float) -> Reply:
    for _ in range(2):
        try:
            return await chat.complete([message], max_tokens=REPLY_TOKENS, timeout=timeout)
        except Adapted as refused:
            if refused.parameter == "context":
                raise
    return await chat.complete([message], max_tokens=REPLY_TOKENS, timeout=timeout)


def _long_prompt(tokens: int, code_word: str) -> str:
    """Plain English between a code word and the question for it: four characters a token, somewhat more than it has."""
    lines = [f"The code word is {code_word}. You will be asked for it at the end. Until then there are only notes.\n"]
    room = 4 * tokens - 300
    for colour in cycle(("red", "white", "yellow", "green", "purple", "orange", "brown")):
        lines.append(f"The gardeners turned the soil of the {colour} bed and wrote down the weather of the day.\n")
        room -= len(lines[-1])
        if room < 0:
            break
    lines.append("What was the code word at the very start? Reply with the code word and nothing else.")
    return "".join(lines)
