"""Settings: which layer wins, where a value came from, and what a wrong one is told."""

import copy
import math
import os
import pickle
import re
import resource
import subprocess
import sys
import tomllib
import tracemalloc
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legalgen.completion import LimitReading, ModelRef
from legalgen.errors import ConfigurationError, DiskError, UsageError
from legalgen.settings.config_file import config_template, configuration_page, init_config, set_key
from legalgen.settings.declaration import Folders, Origin
from legalgen.settings.document import LIMIT_KEYS, Document
from legalgen.settings.layers import SETTINGS, Settings, config_path, find_config
from legalgen.settings.provider_tables import ProviderSettings
from legalgen.settings.reading import read_bounded
from legalgen.settings.show import Shown, describe
from legalgen.settings.types import Secret, format_duration, misplaced_url, parse_duration

KEY = "gsk_" + "Ab3" * 16
OTHER_KEY = "csk-" + "Zz9" * 16
NOWHERE = Folders(data=None, state=None, log=None, config=None)
PROVIDERS = ("groq", "cerebras", "openai", "local", "ray")


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    """The platform's folders, under the test's own."""
    return Folders(*(tmp_path / name for name in ("data", "state", "log", "config")))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode())
    path.chmod(0o600)
    return path


def load(
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    config: Path | None = None,
) -> Settings:
    """All layers, with every folder named, and nothing of this machine."""
    named = {"LEGALGEN_DATA_DIR": "/d", "LEGALGEN_STATE_DIR": "/s", "LEGALGEN_LOG_DIR": "/l"}
    return Settings.load(
        flags or {}, named | dict(environ or {}), config, folders=NOWHERE, known_providers=PROVIDERS
    )


# ------------------------------------------------------------------ layers


def test_flag_before_environment_before_file_before_default(tmp_path: Path) -> None:
    """Each layer is asked only for what the ones above it leave open, and says so."""
    path = written(
        tmp_path, '[batch]\nmax_wait = "1h30m"\ncount = 3\nseed = 7\n[log]\nlevel="debug"'
    )
    environ = {"LEGALGEN_MAX_WAIT": "2m", "LEGALGEN_COUNT": "20"}

    settings = load({"max_wait": "90s", "model": None, "topic": []}, environ, path)

    names = ("max_wait", "count", "seed", "log_level", "model", "topic")
    assert {name: (getattr(settings, name), settings.origin(name)) for name in names} == {
        "max_wait": (90.0, Origin("flag", "--max-wait")),
        "count": (20, Origin("environment", "LEGALGEN_COUNT")),
        "seed": (7, Origin("config", f"{path} [batch] seed")),
        "log_level": ("debug", Origin("config", f"{path} [log] level")),
        "model": (None, Origin("default")),
        "topic": ((), Origin("default")),
    }


def test_without_any_layer_the_defaults_hold() -> None:
    """The defaults are those of the documentation, each of its own type."""
    settings = load()

    assert {each.name: getattr(settings, each.name) for each in SETTINGS} == {
        "provider": None, "model": None, "taxonomy": None, "authorities": None,
        "gate_file": None, "exclude": (), "semantic": None,
        "count": 10, "seed": None, "concurrency": "auto", "max_wait": None, "max_time": None,
        "max_cost": None, "max_cost_per_day": None, "max_cost_per_month": None,
        "max_tokens": None, "max_calls": None,
        "jurisdiction": (), "practice_area": (), "topic": (), "difficulty": (), "sample_type": (),
        "reasoning_instruction": None, "citation_policy": "statute-first", "gate": "full",
        "judge": (), "judge_share": None, "min_score": None, "unjudged": "wait",
        "keep_remote": False, "as_of": None,
        "grounded": False, "source": (), "per_chunk": None, "chunks_per_sample": "1",
        "points": False,
        "keep_thinking": False, "reasoning_effort": "low", "temperature": None, "top_p": None,
        "timeout": None, "connect_timeout": 5.0,
        "route": (), "no_failover": False, "only_provider": False, "spill_after": 5.0,
        "stickiness": 0.05, "quota_share": 1.0,
        "alert_switches": 10, "alert_timeouts": 20,
        "data_dir": Path("/d"), "state_dir": Path("/s"), "log_dir": Path("/l"),
        "log_level": "info", "log_format": "text", "color": "auto", "quiet": False, "json": False,
        "events": None, "on_end": None, "metrics_file": None, "base_url": None,
    }  # fmt: skip
    assert settings.warnings == ()


@pytest.mark.parametrize("empty", ["", "  ", "\t\n"])
def test_an_empty_variable_is_unset(empty: str) -> None:
    """A variable that a script left empty changes nothing, a key's included."""
    settings = load({}, {"LEGALGEN_COUNT": empty, "GROQ_API_KEY": empty})

    assert settings.origin("count") == Origin("default")
    assert settings.key("groq") is None


def test_a_flag_given_as_no_wins_over_a_yes_of_the_file(tmp_path: Path) -> None:
    """False is a value; only None is a flag that was not given."""
    path = written(tmp_path, "[failover]\nno_failover = true\n")

    assert load({}, {}, path).no_failover is True
    assert load({"no_failover": False}, {}, path).no_failover is False


def test_off_and_all_lift_what_the_file_bounds(tmp_path: Path) -> None:
    """Every bound and every restriction of the file can be lifted for one run."""
    path = written(
        tmp_path,
        '[batch]\nmax_time="1h"\nmax_cost=2\nmax_tokens=5\nmax_calls=6\n[sample]\ntopic=["a"]',
    )
    bounds = ("max_time", "max_cost", "max_tokens", "max_calls")

    bounded = load({}, {}, path)
    free = load(dict.fromkeys(bounds, "off") | {"topic": ["all"], "max_wait": "off"}, {}, path)

    assert [getattr(bounded, name) for name in (*bounds, "topic")] == [3600, 2, 5, 6, ("a",)]
    assert [getattr(free, name) for name in (*bounds, "topic")] == [None, None, None, None, ()]
    assert free.max_wait == math.inf


