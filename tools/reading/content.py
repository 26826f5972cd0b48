"""Which blocks of a page are its content."""

import re

from .blocks import Block, Flat, Node, title_block
from .names import Sums, boilerplate

_ARTICLE_BODY = re.compile(
    r"article[-_]*body|(?:^|[\s_-])(?:article|entry|post|story|blog)[-_]*(?:content|text|body)(?=$|[\s_-])"
)
_MORE = re.compile(
    r"(?:related|read more|more (?:from|on|stories|in|about|great|news)|most (?:read|popular|viewed)|our latest"
    r"|latest (?:stories|news)|recommended|you (?:may|might) (?:also )?(?:like|enjoy)|don't miss|see also:|comments?$"
    r"|share this|sign up|subscribe|newsletter|follow us|about the author|trending|up next|popular)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?…:;。！？；।؟۔][\"'”’»)\]」』）]*$")
_MIN_PROSE = 60
_ALL_LINKS = 0.8
_MOST_ADDED = 1.5  # times the prose
_MIN_ADDED = 4.0  # characters of text a character of links
_LAST_LINES = 6  # of links at the end of a page, that lead away from it; more of them are a list


def content(flat: Flat, *, prune: bool = True) -> list[int]:
    """Which blocks are the page's content, as indices in page order.

    Prose picks the element that holds most of it. Where there is little, the page is a list or a form of reference, and
    all that is no boilerplate stays. Without `prune` no element is left out because of its name.
    """
    blocks = flat.blocks
    marks = boilerplate(flat) if prune else [False] * len(blocks)
    node = _main_node(flat, marks)
    if node and not flat.is_news:
        node = _widened(flat, marks, node)
    chosen = [i for i in range(node.start, node.end) if not marks[i]] if node else []
    prose = sum(blocks[i].words for i in chosen if _is_sentence(blocks[i]))
    if node is None or prose < _MIN_PROSE:
        return _reference(flat, [i for i, mark in enumerate(marks) if not mark and blocks[i].kind != "button"])
    if flat.is_news:
        title = next((i for i in chosen if blocks[i].kind == "heading" and blocks[i].level == 1), None)
    else:
        title = title_block(flat, [i for i, mark in enumerate(marks) if not mark])
        if title is not None and title < node.start:  # a price or a date stands between title and prose
            chosen = [i for i in range(title, node.start) if not marks[i]] + chosen
    kept = _article(blocks, chosen, title, keep_title=not flat.is_news)
    first, last = chosen[0], chosen[-1]
    facts = [i for i, b in enumerate(blocks) if not (marks[i] or first <= i <= last) and _is_fact(b)]
    return sorted(kept + facts) if len(facts) > 1 else kept


def _reference(flat: Flat, kept: list[int]) -> list[int]:
    """Without the links that lead away from the page, before its title and at its end."""
    blocks = flat.blocks
    if all(blocks[i].link_share > _ALL_LINKS for i in kept):
        return kept
    title = title_block(flat, kept)
    kept = [i for i in kept if title is None or i >= title or blocks[i].link_share <= _ALL_LINKS]
    end = len(kept)
    while end and blocks[kept[end - 1]].kind == "text" and blocks[kept[end - 1]].link_share > _ALL_LINKS:
        end -= 1
    return kept[:end] if len(kept) - end <= _LAST_LINES else kept


def _is_fact(block: Block) -> bool:
    return block.kind == "term" or (block.kind == "row" and " | " in block.text)


def _is_sentence(block: Block) -> bool:
    return block.words >= 8 and block.link_share < 0.5 and bool(_SENTENCE_END.search(block.text))


def _score(block: Block) -> float:
    if block.kind in ("caption", "button"):
        return 0.0
    score = block.words * (1 - 2 * block.link_share)
    if block.kind == "text" and block.words < 8 and not _SENTENCE_END.search(block.text):
        return min(score, 0.0) - 1.0
    return score


def _main_node(flat: Flat, marks: list[bool]) -> Node | None:
    scores = Sums(0.0 if mark else _score(b) for b, mark in zip(flat.blocks, marks, strict=True))
    best, best_score = None, 0.0
    bodies: dict[tuple[str, str], list[Node]] = {}
    for node in flat.nodes:
        score = scores.of(node)
        if node.tag in ("article", "main"):
            score *= 1.6
        elif node.tag in ("div", "section") and node.label and _ARTICLE_BODY.search(node.label):
            score *= 3
            bodies.setdefault((node.tag, node.label), []).append(node)
        if score >= best_score and score > 0:
            best, best_score = node, score
    parts = bodies.get((best.tag, best.label), []) if best else []
    return _joined(flat, parts) or best


def _widened(flat: Flat, marks: list[bool], node: Node) -> Node:
    """The largest element around the prose that adds to it more text than links, but does not bury it.

    Away from the news, what stands beside the prose is mostly what the page is for: facts, prices, opening hours.
    """
    free = [(block, not mark) for block, mark in zip(flat.blocks, marks, strict=True)]
    linked = Sums(float(block.link_chars) * kept for block, kept in free)
    plain = Sums(float(max(0, len(block.text) - block.link_chars)) * kept for block, kept in free)
    for other in flat.nodes:
        if other.start <= node.start and other.end >= node.end and plain.of(other) <= _MOST_ADDED * plain.of(node):
            more, more_linked = plain.of(other) - plain.of(node), linked.of(other) - linked.of(node)
            if more >= _MIN_ADDED * more_linked:
                return other
    return node


def _joined(flat: Flat, parts: list[Node]) -> Node | None:
    """The smallest element around all parts of one article; None where there is one part, or several articles."""
    if len(parts) < 2:
        return None
    start, end = min(part.start for part in parts), max(part.end for part in parts)
    around = [node for node in flat.nodes if node.start <= start and node.end >= end]
    smallest = min(around, key=lambda node: node.end - node.start, default=None)
    if smallest is None:
        return None
    titles = sum(b.kind == "heading" and b.level == 1 for b in flat.blocks[smallest.start : smallest.end])
    return smallest if titles < 2 else None


def _article(blocks: list[Block], chosen: list[int], title: int | None, keep_title: bool) -> list[int]:
    """The article's own blocks: without its title, captions, repeats, and what else there is to read."""
    start = chosen.index(title) if title in chosen else -1
    before = sum(blocks[i].words for i in chosen[:start] if _is_sentence(blocks[i])) if start > 0 else 0
    kept: list[int] = []
    seen: set[str] = set()
    aside = False
    for n, i in enumerate(chosen):
        block = blocks[i]
        if n < start and before < 40 and not _is_fact(block):
            continue
        short = block.words < 12 and not _is_sentence(block)
        if block.kind == "heading" or (short and block.kind == "text"):
            aside = bool(_MORE.match(block.text)) or (aside and block.kind == "text")
        elif block.kind == "text" and not short:
            aside = False
        linked = block.link_share > 0.6 and block.kind in ("text", "heading")
        repeated = block.kind == "text" and block.words > 25 and block.text in seen
        if n == start:
            if keep_title:
                kept.append(i)
            continue
        if aside or linked or repeated or block.kind in ("caption", "button"):
            continue
        seen.add(block.text)
        kept.append(i)
    while kept and blocks[kept[-1]].kind == "heading":
        kept.pop()
    return kept
