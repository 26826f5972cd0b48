"""A real browser for the integration tests: Chromium without a window, spoken to over a pipe (DevTools protocol)."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

PROGRAMS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome-headless-shell")
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
)


class Tab:
    """One page. `problems` are errors of its scripts and its policy, `requests` all that it asked for."""

    def __init__(self, asked: int, told: int) -> None:
        self._asked = os.fdopen(asked, "wb", buffering=0)
        self._told = os.fdopen(told, "rb")
        self._number = 0
        self._session = ""
        self._loaded = False
        self.problems: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """One command, and its result."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._asked.write(json.dumps(message).encode() + b"\0")
        while True:
            reply = self._read()
            if reply.get("id") == self._number:
                assert "error" not in reply, reply
                return reply["result"]

    def open(self, file: Path, width: int, *, dark: bool = False) -> None:
        """Show a file in a window of this width; a narrow one is a telephone."""
        height, phone = (844, True) if width < 600 else (900, False)
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded = False
        self.send("Page.navigate", url=file.absolute().as_uri())
        while not self._loaded:
            self._read()

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def picture(self, file: Path, *, whole: bool = False) -> None:
        """Save what is to be seen, or the whole page."""
        taken = self.send("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(taken["data"]))

    def close(self) -> None:
        with suppress(OSError):
            self._asked.close()
        self._told.close()

    def _read(self) -> dict[str, Any]:
        data = bytearray()
        while (byte := self._told.read(1)) != b"\0":
            assert byte, "the browser has ended"
            data += byte
        message: dict[str, Any] = json.loads(data)
        self._note(message.get("method", ""), message.get("params", {}))
        return message

    def _note(self, method: str, params: dict[str, Any]) -> None:
        self._loaded = self._loaded or method == "Page.loadEventFired"
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"].get("exception", params)))
        elif method == "Runtime.consoleAPICalled":
            self.problems.append(str(params["args"]))
        elif method == "Log.entryAdded":
            self.problems.append(params["entry"]["text"])


@contextmanager
def browsing() -> Generator[Tab]:
    """A page of a browser of our own, with a profile that is thrown away."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is not installed")
    profile = tempfile.mkdtemp(prefix="spadework-browser-")
    browser_in, asked = os.pipe()
    told, browser_out = os.pipe()
    pipes = f'exec "$0" "$@" 3<&{browser_in} 4>&{browser_out}'
    command = ["bash", "-c", pipes, program, *OPTIONS, f"--user-data-dir={profile}"]
    browser = subprocess.Popen(command, pass_fds=(browser_in, browser_out), stderr=subprocess.DEVNULL)
    os.close(browser_in)
    os.close(browser_out)
    try:
        tab = Tab(asked, told)
        try:
            yield tab
        finally:
            tab.close()
    finally:
        browser.terminate()
        browser.wait(timeout=20)
        shutil.rmtree(profile, ignore_errors=True)
