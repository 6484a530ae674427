"""push.py, hub.py, s3.py: the dataset on the Hub and in a bucket, by their real clients.

Each command is a process of its own, as cron starts it; what is there is looked at on the server.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from legalgen.dataset import push as push_module
from legalgen.dataset.remote import Destination, place_of
from legalgen.dataset.s3 import S3Bucket
from legalgen.errors import UsageError
from legalgen.store.files import DataDir
from legalgen.store.notes import RowNotes, Tombstone, load_notes, save_notes
from legalgen.store.parts import parts
from tests.crash.rows import BATCH
from tests.dataset.shelf import filled
from tests.fake_bucket import BUCKET, SECRET, FakeBucket
from tests.fake_hub import ANOTHERS, EMPTY, TOKEN, FakeHub, Repository
from tests.program import EXECUTABLE, Ended, Program

HUB = "me/torts"
S3 = f"s3://{BUCKET}/law/torts"


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with FakeHub() as server:
        yield server


@pytest.fixture
def bucket() -> Iterator[FakeBucket]:
    with FakeBucket() as server:
        yield server


@pytest.fixture
def shelf(tmp_path: Path) -> Program:
    """The program with seven rows in four parts, and no vendor."""
    program = Program(tmp_path, None)
    filled(program.data_dir.root)
    return program


class There:
    """A server and a target on it."""

    def __init__(self, shelf: Program, server: FakeHub | FakeBucket) -> None:
        self._shelf = shelf
        self._server = server
        self.target = HUB if isinstance(server, FakeHub) else S3

    def push(self, *flags: str, **environ: str) -> Ended:
        everything = {**self._server.environ, "HF_HOME": str(self._shelf.home / "hf"), **environ}
        return self._shelf.run("dataset", "push", self.target, *flags, environ=everything)

    @property
    def files(self) -> dict[str, bytes]:
        """What is there, by path below the target."""
        if isinstance(self._server, FakeHub):
            return {p: c for p, c in self._server.repositories[HUB].files.items() if p not in EMPTY}
        prefix = "law/torts/"
        return {
            path.removeprefix(prefix): content
            for path, content in self._server.files.items()
            if path.startswith(prefix)
        }

    def put(self, path: str, content: bytes) -> None:
        """A file of somebody else's."""
        if isinstance(self._server, FakeHub):
            there = self._server.repositories.setdefault(HUB, Repository(private=True))
            there.commit({**there.files, path: content})
        else:
            self._server.put(f"law/torts/{path}", content)


@pytest.fixture(params=["hub", "bucket"])
def place(request: pytest.FixtureRequest, shelf: Program) -> There:
    return There(shelf, request.getfixturevalue(request.param))


def local(data_dir: DataDir) -> dict[str, bytes]:
    """The dataset as it is to be there."""
    card = data_dir.train / "README.md"
    return {
        "README.md": card.read_bytes(),
        **{f"data/{path.name}": path.read_bytes() for path in parts(data_dir)},
    }


def ids_in(files: dict[str, bytes]) -> list[str]:
    tables = [
        pq.read_table(pa.BufferReader(content), columns=["id"])
        for path, content in files.items()
        if path.startswith("data/")
    ]
    return sorted(name for table in tables for name in table["id"].to_pylist())


def take_out(data_dir: DataDir, *slots: int) -> None:
    """Tombstones for rows of the shelf, as ``check --drop`` writes them."""
    rows = pq.read_table(parts(data_dir)[0].parent).to_pylist()
    stones = {
        row["id"]: Tombstone(("DUP_EXACT",), row["batch_id"], ("a", "b", "c", "d", "e"), "x/y")
        for row in rows
        if row["slot"] in slots
    }
    save_notes(data_dir, RowNotes(dropped={**load_notes(data_dir).dropped, **stones}))


def others_part(*, name: str = "20200101-000000-zz99", rows: int = 3) -> bytes:
    """A part that another data dir wrote."""
    sink = pa.BufferOutputStream()
    ids = [f"{name}-{n}" for n in range(rows)]
    pq.write_table(pa.table({"id": ids, "batch_id": [name] * rows}), sink)
    return bytes(sink.getvalue())


# --- what is there afterwards ------------------------------------------------------------------