@pytest.mark.parametrize(
    ("name", "texts", "value"),
    [
        ("topic", ["formation, breach", "formation"], ("formation", "breach")),
        ("topic", "formation,breach", ("formation", "breach")),
        (
            "route",
            ["groq/openai/gpt-oss-120b,cerebras/x"],
            (ModelRef("groq", "openai/gpt-oss-120b"), ModelRef("cerebras", "x")),
        ),
        ("concurrency", "AUTO", "auto"),
        ("concurrency", "1024", 1024),
        ("max_tokens", "2M", 2_000_000),
        ("max_tokens", 1_000, 1_000),
        ("max_cost", "$2.50", 2.5),
        ("citation_policy", "STATUTE_first", "statute-first"),
        ("seed", "-3", -3),
        ("base_url", "http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080/v1"),
        ("taxonomy", Path("mine.toml"), Path("mine.toml")),
    ],
)
def test_what_a_value_may_look_like(name: str, texts: object, value: object) -> None:
    """A flag's text, its repetition and its ready value all come out as one type."""
    assert getattr(load({name: texts}), name) == value


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "max_wait",
            "2x",
            (
                '--max-wait "2x": not a duration; write 90s, 2m, 1h30m, 15min or plain '
                "seconds, or off for no bound."
            ),
        ),
        ("timeout", "0", '--timeout "0": it must be longer than nothing; a call needs some time.'),
        (
            "timeout",
            "off",
            ('--timeout "off": not a duration; write 90s, 2m, 1h30m, 15min or plain seconds.'),
        ),
        ("count", 0, "--count 0: not a whole number of at least 1."),
        ("count", "1e3", '--count "1e3": not a whole number of at least 1.'),
        (
            "concurrency",
            1025,
            "--concurrency 1025: not auto and not a whole number from 1 to 1024.",
        ),
        ("gate", "ful", '--gate "ful": not one of full, structure; did you mean full?'),
        ("topic", "a,,b", '--topic "a,,b": there is nothing between two commas; write a,b,c.'),
        (
            "quota_share",
            0,
            "--quota-share 0: not more than 0 and at most 1; write 1/3, 0.25 or 25%.",
        ),
        (
            "quota_share",
            "4/3",
            '--quota-share "4/3": not more than 0 and at most 1; write 1/3, 0.25 or 25%.',
        ),
        (
            "quota_share",
            "a third",
            '--quota-share "a third": not a part of a whole; write 1/3, 0.25 or 25%.',
        ),
        (
            "max_cost",
            "nan",
            ('--max-cost "nan": not an amount of dollars; write 2.50, or off for no bound.'),
        ),
        (
            "max_cost",
            "$0",
            '--max-cost "$0": no call can be paid with nothing; write 2.50, or off for no bound.',
        ),
        (
            "max_time",
            "0s",
            '--max-time "0s": no call fits into no time; write 90s, 2h, or off for no bound.',
        ),
        (
            "max_tokens",
            "0",
            '--max-tokens "0": not a whole number of at least 1, or off for no bound.',
        ),
        (
            "max_calls",
            "0",
            '--max-calls "0": not a whole number of at least 1, or off for no bound.',
        ),
        (
            "base_url",
            "localhost:8080",
            ('--base-url "localhost:8080": not a URL; write http://host:port or https://host.'),
        ),
        (
            "base_url",
            "http://h:99999",
            ('--base-url "http://h:99999": not a URL; write http://host:port or https://host.'),
        ),
        (
            "route",
            "groq",
            (
                "--route \"groq\": 'groq' is not of the form provider/model; write "
                "groq/openai/gpt-oss-120b,cerebras/gpt-oss-120b."
            ),
        ),
    ],
)
def test_a_wrong_flag_is_told_what_to_write(name: str, value: object, sentence: str) -> None:
    """The sentence names the flag, the value and the remedy, and the exit code is 2."""
    with pytest.raises(UsageError) as caught:
        load({name: value})

    assert (str(caught.value), caught.value.exit_code) == (sentence, 2)


@pytest.mark.parametrize(
    "name", [each.name for each in SETTINGS if each.kind.name.startswith("path")]
)
def test_no_path_may_be_a_url(tmp_path: Path, name: str) -> None:
    """In any layer: else a folder called ``s3:`` is made, and paid for, where nobody looks."""
    url = "s3://bucket/prefix"
    with pytest.raises(UsageError, match=r"a URL, and a f\w+ of this machine is meant"):
        load({name: url}, {})
    declared = next(each for each in SETTINGS if each.name == name)
    with pytest.raises(ConfigurationError, match=declared.env):
        load({}, {declared.env: url})
    head = f"[{declared.table}]\n" if declared.table else ""
    path = written(tmp_path, f'{head}{declared.key} = "{url}"\n')
    with pytest.raises(ConfigurationError, match="a URL"):
        Settings.load({}, {}, path)


@pytest.mark.parametrize(
    ("url", "folder", "cure"),
    [
        ("s3://b/x", True, "`legalgen dataset push s3://b/x` sends the dataset on"),
        ("hf://datasets/me/name", True, "`legalgen dataset push me/name` sends the dataset on"),
        ("S3:/b/x", False, "`aws s3 cp` copies what is there"),
        ("https://x.org/t.toml", False, "`curl -LO` copies what is there"),
        ("file:///srv/t.toml", False, "write /srv/t.toml"),
        ("sftp://me@host/x", True, "copy what is there"),
    ],
)
def test_the_command_that_does_it_is_named(url: str, folder: bool, cure: str) -> None:
    """By where the URL leads."""
    assert misplaced_url(url, folder=folder).endswith(cure)


@pytest.mark.parametrize("path", ["data", "/srv/data", "C:/data", "./a:b/c", "~/x", "a/s3://b"])
def test_a_path_is_no_url(path: str) -> None:
    """Not even with a colon in it."""
    assert misplaced_url(path) == ""


