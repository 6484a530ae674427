"""Stand-ins for the servers that people name, each at its own address and in its own manner.

A proxy on loopback plays all of them: what a program sends to ``https://openrouter.ai`` or to
``http://localhost:8000`` through it is answered here, with a certificate made for the occasion. So
a command is run as it is written, with the vendor's address and the variable of the vendor's key.
"""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.scenes import completion, sample

Body = dict[str, Any]
Refusal = tuple[int, object]


@dataclass
class StandIn:
    """One server: ``refuse`` what it does not take of a request, and ``frame`` what it answers.

    ``key`` is the only one that it lets in, empty: it asks for none. ``sizes`` stand in its row of
    ``model``; ``rows`` puts the rows into its list. ``pages`` are what it has beside its API.
    """

    base_url: str
    model: str
    key: str = ""
    sizes: Mapping[str, object] = field(default_factory=dict)
    rows: Callable[[Sequence[object]], object] = lambda rows: {"object": "list", "data": rows}
    pages: Mapping[str, object] = field(default_factory=dict)
    refuse: Callable[[Body], Refusal | None] = lambda _: None
    frame: Callable[[Body], bytes] = lambda reply: json.dumps(reply).encode()
    no_key: Refusal = (401, {"error": {"message": "Invalid API key", "code": "invalid_api_key"}})
    calls: list[Body] = field(default_factory=list)
    refused: list[object] = field(default_factory=list)

    def get(self, path: str, key: str) -> Refusal:
        """A page, or the list of models."""
        if path in self.pages:
            return 200, self.pages[path]
        if path != urlsplit(self.base_url).path + "/models":
            return 404, {"detail": "Not Found"}
        if key != self.key and self.key:
            return self.no_key
        return 200, self.rows([{"id": self.model, "object": "model", **self.sizes}])

    def post(self, path: str, body: Body, key: str) -> tuple[int, object]:
        """The answer to a chat; to anything else that it is not there."""
        if path in self.pages:
            return 200, self.pages[path]
        if path != urlsplit(self.base_url).path + "/chat/completions":
            return 404, {"detail": "Not Found"}
        refusal = self.no_key if key != self.key and self.key else self._refusal(body)
        if refusal is not None:
            self.refused.append(refusal)
            return refusal
        self.calls.append(body)
        return 200, self.frame(completion(sample(len(self.calls))))

    def _refusal(self, body: Body) -> Refusal | None:
        if body.get("model") != self.model:
            return 404, {"error": {"message": f"model {body.get('model')} not found"}}
        return self.refuse(body)


# --- each in its manner --------------------------------------------------------------------------


def _form(body: Body) -> str:
    return str((body.get("response_format") or {"type": "text"})["type"])


def _said(message: str, **more: object) -> object:
    return {"error": {"message": message, **more}}


def _lm_studio(body: Body) -> Refusal | None:
    if _form(body) == "json_object":
        return 400, {"error": "'response_format.type' must be 'json_schema' or 'text'"}
    return None


def _deepseek(body: Body) -> Refusal | None:
    if _form(body) == "json_schema":
        return 400, _said("This response_format type is unavailable now")
    if _form(body) == "json_object" and "json" not in json.dumps(body["messages"]).lower():
        return 400, _said("Prompt must contain the word 'json' in some form")
    return None


def _mistral(body: Body) -> Refusal | None:
    extra = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted"}
    strange = [name for name in ("seed", "max_completion_tokens") if name in body]
    found = [{**extra, "loc": ["body", name]} for name in strange]
    return (422, {"detail": found}) if found else None


def _gemini(body: Body) -> Refusal | None:
    if "seed" not in body:
        return None
    said = 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'
    return 400, [_said(said, code=400, status="INVALID_ARGUMENT")]


def _reasoner(body: Body) -> Refusal | None:
    """OpenAI's newer models, at Azure too: another cap, and the temperature is theirs."""
    code: dict[str, object] = {"type": "invalid_request_error", "code": "unsupported_parameter"}
    if "max_tokens" in body:
        said = "Unsupported parameter: 'max_tokens' is not supported with this model."
        return 400, _said(said, param="max_tokens", **code)
    if body.get("temperature", 1) != 1:
        said = "Unsupported value: 'temperature' does not support 0.7 with this model."
        return 400, _said(said, param="temperature", **code)
    return None


def _nvidia(body: Body) -> Refusal | None:
    if "reasoning_effort" in body:
        return 400, {"message": "Validation: Unsupported parameter(s): `reasoning_effort`"}
    return None


def _schema(body: Body) -> Refusal | None:
    """A schema is compiled before anything is written."""
    given = (body.get("response_format") or {}).get("json_schema", {})
    if _form(body) == "json_schema" and given.get("schema", {}).get("type") != "object":
        return 400, _said("Failed to compile json grammar", type="BadRequestError", code=400)
    return None


def _with(**message: object) -> Callable[[Body], bytes]:
    """A reply whose message has more in it."""

    def frame(reply: Body) -> bytes:
        reply["choices"][0]["message"] |= message
        return json.dumps(reply).encode()

    return frame


