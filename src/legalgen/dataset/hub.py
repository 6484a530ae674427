"""A dataset on the Hugging Face Hub, by its own client library (extra ``hub``).

A change is one commit on ``main``: contents are uploaded first, seen by nobody, and a process that
dies before the commit leaves nothing but those, which the next push need not send again. The commit
names its parent, so that nobody's change in between is overwritten. A repository is made private
unless asked otherwise; what an existing one is, is never changed.

Contents go by the LFS protocol over HTTP, where each wait has a bound; the Hub's own transport
(xet) has none of ours, and is used where ``HF_HUB_DISABLE_XET`` says so.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha1, sha256
from typing import TYPE_CHECKING, Any, Final, TypeVar

from legalgen.dataset.remote import Change, Outgoing, RemoteChanged, RemoteFile, Standing
from legalgen.dataset.s3 import batches_of
from legalgen.errors import ConfigurationError, LegalgenError, RemoteUnavailable, UsageError
from legalgen.errors.redaction import excerpt
from legalgen.providers._environment import tls_context, usable_proxies
from legalgen.providers.addresses import shown_address
from legalgen.providers.config import sound_base_url, sound_key
from legalgen.providers.installing import install_command, of_extra
from legalgen.store.files import disk

if TYPE_CHECKING:
    from pathlib import Path

    from huggingface_hub import HfApi

TIMEOUT_S: Final = (10.0, 60.0, 60.0, 60.0)
"""For a connection, for each piece read and written, for a free connection."""
_BRANCH: Final = "main"
_CHUNK: Final = 1024 * 1024
_TYPE: Final = "dataset"
_MISREAD: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What the library raises where a reply is not one of a Hub: it looks at no form."""
_QUIET: Final = (
    "HF_HUB_DISABLE_XET", "HF_HUB_DISABLE_PROGRESS_BARS",
    "HF_HUB_DISABLE_TELEMETRY",  # else it asks once a day who runs it, and keeps any reply
)  # fmt: skip
T = TypeVar("T")


