"""Real routers and proxies before servers of one's own: one URL, whatever is behind it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import pytest

from legalgen.store.files import DataDir
from legalgen.store.parts import row_count
from tests.batch.test_own_servers import Home
from tests.venvs import python_with

pytestmark = pytest.mark.extended
VLLM_ROUTER = ("vllm-router==0.1.17",)
LITELLM = ("litellm[proxy]==1.90.0",)
ROOT = Path(__file__).parents[2]
START_S = 180.0
KEY = "sk-a-key-of-the-proxy"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    return port


@contextlib.contextmanager
def started(words: Sequence[object], log: Path, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A process, ended with the block; what it says is in the log."""
    env = {"PATH": os.environ["PATH"], "HOME": str(log.parent), "PYTHONPATH": str(ROOT), **environ}
    with log.open("w") as said:
        process = subprocess.Popen(
            [str(word) for word in words], env=env, stdout=subprocess.PIPE, stderr=said, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(60)
            assert process.stdout is not None
            process.stdout.close()


@contextlib.contextmanager
def worker(number: int, folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A replica and its address."""
    words = (sys.executable, "-m", "tests.pool_worker", number)
    with started(words, folder / f"worker-{number}.log") as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process


def wait_for(url: str, process: subprocess.Popen[str], log: Path, **headers: str) -> None:
    """Until a page answers with 200."""
    opener = build_opener(ProxyHandler({}))
    opener.addheaders = list(headers.items())
    end = time.monotonic() + START_S
    while True:
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < end, log.read_text()[-2000:]
        with (
            contextlib.suppress(URLError, ConnectionError, TimeoutError),
            opener.open(url, timeout=5),
        ):
            return
        time.sleep(0.2)


def kill_at(process: subprocess.Popen[str], calls: int) -> None:
    """Kill a replica while its so-manieth call is in flight."""
    assert process.stdout is not None
    for _ in range(calls):
        process.stdout.readline()
    process.kill()


def drained(process: subprocess.Popen[str]) -> None:
    """Read what it prints, so that it never waits for a reader."""
    assert process.stdout is not None
    threading.Thread(target=process.stdout.read, daemon=True).start()


def test_a_pool_behind_vllm_router_survives_a_replica(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Killed with calls in flight: the pool is asked on, and the count is reached."""
    router = python_with(*VLLM_ROUTER).with_name("vllm-router")
    with worker(1, tmp_path) as (one, doomed), worker(2, tmp_path) as (two, _):
        port = free_port()
        words = [router, "--host", "127.0.0.1", "--port", port, "--worker-urls", one, two,
                 "--policy", "round_robin", "--prometheus-port", free_port()]  # fmt: skip
        log = tmp_path / "router.log"
        with started(words, log) as process:
            drained(process)
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/v1/models", process, log)
            home = Home(tmp_path, f'[servers.pool]\nbase_url = "{url}/v1"\n')
            killing = threading.Thread(target=kill_at, args=(doomed, 12))
            killing.start()
            result = home.batch(provider="pool", count="80", concurrency="8")
            killing.join(60)
            assert doomed.poll() is not None
    assert result.exit_code == 0, result.record
    assert row_count(DataDir(Path(home.environ["LEGALGEN_DATA_DIR"]))) == 80
    assert result.record is not None
    failures = Counter(f"{one.category} {one.status}" for one in result.record.failures)
    record_property("failures", dict(failures))
    record_property("calls", sum(stats.calls for stats in result.record.models.values()))


def litellm_config(folder: Path, url: str) -> Path:
    """Three models: one that answers from a text, one behind it that is real, one that is gone."""
    answer = json.loads(json.dumps({"note": "mock"}))
    listed = [
        {"model_name": "m", "litellm_params": {
            "model": "openai/m", "api_base": f"{url}/v1", "api_key": "none"}},
        {"model_name": "mock", "litellm_params": {
            "model": "openai/mock", "api_key": "none", "mock_response": json.dumps(answer)}},
    ]  # fmt: skip
    path = folder / "litellm.yaml"
    settings = {"general_settings": {"master_key": KEY}}
    path.write_text(json.dumps({"model_list": listed, **settings}))  # JSON is YAML too
    return path


def test_a_litellm_proxy_is_a_server_like_any_other(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """With its key, by its preset; a wrong key is said; a mock's answer is refused and kept."""
    proxy = python_with(*LITELLM).with_name("litellm")
    with worker(1, tmp_path) as (url, _):
        port = free_port()
        words = [proxy, "--config", litellm_config(tmp_path, url), "--host", "127.0.0.1",
                 "--port", port, "--telemetry", "False"]  # fmt: skip
        log = tmp_path / "litellm.log"
        local = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "127.0.0.1"}
        with started(words, log, **local) as process:
            drained(process)
            base = f"http://127.0.0.1:{port}"
            wait_for(f"{base}/health/liveliness", process, log)
            table = f'[servers.lite]\npreset = "litellm"\nbase_url = "{base}"\nkey = "%s"\n'
            home = Home(tmp_path, table % KEY)
            done = home.batch(provider="lite", model="m", count="12", concurrency="4")
            assert done.exit_code == 0, done.record
            assert done.record is not None
            record_property("calls", sum(one.calls for one in done.record.models.values()))
            mocked = home.batch(provider="lite", model="mock", count="1", no_failover=True)
            assert mocked.exit_code == 6
            refused = Home(tmp_path, table % "sk-another").batch(provider="lite", model="m")
            assert (refused.exit_code, [o.category for o in refused.obstacles]) == (
                3, ["authentication"],
            )  # fmt: skip
    folder = DataDir(Path(home.environ["LEGALGEN_DATA_DIR"]))
    assert row_count(folder) == 12
    assert any("mock" in path.read_text() for path in folder.rejected.iterdir())
