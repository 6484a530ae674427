"""A Hugging Face Hub on loopback, as far as its client library and ``load_dataset`` ask of it.

Repositories with commits, LFS contents and who may see them; every request is written down. A
request can be held at a gate, or answered with an error.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.gated import GatedServer

TOKEN = "hf_" + "aBcD1234" * 4
ANOTHERS = "hf_" + "zYxW9876" * 4
EMPTY = {".gitattributes": b"*.parquet filter=lfs\n"}


@dataclass
class Repository:
    """A dataset repository: its commits, the newest last, each all files by path."""

    private: bool
    commits: list[dict[str, bytes]] = field(default_factory=lambda: [dict(EMPTY)])
    messages: list[str] = field(default_factory=lambda: ["initial commit"])

    @property
    def files(self) -> dict[str, bytes]:
        """What is there now."""
        return self.commits[-1]

    def sha(self, at: int = -1) -> str:
        """The name of a commit."""
        index = range(len(self.commits))[at]
        return sha1(f"{index}{self.messages[index]}".encode(), usedforsecurity=False).hexdigest()

    def at(self, revision: str) -> dict[str, bytes]:
        """The files of a branch or a commit."""
        found = [n for n in range(len(self.commits)) if self.sha(n) == revision]
        return self.commits[found[0]] if found else self.files

    def commit(self, files: dict[str, bytes], message: str = "by hand") -> None:
        """Another commit, of all files."""
        self.commits.append(files)
        self.messages.append(message)


class FakeHub(GatedServer):
    """The server. ``refuse`` has the status for requests (``POST /api/...``) by pattern.

    ``garbled`` has what they get under 200 in place of an answer.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.contents: dict[str, bytes] = {}
        self.uploaded: list[str] = []
        self.refuse: dict[str, int] = {}
        self.garbled: dict[str, bytes] = {}
        self.before_commit: list[Any] = []
        handler = type("_HandlerOfThis", (_Handler,), {"hub": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        self._port = server.server_address[1]
        super().__init__(server)

    @property
    def url(self) -> str:
        """What ``HF_ENDPOINT`` is set to."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a command that pushes here."""
        return {"HF_ENDPOINT": self.url, "HF_TOKEN": TOKEN, "HF_HUB_OFFLINE": "0"}


def _oid(content: bytes) -> str:
    return sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _entry(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "type": "file", "path": path, "size": len(content), "oid": _oid(content),
    }  # fmt: skip
    if path.endswith(".parquet"):
        digest = sha256(content).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 130}
    return entry


def _tree(files: dict[str, bytes], folder: str, *, deep: bool) -> Iterator[dict[str, Any]]:
    """The entries of a folder, with ``deep`` those of the folders in it too."""
    start = f"{folder}/" if folder else ""
    below = [path for path in files if path.startswith(start)]
    inner = {parent for path in below for parent in map(str, PurePosixPath(path).parents)}
    for name in sorted(inner - {".", folder}):
        if name.startswith(start) and (deep or "/" not in name[len(start) :]):
            yield {"type": "directory", "path": name, "size": 0, "oid": _oid(name.encode())}
    for path in below:
        if deep or "/" not in path[len(start) :]:
            yield _entry(path, files[path])


class _Handler(BaseHTTPRequestHandler):
    hub: FakeHub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Tests ask ``requests``."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("transfer-encoding") == "chunked":
            body = self._chunks()
        path = unquote(urlsplit(self.path).path)
        asked = f"{self.command} {path}"
        self.hub.arrive(asked)
        for pattern, status in self.hub.refuse.items():
            if re.search(pattern, asked):
                self._json(status, {"error": f"refused {self.headers['authorization']}"})
                return
        for pattern, content in self.hub.garbled.items():
            if re.search(pattern, asked):
                self.send_response(200)
                self._send(content, "application/json")
                return
        self._route(asked, path, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _answer  # noqa: N815

    def _chunks(self) -> bytes:
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def _route(self, asked: str, path: str, body: bytes) -> None:
        if asked.startswith("PUT /upload/"):
            digest = path.rpartition("/")[2]
            assert sha256(body).hexdigest() == digest
            self.hub.uploaded.append(digest)  # first: who finds the content finds this too
            self.hub.contents[digest] = body
            self._json(200, {})
            return
        token = (self.headers.get("authorization") or "").removeprefix("Bearer ")
        if token not in (TOKEN, ANOTHERS, ""):
            self._json(401, {"error": "Invalid credentials in Authorization header"})
        elif asked == "POST /api/repos/create" and token == TOKEN:
            self._create(json.loads(body))
        elif asked == "POST /api/repos/create":
            self._json(403, {"error": "You don't have the rights to create this"})
        elif asked == "POST /api/validate-yaml":
            self._json(200, {"errors": [], "warnings": []})
        else:
            self._of_repository(asked, path, body, may_see=token == TOKEN)

    def _create(self, wanted: dict[str, Any]) -> None:
        assert wanted["type"] == "dataset"
        name = f"{wanted['organization']}/{wanted['name']}"
        if name in self.hub.repositories:
            self._json(409, {"error": "You already created this dataset repo"})
            return
        private = wanted.get("private") or wanted.get("visibility") == "private"
        self.hub.repositories[name] = Repository(private=bool(private))
        self._json(200, {"url": f"{self.hub.url}/datasets/{name}"})

    def _of_repository(self, asked: str, path: str, body: bytes, *, may_see: bool) -> None:
        match = re.match(r"(?:/api)?/datasets/([^/]+/[^/]+?)(?:\.git)?(?:/(.*))?$", path)
        name, rest = (match[1], match[2] or "") if match else ("", "")
        repository = self.hub.repositories.get(name)
        if repository is None or (repository.private and not may_see):
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self._send(b'{"error": "Repository not found"}', "application/json")
        elif path.startswith("/datasets/") and rest.startswith("resolve/"):
            self._resolve(repository, rest)
        elif self.command == "POST":
            self._change(repository, rest, body)
        else:
            self._tell(repository, name, rest)

    def _tell(self, repository: Repository, name: str, rest: str) -> None:
        kind, _, tail = rest.partition("/")
        revision, _, folder = tail.partition("/")
        if kind == "tree":
            query = parse_qs(urlsplit(self.path).query)
            deep = query.get("recursive", ["false"])[0].lower() == "true"
            found = list(_tree(repository.at(revision), folder, deep=deep))
            if folder and not found:
                self.send_response(404)
                self.send_header("X-Error-Code", "EntryNotFound")
                self._send(b"{}", "application/json")
                return
            self._json(200, found)
            return
        if kind not in ("", "revision"):
            self._json(404, {"error": f"nothing at {rest}"})
            return
        siblings = [{"rfilename": path} for path in repository.files]
        about = {"id": name, "sha": repository.sha(), "private": repository.private}
        self._json(200, {**about, "siblings": siblings, "tags": [], "cardData": {}})

    def _change(self, repository: Repository, rest: str, body: bytes) -> None:
        if rest.startswith("preupload/"):
            files = [
                {"path": f["path"], "shouldIgnore": _ignored(repository, f["path"]),
                 "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular"}
                for f in json.loads(body)["files"]
            ]  # fmt: skip
            self._json(200, {"files": files})
        elif rest == "info/lfs/objects/batch":
            self._json(200, {"objects": [self._wanted(o) for o in json.loads(body)["objects"]]})
        elif rest.startswith("paths-info/"):
            wanted = json.loads(body)["paths"]
            there = repository.at(rest.partition("/")[2])
            self._json(200, [_entry(p, c) for p, c in there.items() if p in wanted])
        elif rest.startswith("commit/"):
            self._commit(repository, [json.loads(line) for line in body.splitlines()])
        else:
            self._json(404, {"error": rest})

    def _wanted(self, one: dict[str, Any]) -> dict[str, Any]:
        if one["oid"] in self.hub.contents:
            return dict(one)
        upload = {"href": f"{self.hub.url}/upload/{one['oid']}", "header": {}}
        return {**one, "actions": {"upload": upload}}

    def _commit(self, repository: Repository, lines: list[dict[str, Any]]) -> None:
        while self.hub.before_commit:
            self.hub.before_commit.pop()()
        header, *operations = lines
        parent = header["value"].get("parentCommit")
        if parent is not None and parent != repository.sha():
            self._json(412, {"error": "A commit has happened since. Please refresh"})
            return
        files = dict(repository.files)
        for one in operations:
            value = one["value"]
            if one["key"] == "deletedFile":
                del files[value["path"]]
            elif one["key"] == "lfsFile":
                files[value["path"]] = self.hub.contents[value["oid"]]
            else:
                files[value["path"]] = base64.b64decode(value["content"])
        repository.commit(files, header["value"]["summary"])
        oid = repository.sha()
        self._json(200, {"success": True, "commitOid": oid, "commitUrl": f"{self.hub.url}/c/{oid}"})

    def _resolve(self, repository: Repository, rest: str) -> None:
        revision, _, path = rest.removeprefix("resolve/").partition("/")
        files = repository.at(revision)
        if path not in files:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
            self._send(b"{}", "application/json")
            return
        content = files[path]
        entry = _entry(path, content)
        piece, status = content, 200
        if match := re.match(r"bytes=(\d+)-(\d*)$", self.headers.get("range") or ""):
            start, end = int(match[1]), int(match[2] or len(content) - 1)
            piece, status = content[start : end + 1], 206
        self.send_response(status)
        self.send_header("ETag", f'"{entry.get("lfs", entry)["oid"]}"')
        self.send_header("X-Repo-Commit", repository.sha())
        self.send_header("Accept-Ranges", "bytes")
        if status == 206:
            last = start + len(piece) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
        self._send(piece, "application/octet-stream")

    def _json(self, status: int, value: object) -> None:
        self.send_response(status)
        self._send(json.dumps(value).encode(), "application/json")

    def _send(self, body: bytes, kind: str) -> None:
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _ignored(repository: Repository, path: str) -> bool:
    return path.endswith(".parquet") and b"*.parquet" in repository.files.get(".gitignore", b"")
