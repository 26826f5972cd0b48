"""What a step costs, ours beside two peers in one run: `python -m spadework.evals.bench.step`.

The model is a fake server in a process of its own that answers at once, the tools are functions that return 4 KB, and
each contender runs each length in a process of its own: CPU time of that process a tool call (median of the runs,
everything that a run needs included), its peak memory, runs a second with many at once, and the checkpoints' size.
"""

import argparse
import asyncio
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

LENGTHS = (10, 50, 200)
NAMES = ("spadework", "LangGraph loop", "create_agent")
AT_ONCE_CALLS = 10
AT_ONCE_LATENCY = 0.05
LEAST_CALLS = 200
"""Tool calls that a measurement comes to at least, over its runs."""
LEAST_RUNS = 3
SETTINGS = ("SPADEWORK_", "OPENAI_", "LANGSMITH_", "LANGCHAIN_")


@contextmanager
def model_server(latency: float = 0.0) -> Generator[str, None, None]:
    """The fake model in a process of its own; gives its base URL."""
    command = [sys.executable, "-m", f"{__package__}.server", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_environment()) as process:
        try:
            port = process.stdout.readline().strip() if process.stdout else ""
            if not port:
                raise RuntimeError("the fake model did not start")
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def measure(
    contender: str, base_url: str, calls: int, *, runs: int = 0, at_once: int = 0, saver: str = ""
) -> dict[str, Any]:
    """Measure one contender in a fresh process, over `runs` runs (0: as many as a median needs), or many `at_once`.

    Raises RuntimeError with what it said when it fails.
    """
    task = {"contender": contender, "base_url": base_url, "calls": calls}
    task |= {"runs": runs or max(LEAST_RUNS, LEAST_CALLS // calls), "at_once": at_once, "saver": saver}
    command = [sys.executable, "-m", f"{__package__}.step", "--child", json.dumps(task)]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        raise RuntimeError(f"{contender} with {calls} calls failed:\n{done.stderr[-2_000:]}")
    return json.loads(done.stdout.splitlines()[-1])


async def child(task: dict[str, Any]) -> dict[str, Any]:
    """One measurement, within the process that is measured."""
    from .peers import CONTENDERS, missing

    lacking = missing(task["contender"])
    if lacking:
        return {"missing": lacking}
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            make = CONTENDERS[task["contender"]]
            run = await make(task["base_url"], Path(folder), stack, task["saver"])
            if task["at_once"]:
                return await _many(run, task["calls"], task["at_once"])
            if not task["saver"]:
                await checked(run, 3)
            return await _one_by_one(run, task["calls"], task["runs"])


async def _one_by_one(run: Any, calls: int, runs: int) -> dict[str, Any]:
    costs: list[float] = []
    for _ in range(runs):
        gc.collect()
        before = time.process_time()
        await checked(run, calls)
        costs.append((time.process_time() - before) * 1000 / calls)
    return {"ms": statistics.median(costs), "mb": peak_mb()}


async def _many(run: Any, calls: int, at_once: int) -> dict[str, Any]:
    await asyncio.gather(*(checked(run, 3) for _ in range(5)))
    gc.collect()
    started, before = time.perf_counter(), time.process_time()
    await asyncio.gather(*(checked(run, calls) for _ in range(at_once)))
    seconds, cpu = time.perf_counter() - started, time.process_time() - before
    return {"runs_per_second": at_once / seconds, "ms": cpu * 1000 / (at_once * calls), "mb": peak_mb()}


async def checked(run: Any, calls: int) -> None:
    """A run that made fewer calls than the script has would look fast: it counts for nothing."""
    made = await run(calls)
    if made != calls:
        raise RuntimeError(f"the run made {made} tool calls instead of {calls}")


def peak_mb() -> float:
    """Peak resident memory of this process, in MB. Linux passes a parent's peak on in ru_maxrss, not in VmHWM."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def stored_mb(path: Path) -> float:
    """Size of a SQLite database with its side files, in MB."""
    return sum(part.stat().st_size for part in path.parent.glob(path.name + "*")) / 1_000_000


def report(lengths: Sequence[int], runs: int, names: Sequence[str], saved: Sequence[str]) -> Generator[str, None, None]:
    """The lines of the report, each as soon as it is measured. `saved` are to show the size of their checkpoints."""
    yield f"{'one run at a time':20}{'calls':>7}{'CPU ms/call':>13}{'x ours':>8}{'peak MB':>9}"
    ours: dict[int, float] = {}
    with model_server() as base_url:
        for name in names:
            for calls in lengths:
                found = measure(name, base_url, calls)
                if "missing" in found:
                    yield f"{name:20}{'needs ' + found['missing']:>20}"
                    break
                ours.setdefault(calls, found["ms"])
                ratio = found["ms"] / ours[calls]
                yield f"{name:20}{calls:7}{found['ms']:13.2f}{ratio:8.1f}{found['mb']:9.0f}"
    if runs:
        yield f"\n{runs} runs at once, {AT_ONCE_CALLS} calls each, {AT_ONCE_LATENCY * 1000:.0f} ms a model call"
        with model_server(AT_ONCE_LATENCY) as base_url:
            for name in names:
                found = measure(name, base_url, AT_ONCE_CALLS, at_once=runs)
                if "missing" not in found:
                    speed, ms, mb = found["runs_per_second"], found["ms"], found["mb"]
                    yield f"{name:20}{speed:7.1f} runs/s{ms:8.2f} ms/call{mb:9.0f} MB"
    if saved:
        yield f"\ncheckpoints of one run of {max(lengths)} calls, SQLite, durability sync"
        for name in saved:
            yield _saved_line(name, max(lengths))


def _saved_line(name: str, calls: int) -> str:
    with tempfile.TemporaryDirectory() as folder, model_server() as base_url:
        path = Path(folder) / "checkpoints.sqlite"
        found = measure(name, base_url, calls, runs=1, saver=str(path))
        if "missing" in found:
            return f"{name:20}needs {found['missing']}"
        return f"{name:20}{stored_mb(path):7.1f} MB{found['ms']:10.2f} ms/call"


def _environment() -> dict[str, str]:
    """The environment without anybody's keys, servers and tracing."""
    return {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit code."""
    parser = argparse.ArgumentParser(prog="step", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", default=",".join(map(str, LENGTHS)), help="tool calls of a run, several lengths")
    parser.add_argument("--runs", type=int, default=100, help="how many runs at once (default 100, 0 for none)")
    parser.add_argument("--only", choices=NAMES, action="append", help="measure this contender alone")
    parser.add_argument("--saved", choices=("none", "ours", "both"), default="ours", help="whose checkpoints to weigh")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        sys.stdout.write(json.dumps(asyncio.run(child(json.loads(options.child)))) + "\n")
        return 0
    saved = {"none": (), "ours": NAMES[:1], "both": (NAMES[0], NAMES[2])}[options.saved]
    lengths = [int(part) for part in options.calls.split(",")]
    for line in report(lengths, options.runs, options.only or NAMES, saved):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