def test_a_wrong_variable_is_named() -> None:
    """From the environment it is a configuration error with the variable's name."""
    with pytest.raises(ConfigurationError) as caught:
        load({}, {"LEGALGEN_LOG_LEVEL": "loud\n\x1b[31m"})

    assert str(caught.value) == (
        'LEGALGEN_LOG_LEVEL "loud\\n\\u001b[31m": not one of debug, info, warning, error.'
    )


def test_a_setting_that_does_not_exist_is_our_own_mistake() -> None:
    """A flag without a setting must fail in the first test of whoever adds it."""
    with pytest.raises(TypeError, match="no such settings: max_weight"):
        load({"max_weight": 3})


def test_a_mistyped_variable_is_a_warning() -> None:
    """A variable nobody reads is pointed out, but for a key that a server of another file has."""
    names = ("LEGALGEN_MAXWAIT", "LEGALGEN_UNTIL_TOTAL", "LEGALGEN_GPU1_API_KEY", "LEGALGENX_COUNT")
    settings = load({}, dict.fromkeys(names, "3"))

    assert settings.warnings == (
        "LEGALGEN_MAXWAIT is set and is no setting; did you mean LEGALGEN_MAX_WAIT?",
        "LEGALGEN_UNTIL_TOTAL is set and is no setting",
    )