def test_exactly_the_card_and_the_parts_leave(place: There, shelf: Program) -> None:
    """Every path that is there; a second push sends nothing, and the URL is all of stdout."""
    data_dir = shelf.data_dir
    first = place.push()
    assert (first.code, first.out.splitlines()) == (0, [first.out.strip()]), first.err
    assert first.out.strip().endswith(place.target)
    assert place.files == local(data_dir)
    assert sorted(place.files) == [
        "README.md",
        *(f"data/train-{BATCH}-{part:05}.parquet" for part in range(4)),
    ]
    again = place.push("--json").json
    assert (again["sent"], again["removed"], again["rows"]) == ({}, [], 7)


def test_only_new_parts_are_sent(place: There, shelf: Program) -> None:
    """Another batch adds its own parts, and the card."""
    place.push()
    filled(shelf.data_dir.root, rows=3, part_rows=2, batch_id="20261124-010101-cd34")
    sent = place.push("--json").json["sent"]
    assert sorted(sent) == [
        "README.md",
        "data/train-20261124-010101-cd34-00000.parquet",
        "data/train-20261124-010101-cd34-00001.parquet",
    ]
    assert place.files == local(shelf.data_dir)


def test_a_compaction_takes_the_place_of_the_parts(place: There, shelf: Program) -> None:
    """New in, old out, and a file of somebody else's stands where it stood."""
    place.put("notes.md", b"mine")
    place.push()
    shelf.run("dataset", "compact")
    filled(shelf.data_dir.root, rows=1, batch_id="20261124-010101-cd34")
    shelf.run("dataset", "compact")
    done = place.push("--json").json
    assert list(done["sent"]) == ["README.md", "data/train-g2-00000.parquet"]
    assert len(done["removed"]) == 4
    assert place.files == {**local(shelf.data_dir), "notes.md": b"mine"}


def test_rows_that_were_taken_out_do_not_leave(place: There, shelf: Program) -> None:
    """Those sent before go with the next push; a part without a row is not there; then for good."""
    data_dir = shelf.data_dir
    every = ids_in(local(data_dir))
    place.push()
    take_out(data_dir, 0)
    done = place.push("--json").json
    assert (list(done["sent"]), done["left_out"]) == ([f"data/train-{BATCH}-00000.parquet"], 1)
    assert set(every) - set(ids_in(place.files)) == set(load_notes(data_dir).dropped)
    assert place.push("--json").json["sent"] == {}
    take_out(data_dir, 1)
    assert place.push("--json").json["removed"] == [f"data/train-{BATCH}-00000.parquet"]
    assert list(data_dir.tmp.iterdir()) == []
    gone = set(load_notes(data_dir).dropped)
    shelf.run("dataset", "compact")
    assert place.push().code == 0
    assert ids_in(place.files) == sorted(set(every) - gone)
    assert place.files == local(data_dir)


def test_where_every_row_was_taken_out_none_stays_there(place: There, shelf: Program) -> None:
    """Their parts go, with nothing in their place; where there are none, there is nothing to do."""
    take_out(shelf.data_dir, *range(7))
    refused = place.push()
    assert (refused.code, "every row was taken out: nothing to send" in refused.err) == (2, True)
    save_notes(shelf.data_dir, RowNotes())
    place.push()
    take_out(shelf.data_dir, *range(7))
    foretold = place.push("--dry-run", "--json").json
    done = place.push("--json").json
    assert len(done["removed"]) == 4
    assert foretold == {**done, "dry_run": True}
    assert (done["rows"], done["left_out"]) == (0, 7)
    assert list(place.files) == ["README.md"]
    assert place.push().code == 2


def test_rows_that_a_compaction_left_none_of_go_when_asked(place: There, shelf: Program) -> None:
    """Without a part here nobody can tell whether they were taken out or lost: both are said."""
    place.push()
    before = place.files
    take_out(shelf.data_dir, *range(7))
    shelf.run("dataset", "compact")
    refused = place.push()
    assert (refused.code, place.files) == (2, before)
    assert "rows of ours that are not here any more" in refused.err
    assert "--replace removes them there" in refused.err
    assert place.push("--replace").code == 0
    assert place.files == local(shelf.data_dir)
    assert "there are no rows in" in place.push().err


class Stones(dict[str, Tombstone]):
    """Tombstones that count how often somebody went through them all."""

    looks = 0

    def values(self) -> Any:
        self.looks += 1
        return super().values()


