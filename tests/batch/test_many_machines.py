"""Named servers on several machines, one of which dies."""

from __future__ import annotations

from pathlib import Path

from tests.program import Program
from tests.vendors import Config, VendorServer


def test_one_of_two_named_servers_dies(program: Program, vendors: VendorServer) -> None:
    """What it had in flight is made again at the other: no row is missing, none is there twice."""
    with VendorServer(Config.of(latency=0.02)) as other:
        urls = {"gpu1": other.base_url("compat"), "gpu2": vendors.base_url("compat")}
        tables = [
            f'[servers.{name}]\nbase_url = "{url}"\nmodels = ["qwen3:8b"]\n'
            for name, url in urls.items()
        ]
        Path(program.environ["LEGALGEN_CONFIG"]).write_text("".join(tables), "utf-8")
        route = ("--route", "gpu1/qwen3:8b,gpu2/qwen3:8b", "--count", "60", "-c", "4")
        with program.start("batch", *route) as batch:
            batch.wait_for("SampleAccepted", 10)
            other.close()
            ended = batch.end()
    assert ended.code == 0, ended.err
    rows = program.rows()
    assert len(rows) == len({row["id"] for row in rows}) == len({row["slot"] for row in rows})
    assert len(rows) == 60
    assert {row["provider"] for row in rows} == {"gpu1", "gpu2"}