# ------------------------------------------------------------------ durations


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90), ("90s", 90), ("2m", 120), ("15min", 900), ("1h30m", 5400), ("1.5h", 5400),
        (" 1 h 5 s ", 3605), ("1 hour and 5 secs", 3605), ("250ms", 0.25), ("2 days", 172_800),
        ("0", 0), ("1H", 3600),
    ],
)  # fmt: skip
def test_durations(text: str, seconds: float) -> None:
    """All the ways people write a time."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "x", "-3", "1x", "3 apples", "1m1h", "1m1m", "1e3", "inf", "1:30", "h", "9" * 400,
             "5\u017f", "5m\u0131n"]
)  # fmt: skip
def test_no_durations(text: str) -> None:
    """What is not surely a time is refused."""
    with pytest.raises(ValueError, match=r"not a duration|large to small|longer than"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_is_read_as_it_is_written(milliseconds: int) -> None:
    """format_duration is undone by parse_duration, to the millisecond."""
    seconds = milliseconds / 1000

    assert math.isclose(parse_duration(format_duration(seconds)), seconds, abs_tol=5e-4)


# ------------------------------------------------------------------ the file


@pytest.mark.parametrize(
    "text",
    [
        '\ufeff[batch]\nmax_wait = "2m"\n',
        '[batch]\r\nmax_wait = "2m"\r\n',
        '\t[batch]\t\n\t\tmax_wait\t=\t"2m"\t# two\n',
        'batch.max_wait = "2m"',
        "batch = { max_wait = 120 }",
        "[batch]\nmax_wait = 120.0",
    ],
)
def test_a_file_as_editors_leave_it(tmp_path: Path, text: str) -> None:
    """Byte order marks, CRLF, tabs and every form of a table are read alike."""
    assert load({}, {}, written(tmp_path, text)).max_wait == 120


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "[batch]\nmax_wait = 2 m",
            (
                "is not TOML: Expected newline or end of document after a "
                "statement (at line 2, column 14)."
            ),
        ),
        ('a = 1\nb = "x', "is not TOML: Unterminated string (at line 2, the last)."),
        ('max_wait = "2m"', "max_wait: is not known; it belongs in [batch]."),
        (
            "[log]\nlog_level = 'info'",
            "[log] log_level: is not known; it belongs in [log] as level.",
        ),
        ("[batch]\nmax_wiat = 3", "[batch] max_wiat: is not known; did you mean max_wait?"),
        ("[bach]\ncount = 3", "bach: is not known; did you mean batch?"),
        (
            "zzz = 3",  # in one order, whichever way the program was started
            (
                "zzz: is not known; known are provider, model, taxonomy, authorities, gate_file, "
                "exclude, semantic, providers, servers, limits, prices, gate, weights, batch, "
                "calls, failover, log, output, paths, sample."
            ),
        ),
        ("batch = 3", "[batch]: is a table: write [batch] on a line of its own."),
        ('taxonomy = "a\\u0000b"', 'taxonomy = "a\\u0000b": no path holds a null character.'),
        ("[batch]\ncount = true", "[batch] count = true: not a whole number of at least 1."),
        (
            "[batch]\nmax_wait = 2020-01-01",
            (
                "[batch] max_wait = 2020-01-01: text is expected "
                "here, in quotes, or off for no bound."
            ),
        ),
        (
            "[batch]\nmax_wait = nan",
            (
                "[batch] max_wait = NaN: not a duration; write 90s, 2m, 1h30m, "
                "15min or plain seconds, or off for no bound."
            ),
        ),
        ("[sample]\ntopic = 3", "[sample] topic = 3: text is expected here, in quotes."),
        ("[providers.gorq]", "[providers] gorq: is not known; did you mean groq?"),
        (
            "[providers.groq]\napi_kee = 'x'",
            ("[providers.groq] api_kee: is not known; did you mean api_key?"),
        ),
        (
            "[providers.groq]\napi_key = 123456789",
            ("[providers.groq] api_key: text is expected here, in quotes."),
        ),
        (
            "[providers]\ngroq = 'gsk_abcdefgh'",
            ("[providers.groq]: is a table: write [providers.groq] on a line of its own."),
        ),
        (
            '[limits."groq/x.y"]\nrequest_per_minute = 3',
            (
                '[limits."groq/x.y"] request_per_minute: is '
                "not known; did you mean requests_per_minute?"
            ),
        ),
        (
            "[limits.groq]\ntokens_per_day = 3",
            ("[limits.\"groq\"]: 'groq' is not of the form provider/model."),
        ),
        (
            '[limits."grok/openai/gpt-oss-120b"]\nrequests_per_day = 3',
            (
                '[limits."grok/openai/gpt-oss-120b"]: the provider grok is not known; '
                "did you mean groq?"
            ),
        ),
        (
            '[prices."gpu7/qwen3:8b"]\ninput = 1\noutput = 1',
            (
                '[prices."gpu7/qwen3:8b"]: the provider gpu7 is not known; a server of your own '
                "stands in [servers.gpu7]."
            ),
        ),
        (
            '[prices."openroutr/m"]\ninput = 1\noutput = 1',
            '[prices."openroutr/m"]: the provider openroutr is not known; did you mean openrouter?',
        ),
        (
            '[limits."groq/x.y"]\nrequests_per_minute = "many"',
            ('[limits."groq/x.y"] requests_per_minute = "many": not a whole number of at least 0.'),
        ),
        *(
            (
                f'[limits."groq/x.y"]\n{key} = 0',
                (
                    f'[limits."groq/x.y"] {key} = 0: is no limit; for none leave the line out, and '
                    "a model that shall not be called out of --route (--only-provider keeps to one "
                    "provider)."
                ),
            )
            for key in LIMIT_KEYS
        ),
        (
            "[weights]\ntopic = { formation = 2 }",  # a setting of [sample], which weighs nothing
            "[weights] topic: is not known; known are jurisdiction, difficulty, sample_type.",
        ),
        (
            "[weights.jurisdiction]\nuk = -1",
            "[weights.jurisdiction] uk = -1: not a number from 0 to 1000000000.",
        ),
        (
            "[weights]\njurisdiction = { uk = 1e308 }",  # the sum of two has no end
            "[weights.jurisdiction] uk = 1e+308: not a number from 0 to 1000000000.",
        ),
        *(
            (
                f'[prices."groq/x.y"]\ninput = 1\noutput = {price}',
                f'[prices."groq/x.y"] output = {shown}: not a number from 0 to 1000000.',
            )
            for price, shown in (("1e308", "1e+308"), ("inf", "Infinity"), ("-1", "-1"))
        ),
        (
            "[providers.groq]\nprices = { input = 2e6, output = 1 }",
            "[providers.groq] prices input = 2000000.0: not a number from 0 to 1000000.",
        ),
        *(
            (f"{text} = 0x{'f' * 5000}", f"{where}: no whole number is larger than {2**63 - 1}.")
            for text, where in (
                ("[batch]\ncount", "[batch] count"),
                ("[batch]\nmax_time", "[batch] max_time"),
                ("[calls]\ntemperature", "[calls] temperature"),
                ('[prices."groq/x.y"]\ninput', '[prices."groq/x.y"] input'),
                ("weights.jurisdiction.uk", "[weights.jurisdiction] uk"),
            )
        ),
        (
            f"[batch]\ncount = {'9' * 5000}",  # of which Python reads no number at all
            f"(at line 2): no whole number is larger than {2**63 - 1}.",
        ),
        (
            f"[batch]\ncount = {2**63}",
            f"[batch] count: no whole number is larger than {2**63 - 1}.",
        ),
        (
            f"[sources]\nmany = [1, [{{ deep = -{2**63} }}]]",
            f"[sources.many] deep: no whole number is larger than {2**63 - 1}.",
        ),
        (
            "[weights]\ndificulty = {}",
            "[weights] dificulty: is not known; did you mean difficulty?",
        ),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path: Path, text: str, problem: str) -> None:
    """The sentence names file, table, key or line, and the remedy; no key is ever quoted."""
    path = written(tmp_path, text)

    with pytest.raises(ConfigurationError) as caught:
        load({}, {}, path)

    assert str(caught.value) == f"{path} {problem}"


def test_a_limit_of_a_model_that_nobody_has_is_told(tmp_path: Path) -> None:
    """A typo lifts the limit that it states; a list at run time may yet name such a model."""
    text = """
        [limits."groq/openai/gpt-os-120b"]
        requests_per_day = 3
        [prices."groq#2/nosuch"]
        input = 1
        output = 1
        """
    path = written(tmp_path, text)
    place = f'{path} [limits."groq/openai/gpt-os-120b"]: groq has no such model'
    assert load({}, {}, path).warnings == (
        f"{place}; did you mean openai/gpt-oss-120b?",
        f'{path} [prices."groq#2/nosuch"]: groq has no such model',
    )


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("groq/openai/gpt-oss-120b", ""),
        ("groq#2/openai/gpt-oss-120b", ""),
        ("groq/gemma2-9b-it", ""),
        ("groq/new-model", '[providers.groq]\nmodels = ["new-model"]'),
        ("groq/new-model", '[providers.groq.models."new-model"]\ncontext = 8192'),
        ("openai/qwen3:8b", ""),
        ("local/mine.gguf", ""),
        ("gpu1/qwen3:8b", '[servers.gpu1]\nbase_url = "http://gpu1:8000/v1"'),
        ("ollama/qwen3:8b", ""),
    ],
)
def test_what_is_stated_of_a_model_that_may_be_there_is_taken(
    tmp_path: Path, name: str, beside: str
) -> None:
    """Listed, retired, named in the file, or of a server that has whatever models it has."""
    tables = f'[limits."{name}"]\nrequests_per_day = 3\n[prices."{name}"]\ninput = 1\noutput = 1'
    settings = load({}, {}, written(tmp_path, f"{tables}\n{beside}"))
    assert settings.warnings == ()
    assert [str(ref) for ref in settings.limits] == [name]


def test_a_file_that_is_not_text_names_the_line(tmp_path: Path) -> None:
    """Latin-1 in line 2 is pointed at."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"# a\n# caf\xe9\n")

    with pytest.raises(ConfigurationError, match=r"is not UTF-8 \(at line 2\)\.$"):
        load({}, {}, path)