def test_tombstones_are_counted_once_however_many_parts_there_are(shelf: Program) -> None:
    """The parts that one of them may concern are found by the batch alone."""
    data_dir = shelf.data_dir
    [first, *rest] = parts(data_dir)
    for number in range(20):
        other = f"train-20200101-000000-zz{number:02}-00000.parquet"
        (first.parent / other).write_bytes(first.read_bytes())
    take_out(data_dir, 1)
    stones = Stones(load_notes(data_dir).dropped)
    with ExitStack() as stack:
        found = list(push_module._parts(data_dir, RowNotes(dropped=stones), stack))
    assert len(found) == 21 + len(rest)
    assert sum(not each.whole for each in found) == 1
    assert stones.looks == 1


def test_a_dry_run_tells_files_and_bytes_and_changes_nothing(
    hub: FakeHub, bucket: FakeBucket, shelf: Program
) -> None:
    """Not even the repository is made."""
    for server in (hub, bucket):
        told = There(shelf, server).push("--dry-run")
        sizes = {path: len(content) for path, content in local(shelf.data_dir).items()}
        shown = told.out + told.err
        assert all(path in shown and f"{size:,}" in shown for path, size in sizes.items())
        assert f"would send 5 files, {sum(sizes.values()):,} bytes" in told.err
        assert told.code == 0
        assert There(shelf, server).push("--dry-run", "--quiet") == Ended(0, told.out, "")
    assert (hub.repositories, hub.asked("POST|PUT|DELETE")) == ({}, [])
    assert (bucket.files, bucket.asked("POST|PUT|DELETE")) == ({}, [])


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [f"data/{name}.parquet" for name in ("train-20200101-00-zz9-00000", "train-g1-00000", "x")],
)
def test_rows_of_others_are_refused_and_replaced_when_asked(
    place: There, shelf: Program, name: str
) -> None:
    """Named as theirs, as a compaction of anybody's, or anyhow; the program never guesses."""
    place.put(name, others_part())
    place.put("LICENSE", b"theirs")
    shelf.run("dataset", "compact")  # so that we have a train-g1-00000.parquet too
    refused = place.push()
    assert (refused.code, refused.out) == (2, "")
    assert "rows of others" in refused.err
    assert name in refused.err
    assert sorted(place.files) == ["LICENSE", name]
    assert place.push("--replace").code == 0
    assert place.files == {**local(shelf.data_dir), "LICENSE": b"theirs"}


def test_a_table_beside_data_is_never_removed(place: There, shelf: Program) -> None:
    """It would be read along with ours: refused, and with --replace left and told."""
    place.put("extra/test.csv", b"a,b\n1,2\n")
    assert place.push().code == 2
    done = place.push("--replace")
    assert (done.code, "not ours, and left there: extra/test.csv" in done.err) == (0, True)
    assert place.files == {**local(shelf.data_dir), "extra/test.csv": b"a,b\n1,2\n"}


def test_a_card_of_others_is_refused_unless_it_says_nothing(place: There, shelf: Program) -> None:
    """The Hub writes one with a licence alone when a repository is made by hand."""
    place.put("README.md", b"---\nlicense: mit\n---\n\n# My notes\n")
    assert "README.md that was not written here" in place.push().err
    place.put("README.md", b"---\nlicense: mit\n---\n")
    assert place.push().code == 0
    assert place.files == local(shelf.data_dir)


def test_rows_that_are_nowhere_else_stay(place: There, shelf: Program) -> None:
    """A part that was lost here, and not compacted away, is not taken from there too."""
    place.push()
    before = place.files
    parts(shelf.data_dir)[0].unlink()
    assert "rows of ours that are not here any more" in place.push().err
    assert place.files == before
    assert place.push("--replace").code == 0
    assert place.files == local(shelf.data_dir)


