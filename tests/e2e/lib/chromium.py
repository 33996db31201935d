"""A headless Chromium, spoken to by the DevTools protocol, in the network of a container."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from .container import eventually
from .netns import socket_in
from .websocket import WebSocket

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-default-browser-check",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
         "--remote-debugging-port=0", "--remote-allow-origins=*", "about:blank"]


def find():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    def __init__(self, container):
        self._container = container
        self._folder = tempfile.TemporaryDirectory(prefix="bootsman-chromium-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            ["nsenter", f"--target={container.init}", "--net", "--", find(), f"--user-data-dir={self._folder.name}", *FLAGS],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        file = Path(self._folder.name, "DevToolsActivePort")
        lines = eventually(lambda: file.exists() and len(file.read_text().split()) == 2 and file.read_text().split(),
                           60, "Chromium starts")
        self._port, self._number, self.console = int(lines[0]), 0, []
        self._socket = self._connect(lines[1])
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")
        # A page behind another is not drawn, and takes no keys.
        self.ask("Page.bringToFront")
        self.ask("Emulation.setFocusEmulationEnabled", enabled=True)

    def _connect(self, path):
        raw = socket_in(self._container.init)
        raw.settimeout(60)
        raw.connect(("127.0.0.1", self._port))
        return WebSocket(raw, path, host=f"127.0.0.1:{self._port}")

    def ask(self, method, **parameters):
        self._number += 1
        asked = {"id": self._number, "method": method, "params": parameters}
        if hasattr(self, "_session"):
            asked["sessionId"] = self._session
        self._socket.send(json.dumps(asked))
        while True:
            said = json.loads(self._socket.receive()[1])
            if said.get("id") == self._number:
                assert "error" not in said, said
                return said["result"]
            if said.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.console.append(said["params"])

    def evaluate(self, expression):
        result = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def open(self, path, width, language="en", dark=False):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500)
        self.ask("Emulation.setEmulatedMedia",
                 features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.ask("Network.enable")
        self.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        self.ask("Page.navigate", url=f"http://127.0.0.1:8080{path}")
        eventually(lambda: self.evaluate("document.readyState") == "complete" and
                   self.evaluate("location.href").endswith(path), 30, f"Chromium loads {path}")

    def go(self, url):
        self.ask("Page.navigate", url=url)

    def value(self, expression):
        """Nothing while the page is loading."""
        try:
            return self.evaluate(expression)
        except AssertionError:
            return None

    def look_for(self, expression, timeout, what):
        """The first true value of the expression in the page."""
        return eventually(lambda: self.value(expression), timeout, what)

    def click(self, selector, timeout=60):
        """A click of the mouse in the middle of what the selector finds, once it stands still."""
        here = (f"(e => {{ if (!e) return null; e.scrollIntoView({{block: 'nearest'}}); const r = e.getBoundingClientRect();"
                f" return r.width && r.height ? [r.x + r.width / 2, r.y + r.height / 2] : null }})"
                f"(document.querySelector({json.dumps(selector)}))")
        last = []

        def still():
            last.append(self.look_for(here, timeout, f"{selector} is shown"))
            return last[-1] if last[-2:-1] == last[-1:] else None
        x, y = eventually(still, timeout, f"{selector} stands still")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                     **({} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}))

    def type(self, text):
        self.ask("Input.insertText", text=text)

    def press(self, key, number, shift=False):
        """A key by its name (of KeyboardEvent.key, as of .code) and number."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=number,
                     nativeVirtualKeyCode=number, modifiers=8 if shift else 0)

    def screenshot(self):
        """The page as PNG, in base64."""
        return self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]

    def close(self):
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