def test_a_file_that_is_a_folder_is_a_sentence(tmp_path: Path) -> None:
    """What cannot be read is named, with the reason."""
    with pytest.raises(ConfigurationError, match="cannot be read: it is no regular file"):
        load({}, {}, tmp_path)


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    """Cron starts in another folder than the user's; flags mean the current one."""
    path = written(tmp_path, 'taxonomy = "mine.toml"\n[providers.local]\nmodel_path = "a.gguf"')

    settings = load({"authorities": "list.txt"}, {}, path)

    assert settings.taxonomy == tmp_path / "mine.toml"
    assert settings.providers["local"].model_path == tmp_path / "a.gguf"
    assert settings.authorities == Path("list.txt")


def test_the_tables_of_the_file(tmp_path: Path) -> None:
    """Providers, limits, gate and weights come out as the words other rooms use."""
    path = written(
        tmp_path,
        f"""
        [providers.groq]
        api_key = "{KEY}"
        [providers.openai]
        base_url = "http://127.0.0.1:11434/v1"
        models = ["llama3.1:8b", "qwen3:14b"]
        [limits."groq/openai/gpt-oss-120b"]
        requests_per_minute = 30
        tokens_per_day = 200_000
        [gate]
        near_duplicate = 0.7
        [prices."openai/qwen3:8b"]
        input = 0.2
        output = 1
        [weights]
        jurisdiction = {{ uk = 2, us = 1.5 }}
        """,
    )

    settings = load({}, {}, path)

    assert settings.providers == {
        "groq": ProviderSettings(api_key=Secret(KEY)),
        "openai": ProviderSettings(
            base_url="http://127.0.0.1:11434/v1", models=("llama3.1:8b", "qwen3:14b")
        ),
    }
    assert settings.limits == {
        ModelRef("groq", "openai/gpt-oss-120b"): (
            LimitReading("requests", "minute", limit=30),
            LimitReading("tokens", "day", limit=200_000),
        )
    }
    assert settings.gate_overrides == {"near_duplicate": 0.7}
    assert settings.prices == {ModelRef("openai", "qwen3:8b"): {"input": 0.2, "output": 1.0}}
    assert settings.weights == {"jurisdiction": {"uk": 2.0, "us": 1.5}}


# ------------------------------------------------------------------ keys


def test_a_key_comes_from_the_providers_variable_before_the_file(tmp_path: Path) -> None:
    """And it comes stripped, with its origin."""
    path = written(tmp_path, f'[providers.groq]\napi_key = "{OTHER_KEY}"\n')

    from_file = load({}, {}, path).key("groq")
    from_variable = load({}, {"GROQ_API_KEY": f" {KEY}\n"}, path).key("groq")

    assert from_file == (Secret(OTHER_KEY), Origin("config", f"{path} [providers.groq] api_key"))
    assert from_variable == (Secret(KEY), Origin("environment", "GROQ_API_KEY"))


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("gsk_ab\ncd", "holds a line break"),
        ("gsk_ab cd", "holds a blank or a control character"),
        ("gsk_ab\x00cd", "holds a blank or a control character"),
        ("gsk_abé", "holds a character outside ASCII"),
        ("'gsk_abcd'", "is in quotes"),
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str, problem: str) -> None:
    """Otherwise it would end as "Connection error."; the key is not in the sentence."""
    settings = load({}, {"GROQ_API_KEY": key, "CEREBRAS_API_KEY": OTHER_KEY})

    with pytest.raises(ConfigurationError) as caught:
        settings.key("groq")

    assert str(caught.value) == f"The key in GROQ_API_KEY {problem}; paste it again."
    assert settings.key("cerebras") == (
        Secret(OTHER_KEY),
        Origin("environment", "CEREBRAS_API_KEY"),
    )


def test_several_keys_of_a_file_stand_in_its_order(tmp_path: Path) -> None:
    """One that is written twice stands where it was first; the numbers are those of accounts."""
    keys = f'api_key = "{KEY}"\nkeys = ["{OTHER_KEY}", "{KEY}"]'
    settings = load({}, {}, written(tmp_path, f"[providers.groq]\n{keys}"))

    assert [key.reveal() for key, _ in settings.keys("groq")] == [KEY, OTHER_KEY]
    numbered = ("groq", "groq#2", "groq#3", "groq#1", "groq#02", "groq#", "groq#\u00b2")
    assert [settings.spec(name) is not None for name in numbered] == [True, True, *[False] * 5]


def test_the_table_of_a_provider_whose_name_has_a_dot_is_read(
    tmp_path: Path, folders: Folders
) -> None:
    """A package may bring one that is called so."""
    known, text = ["acme.law"], f'[providers."acme.law"]\napi_key = "{KEY}"'
    path = written(tmp_path, text)
    settings = Settings.load({}, {}, path, folders=folders, known_providers=known)

    where = Origin("config", f"{path} [providers.acme.law] api_key")
    assert settings.key("acme.law") == (Secret(KEY), where)
    written(tmp_path, text.replace("key", "kee"))
    with pytest.raises(ConfigurationError, match="api_kee: is not known; did you mean api_key"):
        Settings.load({}, {}, path, folders=folders, known_providers=known)


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({}, True),
        ({"OPENAI_BASE_URL": "https://gateway.example/v1"}, True),
        ({"LEGALGEN_OPENAI_BASE_URL": "https://api.openai.com/v1"}, True),
        ({"LEGALGEN_OPENAI_BASE_URL": "http://192.168.0.9/v1"}, False),
        ({"LEGALGEN_OPENAI_BASE_URL": "https://api.openai.com.evil.example/v1"}, False),
    ],
)
def test_openais_key_goes_only_where_it_belongs(environ: dict[str, str], sent: bool) -> None:
    """A server that was named to legalgen alone never gets the key of another tool."""
    settings = load({}, {"OPENAI_API_KEY": "sk-" + "x" * 40} | environ)

    assert (settings.key("openai") is not None) is sent