def test_what_cannot_be_meant_is_said_before_anything_is_asked(
    hub: FakeHub, bucket: FakeBucket, shelf: Program
) -> None:
    """No token, no credentials, no library's offline mode, no dataset: exit 2 with what to set."""
    for server, name in ((hub, "HF_TOKEN"), (bucket, "AWS_ACCESS_KEY_ID")):
        refused = There(shelf, server).push(**{name: ""})
        assert (refused.code, name in refused.err) == (2, True), refused.err
    assert "HF_HUB_OFFLINE" in There(shelf, hub).push(HF_HUB_OFFLINE="1").err
    refused = There(shelf, bucket).push("--public")
    assert (refused.code, "policy" in refused.err) == (2, True)
    assert (hub.asked("datasets"), bucket.requests) == ([], [])
    nothing = shelf.run("dataset", "push", HUB, environ={"LEGALGEN_DATA_DIR": str(shelf.home)})
    assert (nothing.code, "no token" in nothing.err or "no rows" in nothing.err) == (2, True)


@pytest.mark.parametrize("target", ["torts", "me/torts/x", "./out/x", "https://x.y/z", "s3://", ""])
def test_a_target_is_one_of_two_forms(target: str) -> None:
    """What is none is refused with both."""
    with pytest.raises(UsageError, match="write me/name"):
        place_of(target)


def test_both_forms_of_a_target() -> None:
    """A prefix may be deep, or none; another server may stand in the address, a key may not."""
    assert (
        place_of("me/torts") == place_of("hf://datasets/me/torts") == Destination("hub", "me/torts")
    )
    assert place_of("s3://shelf/a/b/") == Destination("s3", "shelf", "a/b")
    assert place_of("s3://shelf") == Destination("s3", "shelf")
    own = {"endpoint_override": "127.0.0.1:9000", "scheme": "http"}
    query = "endpoint_override=127.0.0.1:9000&scheme=http"
    assert place_of(f"s3://shelf/a?{query}") == Destination("s3", "shelf", "a", own)
    for wrong, told in (
        ("s3://shelf/a?key=x", "none of"),
        ("s3://k:s@shelf/a", "AWS_ACCESS"),
        ("s3://b/p", "b can be no bucket: a name has 3 to 63 small letters, digits, dots and hyph"),
        ("s3://My_Shelf", "My_Shelf can be no bucket"),
        ("s3://shelf/a//b", "a folder without a name"),
        ("s3://shelf/a?scheme=gopher", "scheme is http or https, not gopher"),
    ):
        with pytest.raises(UsageError, match=told):
            place_of(wrong)


def test_a_server_of_ones_own_may_stand_in_the_address(bucket: FakeBucket, shelf: Program) -> None:
    """As pyarrow has it, for MinIO and the like."""
    environ = bucket.environ
    host = environ.pop("AWS_ENDPOINT_URL").removeprefix("http://")
    target = f"{S3}?endpoint_override={host}&scheme=http"
    assert shelf.run("dataset", "push", target, environ=environ).code == 0
    assert There(shelf, bucket).files == local(shelf.data_dir)


# --- the Hub alone -----------------------------------------------------------------------------


def test_a_repository_is_private_and_what_one_is_stays(hub: FakeHub, shelf: Program) -> None:
    """--public makes a new one public; of one that is there nothing is changed, and it is said."""
    place = There(shelf, hub)
    assert place.push().code == 0
    assert hub.repositories[HUB].private
    stays = place.push("--public")
    assert (hub.repositories[HUB].private, "private, and stays so" in stays.err) == (True, True)
    del hub.repositories[HUB]
    assert place.push("--public").code == 0
    assert not hub.repositories[HUB].private
    assert "is public, and stays so" in place.push().err
    assert hub.asked("settings|PATCH|DELETE") == []
    assert len(hub.asked("repos/create")) == 2


def test_one_push_is_one_commit(hub: FakeHub, shelf: Program) -> None:
    """Parts, card and what goes: nobody sees half of it."""
    place = There(shelf, hub)
    place.push()
    shelf.run("dataset", "compact")
    place.push()
    assert hub.repositories[HUB].messages == [
        "initial commit", "add 4 parts: 7 rows", "add 1 part, remove 4 parts: 7 rows",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "where"),
    [
        (signal.SIGKILL, "PUT /upload"),
        (signal.SIGINT, "PUT /upload"),
        (signal.SIGTERM, "POST .*/commit"),
    ],
)
def test_killed_in_the_middle_nothing_is_seen_and_little_is_sent_again(
    hub: FakeHub, shelf: Program, number: signal.Signals, where: str
) -> None:
    """A signal ends it at once, whatever the library waits for; uploads that arrived count."""
    place = There(shelf, hub)
    environ = {**hub.environ, "HF_HOME": str(shelf.home / "hf")}
    with hub.gate(where) as gate:
        with shelf.start("dataset", "push", HUB, environ=environ) as running:
            assert gate.reached.wait(60)
            running.signal(number)
            assert running.end().code in (-number, 128 + number)
        assert hub.repositories[HUB].files == EMPTY
        hub.repositories[HUB].commits[:] = hub.repositories[HUB].commits[:1]
    arrived = set(hub.contents)
    hub.uploaded.clear()
    hub.repositories[HUB] = Repository(private=True)  # the held commit may have come through
    assert place.push().code == 0
    assert not arrived & set(hub.uploaded)
    assert place.files == local(shelf.data_dir)


