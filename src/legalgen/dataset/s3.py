"""A dataset in a bucket: S3, or a server with the same API, by pyarrow's own file system.

A bucket has no commits, but an object appears whole or not at all: it is sent in pieces that nobody
sees, until the last call names it. New parts appear one by one, the card after them. Parts of a
compaction appear together, once all of them are there, and then those go that they replace. In the
moments between, and if the process dies in one of them, rows are there twice until the next push.

``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL`` or ``?endpoint_override=`` names another server than
Amazon's. Credentials are found where Amazon's own tools find them.
"""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from legalgen.dataset.remote import (
    CARD,
    FOLDER,
    Change,
    Destination,
    Outgoing,
    RemoteFile,
    Standing,
)
from legalgen.errors import ConfigurationError, RemoteUnavailable, UsageError
from legalgen.errors.starvation import is_starved
from legalgen.providers.addresses import shown_address
from legalgen.providers.config import sound_base_url
from legalgen.store.files import disk

CONNECT_S: Final = 10
REQUEST_S: Final = 60
TRIES: Final = 4
_REMOVERS: Final = 16
_TAIL: Final = 64 * 1024
_CODE: Final = re.compile(r"AWS Error ([A-Z_]+)(?: \(HTTP status (\d+)\))?")
_REFUSED: Final = frozenset({
    "ACCESS_DENIED", "INVALID_ACCESS_KEY_ID", "INVALID_CLIENT_TOKEN_ID", "SIGNATURE_DOES_NOT_MATCH",
    "MISSING_AUTHENTICATION_TOKEN", "UNRECOGNIZED_CLIENT", "INVALID_SIGNATURE", "REQUEST_EXPIRED",
    "INCOMPLETE_SIGNATURE", "OPT_IN_REQUIRED", "VALIDATION",
})  # fmt: skip
_NOWHERE: Final = "AWS Error [code 103]"
"""The client finds no address for what it is told, and asks nobody; Arrow has no word for it."""
_REGION: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MISMEANT: Final = frozenset({"NO_SUCH_BUCKET", "RESOURCE_NOT_FOUND", "NO_SUCH_KEY"})
_NO_BUCKET: Final = "there is no bucket {}: make it, with the rights it needs"
_KEYS: Final = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


class S3Bucket:
    """One dataset below a prefix of a bucket."""

    def __init__(self, place: Destination, environ: Mapping[str, str]) -> None:
        """Make no call.

        Raises:
            ConfigurationError: there are no credentials, or an address or a region can be none.
        """
        bucket, prefix, options = place.name, place.prefix, place.options
        if not _has_credentials(environ):
            raise ConfigurationError(f"there are no credentials for s3://{bucket}: set {_KEYS}")
        self._bucket = bucket
        self._root = f"{bucket}/{prefix}" if prefix else bucket
        self._endpoint = _endpoint(options, environ)
        self._region = _region(options, environ)
        self._scheme = options.get("scheme")
        self._opened: Any = None

    @property
    def url(self) -> str:
        """``s3://bucket/prefix``."""
        return f"s3://{self._root}"

    @property
    def _store(self) -> Any:
        """The file system; its first use finds out the bucket's region where nobody says it."""
        if self._opened is None:
            fs = _file_systems()
            region = self._region
            if region is None and self._endpoint is None:
                region = fs.resolve_s3_region(self._bucket)
            self._opened = fs.S3FileSystem(
                endpoint_override=self._endpoint,
                region=region,
                scheme=self._scheme,
                connect_timeout=CONNECT_S,
                request_timeout=REQUEST_S,
                retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=TRIES),
            )
        return self._opened

    def look(self) -> Standing:
        """The objects below the prefix. Who may read them, the bucket's policy decides."""
        from pyarrow import fs  # heavy; only what touches parquet pays for it

        with self._explained():
            below = fs.FileSelector(self._root, recursive=True, allow_not_found=True)
            found = self._store.get_file_info(below)
            bucket = self._store.get_file_info(self._bucket) if not found else None
        if bucket is not None and bucket.type == fs.FileType.NotFound:
            raise UsageError(_NO_BUCKET.format(self._bucket))
        files = {
            info.path.removeprefix(f"{self._root}/"): RemoteFile(info.size)
            for info in found
            if info.type == fs.FileType.File
        }
        return Standing(files)

    def holds(self, standing: Standing, outgoing: Outgoing) -> bool:
        """By name and size; where these do not tell, by the end of the file.

        The name of a sealed part is its batch and number, which are used once. The end of a part
        holds the checksum of all of it.
        """
        there = standing.files.get(outgoing.path)
        if there is None or there.size != outgoing.size:
            return False
        name = outgoing.path.removeprefix(FOLDER)
        if outgoing.path != CARD and outgoing.whole and not name.startswith("train-g"):
            return True
        with disk(outgoing.file, "read"), outgoing.file.open("rb") as file:
            file.seek(max(0, outgoing.size - _TAIL))
            here = file.read()
        return self._read(outgoing.path, max(0, outgoing.size - _TAIL)) == here

    def _read(self, path: str, start: int = 0) -> bytes:
        with self._explained(), self._store.open_input_file(f"{self._root}/{path}") as file:
            file.seek(start)
            return bytes(file.read())

    def text(self, standing: Standing, path: str) -> str:  # noqa: ARG002 - the contract's
        """A small object as text."""
        return self._read(path).decode("utf-8", "replace")

    def batches_in(self, standing: Standing, path: str) -> frozenset[str]:  # noqa: ARG002
        """The column ``batch_id`` alone is read."""
        with self._explained(), self._store.open_input_file(f"{self._root}/{path}") as file:
            return batches_of(file)

    def apply(self, standing: Standing, change: Change, message: str) -> None:  # noqa: ARG002
        """Parts first, the card after them, what they replace last."""
        with self._explained():
            streams = []
            for each in sorted(change.send, key=lambda one: one.path == CARD):
                stream = self._sent(each)
                if change.replaces:
                    streams.append(stream)  # kept back: named when all of them are there
                else:
                    stream.close()
            for stream in streams:
                stream.close()
            with ThreadPoolExecutor(_REMOVERS) as pool:  # rows are there twice meanwhile
                list(pool.map(self._remove, change.remove))

    def _remove(self, path: str) -> None:
        self._store.delete_file(f"{self._root}/{path}")

    def _sent(self, each: Outgoing) -> Any:
        """A stream to which the whole file was written; closing it names the object.

        In one write: a stream that is let go of half written would name what it has.
        """
        import pyarrow as pa  # heavy; only what touches parquet pays for it

        kind = "text/markdown" if each.path == CARD else "application/vnd.apache.parquet"
        with disk(each.file, "read"), pa.memory_map(str(each.file)) as file:
            content = file.read_buffer()
        stream = self._store.open_output_stream(
            f"{self._root}/{each.path}", metadata={"Content-Type": kind}
        )
        stream.write(content)
        return stream

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """Arrow's errors as ours: by their type, then by the code that they name."""
        import pyarrow as pa  # heavy; only what touches parquet pays for it

        try:
            yield
        except pa.ArrowInvalid as error:
            raise UsageError(f"{self.url} is no place in a bucket: {error}") from error
        except OSError as error:
            raise _meaning(error, self.url, self._bucket) from error