def test_legalgens_own_key_goes_to_any_server(tmp_path: Path) -> None:
    """Both of legalgen's own words about a key win over OpenAI's variable."""
    path = written(
        tmp_path, f'[providers.openai]\napi_key = "{OTHER_KEY}"\nbase_url = "http://h/v1"'
    )
    environ = {"OPENAI_API_KEY": "sk-other", "OPENAI_BASE_URL": "http://other/v1"}

    settings = load({}, environ, path)
    named = load({}, environ | {"LEGALGEN_OPENAI_API_KEY": KEY}, path)

    where = f"{path} [providers.openai]"
    assert settings.key("openai") == (Secret(OTHER_KEY), Origin("config", f"{where} api_key"))
    assert settings.base_url_of("openai") == ("http://h/v1", Origin("config", f"{where} base_url"))
    assert named.key("openai") == (Secret(KEY), Origin("environment", "LEGALGEN_OPENAI_API_KEY"))


def test_base_urls(tmp_path: Path) -> None:
    """The vendor's variable before the file; a wrong one is named; none is the vendor's own."""
    path = written(tmp_path, '[providers.groq]\nbase_url = "http://127.0.0.1:9/"\n')

    settings = load({}, {"CEREBRAS_BASE_URL": "http://127.0.0.1:8/"}, path)

    where = f"{path} [providers.groq] base_url"
    assert settings.base_url_of("groq") == ("http://127.0.0.1:9", Origin("config", where))
    assert settings.base_url_of("cerebras") == (
        "http://127.0.0.1:8",
        Origin("environment", "CEREBRAS_BASE_URL"),
    )
    assert settings.base_url_of("local") is None
    with pytest.raises(ConfigurationError, match=r'^GROQ_BASE_URL "nonsense": not a URL'):
        load({}, {"GROQ_BASE_URL": "nonsense"}).base_url_of("groq")


def test_all_secrets_are_known_for_redaction(tmp_path: Path) -> None:
    """Keys that lose against another, that cannot be used, or hide in a URL are secret too."""
    path = written(tmp_path, f'[providers.groq]\napi_key = "{OTHER_KEY}"\n')
    environ = {
        "GROQ_API_KEY": KEY,
        "CEREBRAS_API_KEY": "broken key\n",
        "OPENAI_BASE_URL": "https://me:in-the-url@h/v1",
        "CEREBRAS_BASE_URL": "https://token-alone@h",
        "HTTPS_PROXY": "http://me:p/ss%40@h:port",
        "all_proxy": "socks5://me:socks-word@h",
    }

    settings = load({}, environ, path)

    of_urls = {"in-the-url", "token-alone", "p/ss%40", "p/ss@", "socks-word"}
    assert set(settings.secrets()) == {KEY, OTHER_KEY, "broken key", *of_urls}


@pytest.mark.parametrize(
    "url", ["https://me:hunter22@h/v1", "https://me:hun@ter/22@h", "http://hunter22@h"]
)
def test_an_address_with_a_password_is_refused_and_never_shown(tmp_path: Path, url: str) -> None:
    """It would be sent in place of the key, and be written into files as a part of the address."""
    path = written(tmp_path, f'[providers.groq]\nbase_url = "{url}"\n')
    for refused in (
        lambda: load({"base_url": url}),
        lambda: load({}, {"CEREBRAS_BASE_URL": url}).base_url_of("cerebras"),
        lambda: load({}, {}, path),
    ):
        with pytest.raises((UsageError, ConfigurationError)) as caught:
            refused()
        assert caught.value.exit_code == 2
        assert "leave out what is before @" in str(caught.value)
        assert "hun" not in str(caught.value)


@given(st.text(min_size=1))
def test_a_secret_shows_at_most_its_ends(value: str) -> None:
    """str, repr, format and f-strings give away four characters at each end of a long key only."""
    secret = Secret(value)

    mask = str(secret)

    assert secret.reveal() == value
    assert f"{secret}" == mask
    assert repr(secret) == f"Secret({mask})"
    assert mask == "***" or (len(value.strip()) >= 20 and len(mask) == 9)


def test_a_secret_cannot_be_pickled_or_copied() -> None:
    """A key does not slip into a file or a child process."""
    for leak in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="never pickled or copied"):
            leak(Secret(KEY))


def test_fingerprints_tell_keys_apart_and_hold_nothing_of_them() -> None:
    """The same key has the same fingerprint, blanks around it aside."""
    assert Secret(KEY).fingerprint() == Secret(f" {KEY}\n").fingerprint()
    assert Secret(KEY).fingerprint() != Secret(OTHER_KEY).fingerprint()
    assert re.fullmatch("[0-9a-f]{16}", Secret(KEY).fingerprint())


def test_nothing_printed_of_settings_holds_a_key(tmp_path: Path) -> None:
    """repr for a debugger and describe for the screen are masked, proxies' passwords included."""
    path = written(tmp_path, f'[providers.cerebras]\napi_key = "{OTHER_KEY}"\n')
    environ = {"GROQ_API_KEY": KEY, "HTTPS_PROXY": "http://me:hidden-one@h:1"}

    settings = load({}, environ, path)

    printed = repr(settings.providers) + repr(describe(settings, PROVIDERS))
    for secret in (KEY, OTHER_KEY, "hidden-one"):
        assert secret not in printed
        assert secret not in repr(settings)


@pytest.mark.parametrize(("mode", "warned"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1)])
def test_a_file_with_keys_is_its_owners_alone(tmp_path: Path, mode: int, warned: int) -> None:
    """The warning holds the command to type, quoted for a shell."""
    folder = tmp_path / "with blank"
    folder.mkdir()
    path = written(folder, f'[providers.groq]\napi_key = "{KEY}"\n')
    path.chmod(mode)

    warnings = load({}, {}, path).warnings

    sentence = f"{path} holds keys and others can read it: chmod 600 '{path}'"
    assert list(warnings) == [sentence] * warned


def test_a_file_that_is_gone_since_it_was_read_is_nobodys(tmp_path: Path) -> None:
    """Editors write beside and swap; what was read counts."""
    content = {"providers": {"groq": {"api_key": KEY}}}
    assert Document(tmp_path / "config.toml", content, SETTINGS).warnings() == []


