"""The provider ray where there is no Ray: what is asked of it, and what is said.

What it does on a cluster is in ``tests/batch/test_ray_cluster.py``. Here its pool runs on a
stand-in of Ray (``tests/data/ray``) with threads for actors: the calls of Ray that the pool makes,
and how a lost actor shows.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from legalgen.completion import Completion, Message, Prompt, Request, Usage
from legalgen.errors import ConfigurationError, ErrorCategory, Failure, ProviderError, UsageError
from legalgen.providers._ray_words import Answer, PoolPlan
from legalgen.providers.base import Provider
from legalgen.providers.catalog import Catalog
from legalgen.providers.loading import open_provider
from legalgen.providers.ray import _Waiting
from legalgen.routing.from_settings import plan_route, target_of
from legalgen.settings.config_file import config_template
from legalgen.settings.layers import Settings
from legalgen.settings.show import describe
from tests.program import Program, closed_port, environment, silent_port
from tests.waiting import eventually

STAND_IN = Path(__file__).parents[1] / "data" / "ray"
ROOT = Path(__file__).parents[2]


def ask(content: str = "?", timeout_s: float = 60.0) -> Request:
    return Request("it", Prompt((Message("user", content),), version="1"), 100, timeout_s)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module ``ray`` on the path, of this process and of the pool's."""
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, (STAND_IN, ROOT, ROOT / "src"))))