class Hub:
    """One dataset repository."""

    def __init__(self, name: str, *, public: bool, environ: Mapping[str, str]) -> None:
        """Make no call.

        Raises:
            ConfigurationError: the library is missing, there is no token, or one, an address or a
                proxy that cannot be used.
        """
        endpoint = _endpoint(environ)
        usable_proxies()
        tls_context()
        for variable in _QUIET:
            os.environ.setdefault(variable, "1")  # read when the library is loaded
        try:
            import huggingface_hub
            from huggingface_hub.utils import logging
        except ImportError as error:
            raise ConfigurationError(
                f"the Hugging Face Hub needs huggingface_hub: {install_command(of_extra('hub'))}"
            ) from error
        logging.set_verbosity(100)  # it writes addresses with signatures to stderr
        _bound_waits()
        token, told = environ.get("HF_TOKEN", "").strip(), "HF_TOKEN"
        if not token:
            token, told = huggingface_hub.get_token() or "", "the token of `hf auth login`"
        if not token:
            raise ConfigurationError(
                f"there is no token for {name} on the Hugging Face Hub: set HF_TOKEN to one that "
                "may write (or log in with `hf auth login`)"
            )
        self._name = name
        self._public = public
        self._token = sound_key(token, variable=told, remedy="set HF_TOKEN to one that may write")
        self._endpoint = endpoint
        self._api: HfApi = huggingface_hub.HfApi(endpoint=endpoint, token=self._token)

    @property
    def url(self) -> str:
        """The page of the dataset."""
        return f"{self._api.endpoint}/datasets/{self._name}"

    def look(self) -> Standing:
        """The files at the head of the branch, and who may read them."""
        with self._explained():
            info = self._asked(lambda: self._api.dataset_info(self._name, timeout=TIMEOUT_S[1]))
            revision = info.sha if info is not None else None
            # Asked even so: a mirror may list files and tell nothing about repositories.
            files = self._asked(lambda: self._files(revision))
        if files is None:
            return Standing({}, exists=info is not None, public=self._public)
        public = None if info is None or info.private is None else not info.private
        return Standing(files, public=public, version=revision or "")

    def _asked(self, question: Callable[[], T]) -> T | None:
        """The answer, or None where there is no such repository that the token sees."""
        from huggingface_hub.errors import HfHubHTTPError

        try:
            return question()
        except HfHubHTTPError as error:
            if error.response.status_code == 404:
                return None
            raise

    def _files(self, revision: str | None) -> dict[str, RemoteFile]:
        from huggingface_hub.hf_api import RepoFile

        tree = self._api.list_repo_tree(
            self._name, recursive=True, revision=revision, repo_type=_TYPE
        )
        return {
            one.path: RemoteFile(one.size, one.lfs.sha256 if one.lfs else one.blob_id)
            for one in tree
            if isinstance(one, RepoFile)
        }

    def holds(self, standing: Standing, outgoing: Outgoing) -> bool:
        """By the digest of its content."""
        there = standing.files.get(outgoing.path)
        if there is None or there.size != outgoing.size:
            return False
        return there.digest == _digest(outgoing.file, git=len(there.digest) == 40)

    def text(self, standing: Standing, path: str) -> str:
        """A small file of the repository as text."""
        with self._explained(), self._opened(standing, path) as file:
            return bytes(file.read()).decode("utf-8", "replace")

    def batches_in(self, standing: Standing, path: str) -> frozenset[str]:
        """The column ``batch_id`` alone is read."""
        with self._explained(), self._opened(standing, path) as file:
            return batches_of(file)

    def _opened(self, standing: Standing, path: str) -> Any:
        from huggingface_hub import HfFileSystem

        files = HfFileSystem(endpoint=self._endpoint, token=self._token, skip_instance_cache=True)
        return files.open(f"datasets/{self._name}@{standing.version}/{path}")

    def apply(self, standing: Standing, change: Change, message: str) -> None:
        """Make the repository if there is none, upload, commit."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        added = [
            CommitOperationAdd(path_in_repo=each.path, path_or_fileobj=str(each.file))
            for each in change.send
        ]
        with self._explained(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the card's metadata; the Hub's page shows them
            if not standing.exists:
                self._api.create_repo(
                    self._name, repo_type=_TYPE, private=not self._public, exist_ok=True
                )
            self._api.preupload_lfs_files(
                self._name, additions=added, repo_type=_TYPE, revision=_BRANCH, free_memory=False
            )
            ignored = [each.path_in_repo for each in added if each._should_ignore]
            if ignored:
                raise UsageError(
                    f"{self.url} has a .gitignore that keeps {ignored[0]} out: nothing was sent"
                )
            self._api.create_commit(
                self._name,
                [*added, *(CommitOperationDelete(path_in_repo=path) for path in change.remove)],
                commit_message=message,
                repo_type=_TYPE,
                revision=_BRANCH,
                parent_commit=standing.version or None,
            )

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        """The library's errors as ours: by their type, then by the status of the reply."""
        import httpx2
        from huggingface_hub.errors import OfflineModeIsEnabled

        try:
            yield
        except (OfflineModeIsEnabled, httpx2.HTTPError, httpx2.InvalidURL, *_MISREAD) as error:
            raise self._meaning(error) from error
        except RuntimeError as error:  # an upload failed; why is its cause
            cause = error.__cause__
            if cause is None:
                raise
            if isinstance(cause, LegalgenError):
                raise cause from None
            raise self._meaning(cause) from error

    def _meaning(self, error: BaseException) -> Exception:
        import httpx2
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

        kind = type(error).__name__
        if isinstance(error, HFValidationError):
            return UsageError(f"{self._name} is no name of a dataset: {error}")
        if isinstance(error, OfflineModeIsEnabled):
            return ConfigurationError(
                "HF_HUB_OFFLINE is set: unset it to reach the Hugging Face Hub"
            )
        if isinstance(error, HfHubHTTPError):
            return self._refusal(error)
        if isinstance(error, (httpx2.InvalidURL, *_MISREAD)):
            return ConfigurationError(
                f"what answers at {self._api.endpoint} is no Hugging Face Hub ({kind}): look at "
                "HF_ENDPOINT, and whether the network wants a login"
            )
        return self._unreachable(kind)

    def _refusal(self, error: Any) -> Exception:
        status = error.response.status_code
        said = excerpt(error.server_message or "", 200, [self._token])
        told = f"HTTP {status}{': ' + said if said else ''}"
        if status in (409, 412):
            return RemoteChanged(f"{self.url} was changed meanwhile")
        if status in (408, 429) or status >= 500:
            return self._unreachable(told)
        if status == 404:
            return UsageError(f"{self.url}: there is no such user, organisation or branch")
        if status in (401, 403):
            return ConfigurationError(f"{self.url}: HF_TOKEN is refused, or may not write ({told})")
        return UsageError(f"{self.url}: the Hub refuses it ({told})")

    def _unreachable(self, why: str) -> RemoteUnavailable:
        return RemoteUnavailable(f"{self.url} cannot be reached now ({why}): push again later")


def _endpoint(environ: Mapping[str, str]) -> str | None:
    """The address in ``HF_ENDPOINT``; None for the Hub's own.

    The library reads the variable itself when it is loaded, and takes an empty one for an address.
    """
    told = environ.get("HF_ENDPOINT", "").strip()
    if not told:
        os.environ.pop("HF_ENDPOINT", None)
        return None
    return sound_base_url(told, variable=f"HF_ENDPOINT {shown_address(told)!r}")


def _digest(file: Path, *, git: bool) -> str:
    """SHA-256 of a file's content, or with ``git`` the name that git gives it as a blob."""
    with disk(file, "read"), file.open("rb") as content:
        size = os.fstat(content.fileno()).st_size
        digest: Any = sha1(b"blob %d\0" % size, usedforsecurity=False) if git else sha256()
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return str(digest.hexdigest())


def _bound_waits() -> None:
    """Give every request of the library a timeout, and no pause the length that a server likes."""
    import httpx2
    from huggingface_hub import get_session, set_client_factory

    hooks = {**get_session().event_hooks}
    hooks["response"] = [*hooks.get("response", ()), _refuse_long_pauses]
    set_client_factory(
        lambda: httpx2.Client(
            event_hooks=hooks, follow_redirects=True, timeout=httpx2.Timeout(TIMEOUT_S)
        )
    )


def _refuse_long_pauses(response: Any) -> None:
    """A reply that asks for a pause ends the push: the library would sleep as long as it says."""
    hint = response.headers.get("retry-after", "")
    if response.status_code == 429 or (response.status_code >= 500 and hint):
        pause = f"a pause of {hint} s" if hint.isdigit() else "a pause"
        when = "then" if hint.isdigit() else "later"
        raise RemoteUnavailable(f"{response.url.host} asks for {pause}: push again {when}")