def test_a_file_without_keys_may_be_read_by_all(tmp_path: Path) -> None:
    """There is nothing to hide in it."""
    path = written(tmp_path, '[providers.groq]\napi_key = ""\n')
    path.chmod(0o644)

    assert load({}, {}, path).warnings == ()


# ------------------------------------------------------------------ folders


def test_folders_are_the_platforms(folders: Folders) -> None:
    """What nobody names is where the platform keeps such things."""
    settings = Settings.load({}, {}, None, folders=folders)

    assert settings.data_dir == folders.data
    assert settings.state_dir == folders.state
    assert settings.log_dir == folders.log
    assert settings.origin("data_dir") == Origin("default", "platform")


def test_without_a_home_the_data_dir_is_home_enough() -> None:
    """A container user without a home needs one variable, not three."""
    settings = Settings.load({"data_dir": "/srv/data"}, {}, None, folders=NOWHERE)

    assert settings.state_dir == Path("/srv/data/state")
    assert settings.log_dir == Path("/srv/data/state/log")


def test_without_any_folder_it_says_what_to_set() -> None:
    """Neither a home nor a data dir: one sentence with both remedies."""
    with pytest.raises(ConfigurationError, match="set HOME, or name a folder with --data-dir"):
        Settings.load({}, {}, None, folders=NOWHERE)
    with pytest.raises(ConfigurationError, match="set HOME, or name the file with --config"):
        config_path({}, NOWHERE)
    assert find_config({}, NOWHERE) is None


HOMELESS = """
import os, pwd
from pathlib import Path
from legalgen.errors import ConfigurationError
from legalgen.settings.layers import Folders, Settings, find_config

def nobody(uid): raise KeyError(uid)
{unknown}
print(find_config(os.environ), Folders.of_platform().data)
try:
    print(Settings.load({{}}, os.environ, None).data_dir)
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("known", [True, False])
def test_cron_without_home(tmp_path: Path, known: bool) -> None:
    """With an empty environment the account's home is used; without an account nothing is made."""
    # An account that the system does not know cannot be had without root: the look-up is cut off.
    program = HOMELESS.format(unknown="" if known else "pwd.getpwuid = nobody")
    source = str(Path(__file__).parents[2] / "src")

    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, env={"PYTHONPATH": source}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    lines = result.stdout.splitlines()
    assert result.stderr == ""
    assert list(tmp_path.iterdir()) == []
    if known:
        assert Path(lines[1]).is_absolute()
    else:
        assert lines[0] == "None None"
        assert lines[1].startswith("There is no home folder to keep the dataset in: set HOME")


def test_the_config_file_is_found(tmp_path: Path, folders: Folders) -> None:
    """LEGALGEN_CONFIG names it; otherwise it may be missing; a named one may not."""
    assert folders.config is not None
    path = written(tmp_path, "")

    assert find_config({"LEGALGEN_CONFIG": str(path)}, folders) == path
    assert find_config({"LEGALGEN_CONFIG": ""}, folders) is None
    assert config_path({}, folders) == folders.config / "config.toml"
    with pytest.raises(ConfigurationError, match=r"LEGALGEN_CONFIG names .*, which does not exist"):
        find_config({"LEGALGEN_CONFIG": str(tmp_path / "none.toml")}, folders)


# ------------------------------------------------------------------ writing


def test_a_new_file_is_private_and_changes_nothing(tmp_path: Path) -> None:
    """The template is TOML that sets nothing, readable by its owner alone, in a new folder."""
    path = tmp_path / "legalgen" / "config.toml"

    init_config(path)

    assert path.read_text() == config_template()
    assert path.stat().st_mode & 0o777 == 0o600
    assert load({}, {}, path) == copy_with_file(load(), path)


def copy_with_file(settings: Settings, path: Path) -> Settings:
    import dataclasses

    providers = dict.fromkeys(PROVIDERS, ProviderSettings())
    return dataclasses.replace(settings, config_file=path, providers=providers)


def test_every_line_of_the_template_can_be_uncommented(tmp_path: Path) -> None:
    """All settings together, as the template shows them, load: defaults as they are."""
    lines = config_template().splitlines()
    uncommented = [re.sub(r"^# (?=[a-z_]+ = |\[)", "", line) for line in lines]
    path = written(tmp_path, "\n".join(uncommented))

    settings = Settings.load({}, {}, path, folders=NOWHERE)

    changed = [each.name for each in SETTINGS if settings.origin(each.name).source != "config"]
    with_default = [each for each in SETTINGS if each.default not in (None, ())]
    assert changed == []
    assert [getattr(settings, each.name) for each in with_default] == [
        each.default for each in with_default
    ]
    assert settings.limits
    assert settings.weights == {"jurisdiction": {"uk": 2.0, "us": 1.0, "eu": 1.0}}


def test_an_existing_file_is_left_as_it_is(tmp_path: Path) -> None:
    """init refuses, over a file and over a link that leads nowhere."""
    path = written(tmp_path, "# mine\n")
    link = tmp_path / "link.toml"
    link.symlink_to(tmp_path / "nowhere.toml")

    for each in (path, link):
        with pytest.raises(UsageError, match="exists and is left as it is"):
            init_config(each)
    assert path.read_text() == "# mine\n"
    assert not link.exists()