@pytest.fixture
def head() -> Iterator[str]:
    """Somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def address(head: str, installed: None) -> str:
    """A cluster, as far as the stand-in is one."""
    return head


@contextlib.contextmanager
def pool(address: str, function: str, replicas: int = 1) -> Iterator[Provider]:
    named = f"tests.data.ray.models:{function}"
    options = {"address": address, "callable": named, "replicas": replicas}
    provider = open_provider("ray", options=options)
    try:
        yield provider
    finally:
        provider.close()


def failure_of(provider: Provider, request: Request) -> Failure:
    with pytest.raises(ProviderError) as refused:
        provider.complete(request)
    return refused.value.failure


# --- before anything is asked ------------------------------------------------------------------


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence with the line for pip."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigurationError) as refused:
        open_provider("ray")
    assert "the provider ray needs a package" in str(refused.value)
    assert "-m pip install 'ray>=2.40'" in str(refused.value)


@pytest.mark.usefixtures("installed")
def test_nobody_at_the_address_is_said_at_once() -> None:
    """With what starts a head, and where the address is set."""
    with closed_port() as port, pytest.raises(ConfigurationError, match="refused") as refused:
        open_provider("ray", options={"address": f"127.0.0.1:{port}"})
    assert f"nobody listens at 127.0.0.1:{port}" in str(refused.value)
    assert "`ray start --head`, or set address in [providers.ray]" in str(refused.value)


@pytest.mark.usefixtures("installed")
def test_an_address_that_does_not_answer_is_not_waited_for() -> None:
    """Ray itself would wait for more than a minute and a half."""
    with silent_port() as port, pytest.raises(ConfigurationError, match="nobody listens"):
        open_provider("ray", options={"address": f"127.0.0.1:{port}"}, connect_timeout_s=0.1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"address": "there"}, "address is \"host:port\" of the head, not 'there'"),
        ({"address": 6379}, 'address is "host:port"'),
        ({"replicas": 0}, "replicas must be a whole number above 0, not 0"),
        ({"replicas": "4"}, "replicas must be a whole number above 0"),
        ({"threads": True}, "threads must be a whole number above 0"),
        ({"resources": "GPU"}, "resources is a table such as { GPU = 1 }"),
        ({"resources": {"GPU": -1}}, "resources is a table"),
        ({"callable": "answer"}, 'callable is "module:function", not'),
        ({"callable": 1}, 'callable is "module:function"'),
        ({"model_path": 1}, "model_path must be a path"),
    ],
)
@pytest.mark.usefixtures("installed")
def test_an_option_that_cannot_be_meant_is_said(options: Mapping[str, object], words: str) -> None:
    """Before anybody is called."""
    with pytest.raises(ConfigurationError) as refused:
        open_provider("ray", options=options)
    assert words in str(refused.value)


def settings(tmp_path: Path, table: str, **flags: str) -> Settings:
    config = tmp_path / "config.toml"
    config.write_text(f"[providers.ray]\n{table}\n", "utf-8")
    environ = environment(tmp_path, None) | {"GROQ_API_KEY": "gsk_0123456789abcdef"}
    return Settings.load({"provider": "ray", **flags}, environ, config)


def route_of(found: Settings) -> list[str]:
    return [str(place.ref) for place in plan_route(found, Catalog.load()).entries]


def test_its_settings_are_declared_once(tmp_path: Path) -> None:
    """They are in the commented file and in ``config show``; as many calls at once as replicas."""
    found = settings(tmp_path, 'replicas = 3\ncallable = "mine:answer"', only_provider="true")
    shown = {each.name: each.value for each in describe(found)}
    assert shown["providers.ray.replicas"] == "3"
    assert "# replicas = 1" in config_template().partition("[providers.ray]")[2]
    (place,) = plan_route(found, Catalog.load()).entries
    assert str(place.ref) == "ray/mine:answer"
    assert target_of(found, place).max_in_flight == 3
    assert target_of(found, place).priced


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    """Also one that belongs to ray, at another provider."""
    with pytest.raises(ConfigurationError, match="replica: is not known"):
        settings(tmp_path, "replica = 3")
    with pytest.raises(ConfigurationError, match="replicas: is not known"):
        settings(tmp_path, "[providers.groq]\nreplicas = 3")


def test_a_file_and_the_toy_are_models_and_other_names_are_not(tmp_path: Path) -> None:
    """The toy makes a rehearsal and goes nowhere else; a file goes on with who has a key."""
    toy = settings(tmp_path, "", model="smollm2-135m")
    assert route_of(toy) == ["ray/smollm2-135m"]
    assert plan_route(toy, Catalog.load()).rehearsal
    of_file = settings(tmp_path, "", model="models/own.gguf")
    assert route_of(of_file)[0] == "ray/own"
    assert route_of(of_file)[1].startswith("groq/")
    assert not plan_route(of_file, Catalog.load()).rehearsal
    with pytest.raises(UsageError, match=r"a ray model is smollm2-135m, or the path of a \.gguf"):
        route_of(settings(tmp_path, "", model="llama"))


def test_it_is_in_no_route_that_does_not_name_it(tmp_path: Path) -> None:
    """A cluster is not used by accident."""
    found = settings(tmp_path, 'callable = "mine:answer"', provider="groq")
    assert not [ref for ref in route_of(found) if ref.startswith("ray/")]


def test_a_batch_of_another_provider_imports_no_ray(program: Program, tmp_path: Path) -> None:
    """Nor does --help: a module of that name that cannot be imported is not met."""
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / "ray.py").write_text("raise SystemExit('ray was imported')\n", "utf-8")
    environ = {"PYTHONPATH": str(trap)}
    batch = program.run("batch", "--provider", "groq", "--count", "1", environ=environ)
    assert batch.code == 0, batch.err
    assert program.run("--help", environ=environ).code == 0


# --- the pool ----------------------------------------------------------------------------------


def test_it_answers(address: str) -> None:
    """What a callable returns: a text, or a chat completion with its tokens."""
    with pool(address, "echo") as provider:
        assert provider.complete(ask("hello")).text == "hello"
    with pool(address, "Counting") as provider:
        first, second = provider.complete(ask()), provider.complete(ask())
    assert (first.text, second.text) == ("1", "2")  # one object a replica
    assert (second.model, second.usage.output_tokens) == ("it", 7)


def test_what_a_callable_raises_or_returns_wrongly_is_a_failed_call(address: str) -> None:
    """And the replica takes the next one."""
    with pool(address, "awkward") as provider:
        raised = failure_of(provider, ask("raise"))
        wrong = failure_of(provider, ask("wrong"))
        assert provider.complete(ask("well")).text == "well"
    assert raised.category is wrong.category is ErrorCategory.SERVER_ERROR
    assert raised.message == "ZeroDivisionError: a model of one's own"
    assert "neither a text nor a chat completion" in wrong.message


def test_a_model_that_cannot_be_loaded_is_unavailable(address: str) -> None:
    """With the reason; it is not tried again and again."""
    with pool(address, "not_there") as provider:
        failure = failure_of(provider, ask())
    assert failure.category is ErrorCategory.MODEL_UNAVAILABLE
    assert "not_there" in failure.message


def test_a_seat_takes_no_call_before_its_old_one_is_over(address: str, tmp_path: Path) -> None:
    """A call that was left at its deadline goes on in the actor; the next one comes after it."""
    gate, log = tmp_path / "gate", tmp_path / "log"
    with pool(address, "gated") as provider:
        assert provider.complete(ask(f"{tmp_path} {tmp_path / 'warm'}")).text == "through"
        late = failure_of(provider, ask(f"{gate} {log}", timeout_s=2.0))
        assert late.category is ErrorCategory.TIMEOUT
        busy = failure_of(provider, ask(f"{gate} {log}", timeout_s=0.2))
        assert busy.category is ErrorCategory.TIMEOUT
        gate.touch()
        assert provider.complete(ask(f"{gate} {log}")).text == "through"
    # the one that was never begun is not made up for: nobody waits for it
    assert log.read_text("utf-8") == "begun ended begun ended "


def test_a_lost_actor_costs_its_call_and_comes_back(address: str) -> None:
    """Ray starts it anew, and the model is loaded there before it takes a call."""
    with pool(address, "Mortal") as provider:
        assert provider.complete(ask("live")).text == "1"
        failure = failure_of(provider, ask("die"))
        assert provider.complete(ask("live")).text == "1"
    assert failure.category is ErrorCategory.CONNECTION_ERROR
    assert "a replica is gone" in failure.message


def test_a_pool_that_is_gone_is_opened_anew(address: str) -> None:
    """When all that it held is dead for good, or its own process ends."""
    with pool(address, "Mortal") as provider:
        failure = failure_of(provider, ask("perish"))
        assert failure.category is ErrorCategory.CONNECTION_ERROR
        assert _until_answered(provider).text == "1"


def test_a_pool_that_is_killed_while_it_writes_is_opened_anew(address: str) -> None:
    """Half an answer is none: the call ends at once, and the next one is answered."""
    with pool(address, "torn") as provider:
        assert failure_of(provider, ask("tear")).message == "the pool of replicas is gone"
        assert provider.complete(ask("live")).text == "live"


def test_a_pool_ends_with_who_is_killed_while_it_asks(address: str) -> None:
    """Half a question is none: its stdin has ended."""
    plan = PoolPlan(address, 1, {}, 1, 4096, callable="tests.data.ray.models:echo")
    with subprocess.Popen(
        [sys.executable, "-m", "legalgen.providers._ray_pool"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            out, _ = process.communicate(msgspec.json.encode(plan) + b'\n{"number": 1, "req', 60.0)
        finally:
            process.kill()
    assert process.returncode == 0
    assert [msgspec.json.decode(line, type=Answer) for line in out.splitlines()] in (
        [],
        [Answer(0)],
    )


def _until_answered(provider: Provider) -> Completion:
    answered: list[Completion] = []

    def asked() -> bool:
        with contextlib.suppress(ProviderError):
            answered.append(provider.complete(ask("live")))
        return bool(answered)

    eventually(asked)
    return answered[0]


def test_a_call_that_is_abandoned_ends(address: str, tmp_path: Path) -> None:
    """Whatever the actor does."""
    seen: list[Failure] = []
    with pool(address, "gated") as provider:
        thread = threading.Thread(
            target=lambda: seen.append(failure_of(provider, ask(f"{tmp_path / 'g'} {tmp_path}/l")))
        )
        thread.start()
        eventually((tmp_path / "l").exists)
        provider.abandon()
        thread.join(60.0)
    assert [each.message for each in seen] == ["abandoned"]


def test_an_answer_outlives_the_end_of_its_pool() -> None:
    """It is there, though the pool ends before the one that waits has read it."""
    waiting, answer = _Waiting(), Answer(1, Completion("yes", "stop", Usage(), "it", 1.0))
    waiting.tell(answer)
    waiting.tell(Answer(1, failure=Failure(ErrorCategory.CONNECTION_ERROR, "it is gone")))
    assert waiting.answer == answer


def test_a_cluster_that_refuses_is_a_sentence(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Ray's words."""
    monkeypatch.setenv("STAND_IN_REFUSES", "Version mismatch: the cluster has Ray 1.0")
    with pytest.raises(ConfigurationError) as refused, pool(address, "echo"):
        pass
    assert str(refused.value) == (
        f"ray: cannot join the cluster at {address}: Version mismatch: the cluster has Ray 1.0"
    )
