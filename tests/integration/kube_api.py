"""Kubernetes as far as Spark asks it: an API that keeps pods, and a kubelet to which a pod is a process."""

import json
import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.contracts.settings import ROOT

ADDRESS = "127.0.0.1"
END_SECONDS = 20.0


class Kubelet:
    """Runs the first container of each pod, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, pod: dict[str, Any]) -> None:
        name, container = pod["metadata"]["name"], pod["spec"]["containers"][0]
        folder = self._folder / name
        folder.mkdir(parents=True)
        told = {e["name"]: _value(e, name) for e in container["env"]}
        python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FRAMEWISE_", "SPARK_"))}
        image = {"PATH": python, "FRAMEWISE_DATA_DIR": str(folder)}
        with (folder / "log").open("wb") as log:
            self._running[name] = subprocess.Popen(
                [word.replace("/app/", f"{ROOT}/") for word in (*container["command"], *container["args"])],
                cwd=folder,
                env=kept | image | told,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def phase(self, name: str) -> str:
        if name not in self._running:
            return "Running"
        status = self._running[name].poll()
        return "Running" if status is None else "Succeeded" if status == 0 else "Failed"

    def end(self, name: str) -> None:
        if (process := self._running.pop(name, None)) is not None:
            process.terminate()
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def logs(self) -> str:
        return "\n".join(file.read_text(errors="replace")[-4000:] for file in self._folder.glob("*/log"))

    def stop(self) -> None:
        for name in list(self._running):
            self.end(name)


def _value(variable: dict[str, Any], pod: str) -> str:
    path = variable.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
    return {"status.podIP": ADDRESS, "metadata.name": pod}[path] if path else str(variable.get("value", ""))


class KubeApi:
    """The API's answers. `asked` are the pods that Spark has made, as it made them; the driver's is there before."""

    def __init__(self, kubelet: Kubelet, driver: str) -> None:
        self._kubelet, self._lock = kubelet, threading.Lock()
        self._pods: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        self._keep({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": driver}, "spec": {"containers": []}})

    def post(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            if kind == "pods":
                self.asked.append(json.loads(json.dumps(body)))
                self._keep(body)
                self._kubelet.start(body)
            return body

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        with self._lock:
            if name:
                return self._shown(self._pods[name]) if name in self._pods else None
            executors = [p for p in self._pods.values() if p["metadata"].get("labels")] if kind == "pods" else []
            items = [self._shown(pod) for pod in executors]
        return {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": "1"}, "items": items}

    def delete(self, kind: str, name: str) -> dict[str, Any]:
        with self._lock:
            for gone in [name] if name else [n for n, p in self._pods.items() if p["metadata"].get("labels")]:
                if kind == "pods" and gone in self._pods:
                    del self._pods[gone]
                    self._kubelet.end(gone)
        return {"apiVersion": "v1", "kind": "Status", "status": "Success"}

    def _keep(self, pod: dict[str, Any]) -> None:
        pod["metadata"] |= {"uid": str(uuid.uuid4()), "resourceVersion": "1", "namespace": "framewise"}
        pod["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        self._pods[pod["metadata"]["name"]] = pod

    def _shown(self, pod: dict[str, Any]) -> dict[str, Any]:
        phase = self._kubelet.phase(pod["metadata"]["name"])
        state: dict[str, Any] = {"running": {}} if phase == "Running" else {"terminated": {"exitCode": 1}}
        containers = [{"name": c["name"], "state": state, "ready": True} for c in pod["spec"]["containers"]]
        return pod | {"status": {"phase": phase, "podIP": ADDRESS, "containerStatuses": containers}}


def _handler(api: KubeApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _place(self) -> tuple[str, str]:
            kind, _, name = urlsplit(self.path).path.partition("/namespaces/framewise/")[2].partition("/")
            return kind, name

        def _answer(self, body: dict[str, Any] | None, status: int = 200) -> None:
            sent = json.dumps(body or {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}).encode()
            self.send_response(status if body else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def do_GET(self) -> None:
            self._answer(api.get(*self._place()))

        def do_POST(self) -> None:
            self._answer(api.post(self._place()[0], json.loads(self._body())), 201)

        def do_PATCH(self) -> None:
            self._body()
            self._answer(api.get(*self._place()))

        def do_DELETE(self) -> None:
            self._body()
            self._answer(api.delete(*self._place()))

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@contextmanager
def kubernetes(folder: Path, driver: str) -> Iterator[tuple[str, KubeApi, Kubelet]]:
    """Its address, what it was asked, and what runs; all of that ends with it."""
    kubelet = Kubelet(folder)
    api = KubeApi(kubelet, driver)
    server = ThreadingHTTPServer((ADDRESS, 0), _handler(api))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{ADDRESS}:{server.server_address[1]}", api, kubelet
    finally:
        kubelet.stop()
        server.shutdown()
        server.server_close()
        thread.join(END_SECONDS)
