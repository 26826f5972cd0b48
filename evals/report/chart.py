"""A chart as SVG: lines with their names at the end, intervals as bars, and the front that nothing beats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10

from ...agent.trace.markup import Html, element, joined

WIDTH, HEIGHT = 460, 320
LEFT, TOP, BOTTOM = 46, 12, 40
LETTER = 7.8
"""The width of a letter of a label, on average."""
LONGEST = 18
APART = 15
TICKS = 5
RADIUS = 4.5
SHAPES = (
    "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0Z",
    "M-4-4h8v8h-8Z",
    "M0-5.5L5 4.5H-5Z",
    "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "M0 5.5L5-4.5H-5Z",
)
COLOURS = 8
"""Of these there are so many; beyond that they come again, with other marks."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point; `label` stands beside it, `told` is shown when it is pointed at."""

    x: float
    y: float
    low: float
    high: float
    label: str
    told: str


@dataclass(frozen=True, slots=True)
class Line:
    """The points of one way, smaller budgets first, by the place of its colour and mark."""

    name: str
    index: int
    points: Sequence[Point]
    is_curve: bool = True
    """Whether the budgets are steps of one scale; else a line between the points would say nothing."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Where amounts and shares are in the picture."""

    most: float
    highest: float
    right: float

    def x(self, amount: float) -> float:
        return round(LEFT + amount / self.most * (self.right - LEFT), 1)

    def y(self, share: float) -> float:
        return round(HEIGHT - BOTTOM - share / self.highest * (HEIGHT - BOTTOM - TOP), 1)


def chart(title: str, x_title: str, lines: Sequence[Line], front: Sequence[tuple[float, float]]) -> Html:
    """The picture of accuracy over an amount; both axes begin at 0. `front` are its points, from the left."""
    points = [point for line in lines for point in line.points]
    room = max((min(len(line.name), LONGEST) for line in lines), default=0) * LETTER + 18
    most = max((point.x for point in points), default=0) or 1
    step = nice_step(most)
    highest = min(1.0, ceil(max((point.high for point in points), default=1) * 5) / 5)
    scale = Scale(step * ceil(most / step), highest, WIDTH - room)
    parts = [
        *_axes(scale, step, x_title),
        _front(scale, front),
        *(_interval(scale, line, point) for line in lines for point in line.points),
        *(_line(scale, line) for line in lines),
        *(_mark(scale, line, point) for line in lines for point in line.points),
        *_names(scale, lines),
    ]
    return element("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=title, class_="chart")


def nice_step(most: float) -> float:
    """A round number that fits a few times into the most.

    >>> nice_step(17.5), nice_step(390_766)
    (5.0, 100000.0)
    """
    least = most / TICKS
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= least)


def amount(value: float) -> str:
    """A number as short as an axis needs it.

    >>> [amount(value) for value in (0, 2.5, 100_000, 1_500_000, 0.005)]
    ['0', '2.5', '100k', '1.5M', '0.005']
    """
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def colour(index: int) -> str:
    """The class that has the colour of a way."""
    return f"s{index % COLOURS}"


def _axes(scale: Scale, step: float, x_title: str) -> Iterable[Html]:
    bottom = scale.y(0)
    for fifth in range(round(scale.highest / 0.2) + 1):
        y = scale.y(fifth * 0.2)
        yield element("line", x1=LEFT, x2=scale.right, y1=y, y2=y, class_="axis" if fifth == 0 else "grid")
        yield element("text", f"{fifth * 0.2:.0%}", x=LEFT - 6, y=y + 4, text_anchor="end", class_="tick")
    for number in range(round(scale.most / step) + 1):
        x = scale.x(number * step)
        yield element("text", amount(round(number * step, 9)), x=x, y=bottom + 17, text_anchor="middle", class_="tick")
    middle = (LEFT + scale.right) / 2
    yield element("text", x_title, x=middle, y=HEIGHT - 4, text_anchor="middle", class_="axis-title")


def _front(scale: Scale, front: Sequence[tuple[float, float]]) -> Html:
    """What a given amount buys at best: a stair, as between two points there is nothing but the left one."""
    if not front:
        return Html("")
    corners = [f"M{scale.x(front[0][0])} {scale.y(front[0][1])}"]
    for _, (x, y) in pairwise(front):
        corners.append(f"H{scale.x(x)}V{scale.y(y)}")
    stair = element("path", d="".join(corners) + f"H{scale.right}", class_="front")
    rings = [element("circle", cx=scale.x(x), cy=scale.y(y), r=RADIUS + 4, class_="ring") for x, y in front]
    return joined(stair, *rings)


def _line(scale: Scale, line: Line) -> Html:
    if len(line.points) < 2 or not line.is_curve:
        return Html("")
    path = " ".join(f"{scale.x(point.x)},{scale.y(point.y)}" for point in line.points)
    return element("polyline", points=path, class_=f"line {colour(line.index)}")


def _interval(scale: Scale, line: Line, point: Point) -> Html:
    """The bar, and the label, which is below all lines and marks."""
    x = scale.x(point.x)
    bar = element("line", x1=x, x2=x, y1=scale.y(point.low), y2=scale.y(point.high), class_="interval")
    y = scale.y(point.y)
    beside = y - 7 if y > TOP + 7 else y + 16  # there is no room above the highest line
    label = element("text", point.label, x=x - 6, y=beside, text_anchor="end", class_="point")
    return element("g", bar, label, class_=colour(line.index))


def _mark(scale: Scale, line: Line, point: Point) -> Html:
    mark = symbol(line.index, scale.x(point.x), scale.y(point.y))
    return element("g", element("title", point.told), mark, class_=colour(line.index))


def symbol(index: int, x: float, y: float) -> Html:
    """The mark of a way: its shape tells it apart without its colour."""
    return element("path", d=SHAPES[index % len(SHAPES)], transform=f"translate({x} {y})", class_="mark")


def _names(scale: Scale, lines: Sequence[Line]) -> Iterable[Html]:
    """Each name at the end of its line, moved up or down where two would stand in one place."""
    ends = [(scale.y(line.points[-1].y), scale.x(line.points[-1].x), line) for line in lines if line.points]
    ends.sort(key=lambda end: end[0])
    places = _apart([y for y, _, _ in ends], scale.y(scale.highest) + 4, scale.y(0))
    for (y, x, line), place in zip(ends, places, strict=True):
        edge = scale.right + 10
        if edge - x > 2 * RADIUS + 6 or abs(place - y) > APART / 3:
            path = f"M{x + RADIUS + 2} {y}L{edge - 3} {place}"
            yield element("path", d=path, class_=f"leader {colour(line.index)}")
        name = line.name if len(line.name) <= LONGEST else f"{line.name[: LONGEST - 1]}…"
        yield element("text", name, x=edge, y=place + 4, class_=f"name {colour(line.index)}")


def _apart(heights: Sequence[float], top: float, bottom: float) -> list[float]:
    """The heights, in their order, so far apart that names can be read, and inside where they fit."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, top, placed[-1] + APART) if placed else max(height, top))
    below = bottom
    for at in range(len(placed) - 1, -1, -1):
        placed[at] = max(min(placed[at], below), top)
        below = placed[at] - APART
    return [round(height, 1) for height in placed]
