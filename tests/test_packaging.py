"""The four folders and the one import name: what is installed, what is not, and how own code is imported."""

import ast
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("agent", "tools", "prompts", "evals")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_folder_of_python_code_is_in_the_package_list() -> None:
    packages: list[str] = PYPROJECT["tool"]["setuptools"]["packages"]
    on_disk = {path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("*/**/__init__.py")}
    on_disk = {folder for folder in on_disk if not folder.startswith(("build", ".", "tests"))}
    assert {name.removeprefix("spadework.").replace(".", "/") for name in packages} == on_disk
    for folder in PYPROJECT["tool"]["setuptools"]["package-dir"].values():
        assert (ROOT / folder / "py.typed").exists(), f"{folder} has no py.typed"


@pytest.mark.parametrize("path", sorted(p for f in FOLDERS for p in (ROOT / f).rglob("*.py")), ids=lambda p: p.name)
def test_own_code_is_imported_relatively(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        for name in names:
            assert name.split(".")[0] not in (*FOLDERS, "spadework"), f"{path.name} imports {name}"


def test_lower_folders_do_not_import_higher_ones() -> None:
    higher = {"tools": ("agent", "evals"), "prompts": ("agent", "evals"), "agent": ("evals",), "evals": ()}
    for folder, banned in higher.items():
        for path in (ROOT / folder).rglob("*.py"):
            out = len(path.relative_to(ROOT).parts)
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ImportFrom) and node.level == out:
                    first = (node.module or "").split(".")[0]
                    assert first not in banned, f"{folder}/{path.name} imports {first}"


@pytest.mark.parametrize(
    ("whole", "order"),
    [
        ("agent", ("llm", "proof", "money", "storage", "nodes", "trace", "terminal")),
        ("evals", ("statistics", "world", "simulated", "suites", "recording", "frozen", "runs", "report", "bench")),
    ],
)
def test_the_folders_below_have_an_order_too(whole: str, order: tuple[str, ...]) -> None:
    """From what knows nothing of the others to what knows them all; the modules beside them may know any."""
    for place, folder in enumerate(order):
        for path in (ROOT / whole / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and node.level == 2:
                    first = (node.module or "").split(".")[0]
                    assert first not in order[place + 1 :], f"{folder}/{path.name} imports {node.module}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_importing_a_folder_by_its_bare_name_says_what_to_import(folder: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"import {folder}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert f"spadework.{folder}" in done.stderr.splitlines()[-1]


def test_importing_the_agent_is_quiet_and_light() -> None:
    heavy = ("langgraph", "httpx", "rich", "pydantic", "bs4")
    code = f"import sys, spadework.agent; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert done.stderr == ""


def test_the_public_names_are_those_that_are_promised() -> None:
    import spadework.agent as agent

    classes = ["Budget", "Purse", "Result", "SpadeworkError"]
    functions = ["aresume_agent", "arun_agent", "resume_agent", "run_agent", "stream_agent"]
    assert sorted(agent.__all__) == [*classes, *functions]
    assert all(getattr(agent, name) is not None for name in agent.__all__)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist, built in a copy of what git would hand out, without reaching for the network."""
    pytest.importorskip("build")
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return out


@pytest.mark.integration
def test_the_wheel_holds_the_package_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names}
    assert all(top == "spadework" or top.endswith(".dist-info") for top in tops), tops
    for folder in FOLDERS:
        for path in (ROOT / folder).iterdir():
            if path.is_file():
                assert f"spadework/{folder}/{path.name}" in names
    for path in (ROOT / "cassettes").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert f"spadework/{path.relative_to(ROOT).as_posix()}" in names


@pytest.mark.integration
def test_the_sdist_can_be_installed_from(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = {name.split("/", 1)[-1] for name in sdist.getnames()}
    assert {
        "pyproject.toml",
        "README.md",
        "LICENSE",
        "agent/run.py",
        "prompts/searcher.md",
        "prompts/tools.json",
    } <= names