def test_a_commit_of_somebody_else_in_between_is_not_overwritten(
    hub: FakeHub, shelf: Program
) -> None:
    """What is there is looked at again, and their file stands."""
    place = There(shelf, hub)
    place.push()
    filled(shelf.data_dir.root, rows=1, batch_id="20261124-010101-cd34")
    hub.before_commit.append(lambda: place.put("notes.md", b"theirs"))
    assert place.push().code == 0
    assert place.files == {**local(shelf.data_dir), "notes.md": b"theirs"}


def test_a_gitignore_that_hides_the_parts_is_said(hub: FakeHub, shelf: Program) -> None:
    """Its library would leave them out without a word."""
    place = There(shelf, hub)
    place.put(".gitignore", b"*.parquet\n")
    assert ".gitignore" in place.push().err
    assert sorted(place.files) == [".gitignore"]


@pytest.mark.parametrize(
    ("status", "code"), [(401, 2), (403, 2), (404, 2), (400, 2), (429, 75), (500, 75)]
)
def test_what_the_hub_refuses_has_its_exit_code_and_no_token_is_told(
    hub: FakeHub, shelf: Program, status: int, code: int
) -> None:
    """A server that echoes the token back is quoted without it."""
    hub.repositories[HUB] = Repository(private=True)
    hub.refuse["/preupload/" if status == 404 else "GET /api/datasets/me/torts$"] = status
    refused = There(shelf, hub).push()
    assert (refused.code, refused.out) == (code, "")
    left = b"".join(path.read_bytes() for path in shelf.home.rglob("*") if path.is_file())
    told = refused.err.encode() + left
    assert left
    assert TOKEN.encode() not in told
    assert TOKEN[6:20].encode() not in told
    assert b"Traceback" not in told


def test_a_pause_that_is_asked_for_at_the_upload_is_75(hub: FakeHub, shelf: Program) -> None:
    """As everywhere: its library raises another error there, with ours as its cause."""
    place = There(shelf, hub)
    hub.refuse["PUT /upload"] = 429
    refused = place.push()
    assert (refused.code, refused.out) == (75, "")
    assert refused.err.endswith("Error: 127.0.0.1 asks for a pause: push again later\n")
    hub.refuse.clear()
    assert place.push().code == 0
    assert place.files == local(shelf.data_dir)


ODD_REPLIES = {
    "a web page": b"<html>login</html>", "nothing": b"", "null": b"null", "object": b"{}",
    "list": b"[]", "text": b'"x"', "bytes": bytes(range(256)), "deep": b"[" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("reply", ODD_REPLIES.values(), ids=ODD_REPLIES.keys())
def test_what_is_no_hub_is_told_and_leaves_no_trace(
    hub: FakeHub, shelf: Program, reply: bytes
) -> None:
    """Whatever it says under 200; at the right address the next push works."""
    place = There(shelf, hub)
    hub.garbled["."] = reply
    refused = place.push()
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"Error: what answers at {hub.url} is no Hugging Face Hub")
    assert "look at HF_ENDPOINT" in refused.err
    hub.garbled.clear()
    assert place.push().code == 0