def _parts(reply: Body) -> bytes:
    message = reply["choices"][0]["message"]
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "So."}]}
    message["content"] = [thought, {"type": "text", "text": message["content"]}]
    return json.dumps(reply).encode()


def _before(text: str) -> Callable[[Body], bytes]:
    return lambda reply: text.encode() + json.dumps(reply).encode()


Manner = dict[str, Any]
MANNERS: Mapping[str, Manner] = {
    "vllm": {"sizes": {"max_model_len": 32_768}, "refuse": _schema,
             "frame": _with(reasoning_content=None, tool_calls=[])},
    "llama-cpp": {"sizes": {"meta": {"n_ctx": 16_384}}, "refuse": _schema,
                  "frame": _with(reasoning_content="So.")},
    "ollama": {
        "pages": {"/api/tags": {"models": []}, "/api/ps": {"models": []},
                  "/api/show": {"model_info": {"qwen3.context_length": 40_960}}},
        "frame": _with(reasoning="So."),
    },
    "lm-studio": {"pages": {"/api/v0/models": {"data": []}}, "refuse": _lm_studio},
    "sglang": {"sizes": {"max_model_len": 32_768}, "refuse": _schema,
               "frame": _with(reasoning_content=None)},
    "litellm": {"no_key": (401, _said("Authentication Error, Invalid proxy server token passed",
                                      type="token_not_found_in_db", param="key", code="401"))},
    "openrouter": {
        "sizes": {"context_length": 40_960, "top_provider": {"max_completion_tokens": 8192}},
        "frame": _before(": OPENROUTER PROCESSING\n\n" * 3),
    },
    "together": {"sizes": {"context_length": 40_960}, "rows": list},
    "fireworks": {"sizes": {"context_length": 40_960, "supports_chat": True}},
    "deepseek": {"refuse": _deepseek, "frame": _before("\n\n\n")},
    "mistral": {"sizes": {"max_context_length": 131_072}, "refuse": _mistral, "frame": _parts,
                "no_key": (401, {"message": "Unauthorized", "request_id": "0"})},
    "nvidia": {"refuse": _nvidia, "frame": _with(reasoning_content="So.")},
    "azure": {"refuse": _reasoner, "no_key": (401, _said("Access denied", code="401"))},
    "gemini": {"refuse": _gemini, "rows": lambda rows: {"data": [
        {**row, "id": f"models/{row['id']}"} for row in rows]}},
    "openai": {"refuse": _reasoner},
}  # fmt: skip
"""How each kind of server lists its models, what it refuses, and what its replies look like."""


# --- all behind one proxy ------------------------------------------------------------------------


class _Proxy(BaseHTTPRequestHandler):
    """Answers in place of whatever host it is asked for."""

    protocol_version = "HTTP/1.1"
    tls: ssl.SSLContext
    servers: Mapping[str, StandIn]
    tunnel = ""

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def do_CONNECT(self) -> None:
        self.tunnel = f"https://{self.path.removesuffix(':443')}"
        self.send_response(200)
        self.end_headers()
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # the one inside the tunnel; the server knows that around it

    def do_GET(self) -> None:
        server, path, key = self._asked()
        self._send(*(server.get(path, key) if server else _NOBODY))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        server, path, key = self._asked()
        self._send(*(server.post(path, body, key) if server else _NOBODY))

    def _asked(self) -> tuple[StandIn | None, str, str]:
        url = urlsplit(self.tunnel + self.path)
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        return self.servers.get(f"{url.scheme}://{url.netloc}"), url.path, key

    def _send(self, status: int, body: object) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


_NOBODY = (502, {"error": {"message": "nobody is played at this address"}})


def certificate(file: Path, hosts: Sequence[str]) -> None:
    """Write a certificate for the hosts, signed by itself, and its key into one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    names = ",".join(f"DNS:{host}" for host in hosts)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    subject = ("-subj", "/CN=stand-ins", "-addext", f"subjectAltName={names}")
    made = [openssl, "req", "-x509", *key, *subject, "-days", "2", "-keyout", str(file)]
    written = subprocess.run(made, check=True, capture_output=True).stdout
    file.write_bytes(file.read_bytes() + written)


@contextmanager
def played(folder: Path, servers: Sequence[StandIn]) -> Iterator[dict[str, str]]:
    """The variables with which a program meets these servers and nobody else."""
    file = folder / "stand-ins.pem"
    urls = [urlsplit(server.base_url) for server in servers]
    certificate(file, [str(url.hostname) for url in urls])
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(file)
    by_origin = dict(zip((f"{url.scheme}://{url.netloc}" for url in urls), servers, strict=True))
    handler = type("Proxy", (_Proxy,), {"tls": tls, "servers": by_origin})
    proxy = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    proxy.daemon_threads = False  # so that closing waits for them: their clients have ended
    threading.Thread(target=proxy.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    try:
        yield {
            "HTTPS_PROXY": address, "HTTP_PROXY": address, "NO_PROXY": "",
            "SSL_CERT_FILE": str(file),
        }  # fmt: skip
    finally:
        proxy.shutdown()
        proxy.server_close()