def test_init_config_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    """What a full disk breaks off can be begun again."""
    path = tmp_path / "config.toml"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(DiskError, match="File too large"):
            init_config(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    init_config(path)
    assert path.read_text() == config_template()


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# mine\n[batch]\ncount = 3 # three\n",
        f'# old\n[providers.groq] # here\napi_key = "{OTHER_KEY}" # the old one\nbase_url = "http://h"\n',
        '[providers.cerebras]\napi_key = "x"\n\n[batch]\ncount = 3\n',
        "[batch]\r\ncount = 3\r\n\r\n[providers.groq]\r\n",
        '\ufeff[providers]\ngroq = { base_url = "http://h" }\n',
        'providers.groq.base_url = "http://h"\n',
        'note = """\n[providers.groq]\napi_key = "decoy"\n"""\n',
        config_template(),
    ],
)
def test_set_key_touches_nothing_else(tmp_path: Path, before: str) -> None:
    """The key is in, every other value and every comment stays, and the file is private."""
    path = written(tmp_path, before)
    path.chmod(0o644)

    set_key(path, "groq", f"  {KEY}\n")

    after = path.read_bytes().decode()
    old, new = (
        tomllib.loads(before.removeprefix("\ufeff").replace("\r\n", "\n")),
        tomllib.loads(after),
    )
    assert new["providers"]["groq"].pop("api_key") == KEY
    old.setdefault("providers", {}).setdefault("groq", {}).pop("api_key", None)
    assert new == old
    assert re.findall("#.*", after) == re.findall("#.*", before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["config.toml"]


def test_set_key_makes_the_file_and_its_folder(tmp_path: Path) -> None:
    """Without a file there is one afterwards, which load reads."""
    path = tmp_path / "new" / "config.toml"

    set_key(path, "groq", KEY)

    assert load({}, {}, path).key("groq") is not None
    assert load({}, {}, path).warnings == ()


def test_set_key_writes_through_a_link(tmp_path: Path) -> None:
    """A file kept in a collection of dot files stays there."""
    real = written(tmp_path, "# mine\n")
    link = tmp_path / "link.toml"
    link.symlink_to(real)

    set_key(link, "groq", KEY)

    assert link.is_symlink()
    assert KEY in real.read_text()


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "is empty"),
        ("a\nb", "holds a line break"),
        ("ключключ", "holds a character outside ASCII"),
    ],
)
def test_set_key_refuses_what_is_no_key(tmp_path: Path, key: str, problem: str) -> None:
    """Nothing is written."""
    path = tmp_path / "config.toml"

    with pytest.raises(UsageError) as caught:
        set_key(path, "groq", key)

    assert str(caught.value) == f"The key {problem}; nothing was written."
    assert not path.exists()


@pytest.mark.parametrize("before", ["providers = 3\n", "[providers]\ngroq = 3\n", "[batch\n"])
def test_set_key_leaves_a_file_it_cannot_edit(tmp_path: Path, before: str) -> None:
    """A file with no room for the key stays byte for byte."""
    path = written(tmp_path, before)

    with pytest.raises(ConfigurationError):
        set_key(path, "groq", KEY)

    assert path.read_text() == before


def test_a_folder_that_cannot_be_made_is_a_disk_error(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "file").write_text("")
    path = tmp_path / "file" / "config.toml"

    for write in (partial(set_key, path, "groq", KEY), partial(init_config, path)):
        with pytest.raises(DiskError, match="cannot be written") as caught:
            write()
        assert caught.value.exit_code == 74


# ------------------------------------------------------------------ showing


def test_describe_shows_every_value_with_its_origin(tmp_path: Path) -> None:
    """Durations as they are written, absence in words, keys masked, tables of the file last."""
    path = written(
        tmp_path, f'[providers.groq]\napi_key = "{KEY}"\n[weights.difficulty]\nbasic = 2\n'
    )

    rows = {row.name: row for row in describe(load({"max_wait": "90"}, {}, path), PROVIDERS)}

    assert set(rows) == {each.name for each in SETTINGS} | {
        "providers.groq.api_key",
        "weights.difficulty.basic",
    }
    assert rows["max_wait"] == Shown("max_wait", "1m30s", Origin("flag", "--max-wait"))
    assert rows["seed"] == Shown("seed", "a new one for each batch", Origin("default"))
    assert rows["providers.groq.api_key"] == Shown(
        "providers.groq.api_key",
        "gsk_…bAb3"[:5] + KEY[-4:],
        Origin("config", f"{path} [providers.groq] api_key"),
    )
    assert rows["weights.difficulty.basic"].value == "2"


def test_describe_shows_a_broken_key_as_broken() -> None:
    """`config show` is where one looks for what is wrong; it must not fail itself."""
    rows = describe(load({}, {"GROQ_API_KEY": "a b"}), ["groq"])

    assert rows[-1].value == (
        "unusable: The key in GROQ_API_KEY holds a blank or a control character; paste it again."
    )


def test_what_is_shown_is_what_may_be_written() -> None:
    """Every default that is shown is read back as itself."""
    for each in SETTINGS:
        if each.default not in (None, ()):
            assert each.kind.parse(each.kind.show(each.default)) == each.default


def test_the_reference_page_is_the_programs() -> None:
    """docs/reference/configuration.md is configuration_page(), whatever has changed since."""
    page = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"

    assert page.read_text(encoding="utf-8") == configuration_page()


def test_every_setting_has_its_own_name_in_each_layer() -> None:
    """No two settings share a variable or a key of the file."""
    assert len({each.env for each in SETTINGS}) == len(SETTINGS)
    assert len({(each.table, each.key) for each in SETTINGS}) == len(SETTINGS)


def test_importing_settings_loads_nothing_heavy() -> None:
    """The first thing every command imports stays light."""
    program = "import sys, legalgen.settings.layers; print(*sorted(sys.modules))"
    source = str(Path(__file__).parents[2] / "src")

    result = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": source}, capture_output=True, text=True, check=True,
    )  # fmt: skip

    heavy = {"tomllib", "tomlkit", "platformdirs", "pydantic", "httpx", "pyarrow", "rich", "typer"}
    assert heavy.isdisjoint(result.stdout.split())


def test_a_small_file_is_read_in_little_memory(tmp_path: Path) -> None:
    """However large one might be: a record may have a GiB, and a process a bound on its memory."""
    path = tmp_path / "small"
    path.write_bytes(b"x" * 1000)
    tracemalloc.start()
    try:
        assert read_bounded(path, 1024) == b"x" * 1000
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    with pytest.raises(OSError, match="larger than 0 MiB"):
        read_bounded(path, 0)