def test_an_upload_that_is_answered_with_nonsense_is_told(hub: FakeHub, shelf: Program) -> None:
    """Where the repository was found before, too."""
    hub.garbled["lfs/objects/batch"] = b'{"objects": [7]}'
    refused = There(shelf, hub).push()
    assert (refused.code, "is no Hugging Face Hub" in refused.err) == (2, True), refused.err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("HF_TOKEN", "hf_\N{LATIN SMALL LETTER U WITH DIAERESIS}", "outside ASCII"),
        ("HF_TOKEN", "hf_a\nb", "line break"),
        ("HF_ENDPOINT", "http://127.0.0.1:99999", "'http://127.0.0.1:99999': not a URL"),
        ("HF_ENDPOINT", "127.0.0.1:8000", "'127.0.0.1:8000': not a URL"),
        ("HF_ENDPOINT", "http://", "not a URL"),
        ("HF_ENDPOINT", "ftp://x", "not a URL"),
        ("HTTPS_PROXY", "gopher://x", "mend or unset it"),
        ("SSL_CERT_FILE", "/none", "no such file"),
    ],
)
def test_a_variable_that_cannot_be_meant_is_named(
    hub: FakeHub, shelf: Program, name: str, value: str, told: str
) -> None:
    """Before anything is asked, and a token is not shown."""
    refused = There(shelf, hub).push(**{name: value})
    assert (refused.code, refused.out) == (2, "")
    assert name in refused.err
    assert told in refused.err
    assert hub.requests == []
    if name == "HF_TOKEN":
        assert value not in refused.err


def test_an_empty_address_of_the_hub_is_none(hub: FakeHub, shelf: Program) -> None:
    """Its library takes it for one; there is no way to the real one from here."""
    refused = There(shelf, hub).push(HF_ENDPOINT="")
    assert (refused.code, "https://huggingface.co/datasets/me/torts" in refused.err) == (75, True)


def test_the_repository_of_somebody_else_is_not_found(hub: FakeHub, shelf: Program) -> None:
    """A private one that the token does not see, where none can be made either."""
    hub.repositories[HUB] = Repository(private=True)
    refused = There(shelf, hub).push(HF_TOKEN=ANOTHERS)
    assert refused.code == 2
    assert hub.repositories[HUB].files == EMPTY


@pytest.mark.parametrize("kind", ["hub", "bucket"])
def test_a_dead_network_is_75(shelf: Program, kind: str, request: pytest.FixtureRequest) -> None:
    """Within bounds, and what is here stays as it is."""
    place = There(shelf, request.getfixturevalue(kind))
    dead = {"HF_ENDPOINT": "http://127.0.0.1:9", "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = place.push(**dead)
    assert (done.code, "push again later" in done.err) == (75, True), done.err


def test_load_dataset_reads_what_was_pushed(hub: FakeHub, shelf: Program) -> None:
    """From the Hub as its users do, private, after a compaction and another batch."""
    place = There(shelf, hub)
    place.push()
    shelf.run("dataset", "compact")
    filled(shelf.data_dir.root, rows=2, batch_id="20261124-010101-cd34")
    place.push()
    program = (
        "from datasets import load_dataset\n"
        f"rows = load_dataset({HUB!r}, split='train')\n"
        "print(rows.num_rows, rows.features['citations'])"
    )
    environ = {**hub.environ, "HF_HOME": str(shelf.home / "hf2"), "HF_HUB_DISABLE_XET": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**shelf.environ, **environ}, capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("9 List(")


def test_a_batch_and_its_push_are_one_line_of_cron(
    hub: FakeHub, program: Program, tmp_path: Path
) -> None:
    """Silent, and there."""
    line = f"{EXECUTABLE} batch -n 3 --quiet && {EXECUTABLE} dataset push {HUB} --quiet"
    environ = {**program.environ, **hub.environ, "HF_HOME": str(tmp_path / "hf")}
    done = subprocess.run(
        ["/bin/sh", "-c", line], env=environ, capture_output=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert hub.repositories[HUB].files == {**EMPTY, **local(program.data_dir)}


# --- a bucket alone ----------------------------------------------------------------------------


def keys(bucket: FakeBucket) -> set[str]:
    return {path.removeprefix("law/torts/") for path in bucket.files}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_killed_while_a_compaction_is_sent_none_of_it_is_seen(
    bucket: FakeBucket, shelf: Program, number: signal.Signals
) -> None:
    """All of the new parts are there before one of them has its name; then the old ones go."""
    place = There(shelf, bucket)
    place.push()
    before = place.files
    shelf.run("dataset", "compact")
    with bucket.gate(r"POST .*train-g1-00000.parquet\?uploadId") as gate:
        with shelf.start("dataset", "push", S3, environ=bucket.environ) as running:
            assert gate.reached.wait(60)
            assert place.files == before
            running.signal(number)
            assert running.end().code in (-number, 128 + number)
        assert place.files == before
    assert place.push().code == 0
    assert place.files == local(shelf.data_dir)


def test_parts_that_arrived_before_a_kill_are_whole_and_not_sent_again(
    bucket: FakeBucket, shelf: Program
) -> None:
    """Each part is an object that appears whole; the card comes after all of them."""
    last = f"data/train-{BATCH}-00003.parquet"
    with bucket.gate(f"PUT .*{last}") as gate:
        with shelf.start("dataset", "push", S3, environ=bucket.environ) as running:
            assert gate.reached.wait(60)
            running.signal(signal.SIGINT)
            running.end()
        found = There(shelf, bucket).files
        assert sorted(found) == [f"data/train-{BATCH}-{part:05}.parquet" for part in range(3)]
        assert {path: local(shelf.data_dir)[path] for path in found} == found
    done: Any = There(shelf, bucket).push("--json").json
    assert sorted(done["sent"]) == ["README.md", last]
    assert There(shelf, bucket).files == local(shelf.data_dir)


def test_a_bucket_must_be_there_and_no_secret_is_told(bucket: FakeBucket, shelf: Program) -> None:
    """It is never made: its rights are its owner's business."""
    refused = shelf.run("dataset", "push", "s3://nowhere-at-all/x", environ=bucket.environ)
    assert (refused.code, "there is no bucket nowhere-at-all" in refused.err) == (2, True)
    assert SECRET not in refused.err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:abc", "'http://127.0.0.1:abc': not a URL"),
        ("AWS_ENDPOINT_URL", "http://", "not a URL"),
        ("AWS_ENDPOINT_URL_S3", "127.0.0.1:99999", "'127.0.0.1:99999': not a URL"),
        ("AWS_ENDPOINT_URL", "http://me:s3cret@127.0.0.1:9", "leave out what is before @"),
        ("AWS_REGION", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "can be no region"),
        ("AWS_DEFAULT_REGION", "us east", "'us east' can be no region"),
    ],
)
def test_an_address_or_region_that_can_be_none_is_named(
    bucket: FakeBucket, shelf: Program, name: str, value: str, told: str
) -> None:
    """Before anything is asked: no later push could reach it."""
    refused = There(shelf, bucket).push(**{name: value})
    assert (refused.code, refused.out) == (2, "")
    assert name in refused.err
    assert told in refused.err
    assert "s3cret" not in refused.err
    assert bucket.requests == []


