"""What replaying costs: `python -m spadework.evals.bench.replay [--cassettes 500] [--interactions 10] [--kb 20]`.

Cassettes of made pages are written once. Each way of playing them runs in a fresh process and asks for every request
once, in another order than recorded: our transport, our file under vcrpy with a lookup by key, and plain vcrpy with its
own JSON and YAML files. Loading and
playing are timed apart; memory is what the process grew by between the first tenth of the cassettes and the last.
"""

import argparse
import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx

from ..recording.cassettes import Cassette, load_cassette, save_cassette
from ..recording.keyed import played_by_vcrpy
from ..recording.replay import ReplayTransport

WAYS = ("ours, transport", "ours, in vcrpy by key", "plain vcrpy, JSON", "plain vcrpy, YAML")
_WORDS = "the keeper wrote each loan into a book with its day shelf and name of whoever took it away again"


def interactions(cassette: int, count: int, size: int) -> list[dict[str, Any]]:
    """So many pages of so many bytes, no two alike."""
    rng = random.Random(cassette)
    found: list[dict[str, Any]] = []
    for number in range(count):
        text = " ".join(rng.choices(_WORDS.split(), k=size // 5))[:size]
        request: dict[str, Any] = {
            "method": "GET",
            "uri": f"http://web.test/{cassette}/{number}",
            "body": "",
            "headers": {},
        }
        headers = {"content-type": ["text/html; charset=utf-8"]}
        response = {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": {"string": text}}
        found.append({"order": number + 1, "request": request, "response": response})
    return found


def write(folder: Path, cassettes: int, count: int, size: int) -> None:
    """The same interactions in the files of each way."""
    yaml = import_module("yaml")
    for number in range(cassettes):
        made = interactions(number, count, size)
        save_cassette(Cassette({"question": str(number)}, made, [], []), folder / "ours" / f"{number}.json.gz")
        plain = {
            "version": 1,
            "interactions": [{name: item[name] for name in ("request", "response")} for item in made],
        }
        texts = {"json": json.dumps(plain), "yaml": str(yaml.dump(plain, Dumper=yaml.CSafeDumper))}
        for kind, text in texts.items():
            path = folder / kind / f"{number}.{kind}"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cassettes", type=int, default=500)
    parser.add_argument("--interactions", type=int, default=10, help="in each")
    parser.add_argument("--kb", type=int, default=20, help="size of a reply")
    parser.add_argument("--one", nargs=2, metavar=("WAY", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        sys.stdout.write(json.dumps(play(options.one[0], Path(options.one[1]), options.interactions)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, options.cassettes, options.interactions, options.kb * 1000)
        total = options.cassettes * options.interactions
        ours = sum(path.stat().st_size for path in (folder / "ours").iterdir()) / 1e6
        sys.stdout.write(f"{total:,} interactions in {options.cassettes} cassettes, ours {ours:.1f} MB\n")
        sys.stdout.write(f"{'':<24}{'all s':>8}{'load s':>8}{'ms each':>9}{'grew MB':>9}\n")
        for way in WAYS:
            command = [sys.executable, "-m", "spadework.evals.bench.replay", "--one", way, name]
            command += ["--interactions", str(options.interactions)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            each = 1000 * told["play"] / total
            line = f"{way:<24}{told['load'] + told['play']:8.2f}{told['load']:8.2f}{each:9.3f}{told['grew']:9.1f}\n"
            sys.stdout.write(line)
            sys.stdout.flush()


def play(way: str, folder: Path, count: int) -> dict[str, float]:
    """Seconds to load, seconds to ask for everything, megabytes that the process grew by on the way."""
    kind = "ours" if way.startswith("ours") else way.rpartition(" ")[2].lower()
    files = sorted((folder / kind).iterdir(), key=lambda path: int(path.name.partition(".")[0]))
    if way == WAYS[0]:
        return asyncio.run(_by_transport(files, count))
    opened: Callable[[Path], AbstractContextManager[Any]] = played_by_vcrpy if way == WAYS[1] else _plain(kind)
    load = spent = 0.0
    first = 0.0
    with httpx.Client() as client:
        for number, file in enumerate(files):
            started = time.perf_counter()
            with opened(file):
                load += time.perf_counter() - started
                started = time.perf_counter()
                for url in _urls(number, count):
                    assert client.get(url).text
                spent += time.perf_counter() - started
            first = first or (_megabytes() if number >= len(files) // 10 else 0.0)
    return {"load": load, "play": spent, "grew": _megabytes() - first}


async def _by_transport(files: list[Path], count: int) -> dict[str, float]:
    load = spent = first = 0.0
    for number, file in enumerate(files):
        started = time.perf_counter()
        transport = ReplayTransport(load_cassette(file))
        loaded = time.perf_counter()
        async with _Client(transport) as client:
            for url in _urls(number, count):
                assert (await client.get(url)).text
        load, spent = load + loaded - started, spent + time.perf_counter() - loaded
        first = first or (_megabytes() if number >= len(files) // 10 else 0.0)
    return {"load": load, "play": spent, "grew": _megabytes() - first}


class _Client(httpx.AsyncClient):
    """A client that builds no TLS context: nothing is sent."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        super().__init__(transport=transport, trust_env=False, verify=False)


def _urls(cassette: int, count: int) -> Iterator[str]:
    return (f"http://web.test/{cassette}/{number}" for number in reversed(range(count)))


def _plain(kind: str) -> Callable[[Path], AbstractContextManager[Any]]:
    vcr = import_module("vcr").VCR(record_mode="none", serializer=kind)
    return lambda path: vcr.use_cassette(str(path))


def _megabytes() -> float:
    """The most that the process has taken so far: it does not fall, so what it grew by is a bound."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