def _endpoint(options: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    """The server, with a scheme or without; None for Amazon's."""
    variables = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    name, value = _nearest(options, "endpoint_override", environ, variables)
    if value:
        url = value if "://" in value else f"https://{value}"
        sound_base_url(url, variable=f"{name} {shown_address(value)!r}")
    return value or None


def _region(options: Mapping[str, str], environ: Mapping[str, str]) -> str | None:
    """The region, which is a part of a host's name; None where nobody says it."""
    name, value = _nearest(options, "region", environ, ("AWS_REGION", "AWS_DEFAULT_REGION"))
    if value and not _REGION.fullmatch(value):
        raise ConfigurationError(f"{name} {value!r} can be no region: write one as eu-west-2")
    return value or None


def _nearest(
    options: Mapping[str, str], option: str, environ: Mapping[str, str], variables: Sequence[str]
) -> tuple[str, str]:
    """The name of the option, or else of the first variable, that says something; and what."""
    told = [(option, options.get(option)), *((name, environ.get(name)) for name in variables)]
    return next(((name, value) for name, value in told if value), ("", ""))


def _file_systems() -> Any:
    """``pyarrow.fs`` with S3, which the executable hides from it (``cli``)."""
    from pyarrow import fs  # heavy; only what touches parquet pays for it

    if "pyarrow._s3fs" in sys.modules and sys.modules["pyarrow._s3fs"] is None:
        del sys.modules["pyarrow._s3fs"]
        importlib.reload(fs)
    return fs


def _meaning(error: OSError, url: str, bucket: str) -> Exception:
    match = _CODE.search(str(error))
    code, status = (match[1], int(match[2] or 0)) if match else ("", 0)
    if code in _REFUSED or status in (401, 403):
        return ConfigurationError(f"{url}: access is refused ({code.lower()}); look at {_KEYS}")
    if _NOWHERE in str(error):
        return ConfigurationError(
            f"{url}: there is no address to ask; look at AWS_ENDPOINT_URL and AWS_REGION, and at "
            "the region in ~/.aws/config"
        )
    if code in _MISMEANT:
        return UsageError(_NO_BUCKET.format(bucket))
    if 300 <= status < 500 and status not in (408, 429):
        return UsageError(f"{url}: the request is refused (HTTP {status}); look at AWS_REGION")
    told = code.lower().replace("_", " ") or (error.strerror or "no answer")
    return RemoteUnavailable(f"{url} cannot be reached now ({told}): push again later")


def batches_of(file: Any) -> frozenset[str]:
    """The values of ``batch_id`` in an open parquet file; none where it is not one of ours."""
    import pyarrow as pa  # heavy; only what touches parquet pays for it
    import pyarrow.parquet as pq

    try:
        column = pq.ParquetFile(file).read(columns=["batch_id"])["batch_id"]
    except (pa.ArrowException, KeyError) as error:
        if is_starved(error):
            raise
        return frozenset()
    return frozenset(str(each) for each in column.unique().to_pylist())


def _has_credentials(environ: Mapping[str, str]) -> bool:
    """Whether Amazon's chain can find any: variables, files, or the machine it runs on."""
    if environ.get("AWS_ACCESS_KEY_ID") and environ.get("AWS_SECRET_ACCESS_KEY"):
        return True
    told = (
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    )  # fmt: skip
    if any(environ.get(name) for name in told):
        return True
    home = Path(environ.get("HOME", "/nonexistent"))
    files = (
        environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials",
        environ.get("AWS_CONFIG_FILE") or home / ".aws" / "config",
    )
    return any(Path(file).is_file() for file in files) or _is_amazons(environ)


def _is_amazons(environ: Mapping[str, str]) -> bool:
    """Whether this is a machine of Amazon's, whose role gives credentials."""
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        return False
    try:
        vendor = Path("/sys/class/dmi/id/sys_vendor").read_text("utf-8", "replace")
    except OSError:
        return False
    return "Amazon" in vendor