def test_an_option_of_the_target_goes_before_a_variable(bucket: FakeBucket, shelf: Program) -> None:
    """What is not used is not looked at; what is, is named as it was written."""
    environ = {**bucket.environ, "AWS_REGION": "us east"}
    there = shelf.run("dataset", "push", f"{S3}?region=us-east-1", environ=environ)
    assert there.code == 0, there.err
    refused = shelf.run("dataset", "push", f"{S3}?region=us+west", environ=environ)
    assert (refused.code, "region 'us west' can be no region" in refused.err) == (2, True)


def test_a_region_of_a_file_that_can_be_none_is_no_pause(
    bucket: FakeBucket, shelf: Program, tmp_path: Path
) -> None:
    """The client reads it alone, and asks nobody."""
    file = tmp_path / "aws"
    file.write_text("[default]\nregion = us east\n", "utf-8")
    refused = There(shelf, bucket).push(AWS_CONFIG_FILE=str(file))
    assert (refused.code, "~/.aws/config" in refused.err) == (2, True), refused.err
    assert bucket.requests == []


def test_what_arrow_takes_for_no_path_is_the_targets_fault() -> None:
    """Whatever passes by us; nobody is asked."""
    environ = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": "eu-1"}
    place = S3Bucket(Destination("s3", BUCKET, "a//b"), environ)
    with pytest.raises(UsageError, match="s3://shelf/a//b is no place in a bucket"):
        place.look()


def test_s3_is_found_where_the_executable_hid_it() -> None:
    """Also when parquet was read before."""
    program = (
        "from legalgen import cli\n"
        "cli._be_quick()\n"
        "import pyarrow.parquet\n"
        "from legalgen.dataset.s3 import _file_systems\n"
        "import pyarrow.fs\n"
        "print('S3FileSystem' in vars(pyarrow.fs))\n"
        "_file_systems().S3FileSystem"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
