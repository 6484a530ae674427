"""Settings: flag > environment > config.toml > default, and where each value came from.

Each setting is declared once, as a field of ``Settings``: its type, kind, default and help, and the
commands that take it. Its flag with metavar and completion, its variable, its key in the file, the
commented file that ``config init`` writes and the reference pages follow. Keys of providers are
settings apart: they are ``Secret``.
"""

# ruff: noqa: RUF009 - setting() and folder() are dataclasses.field() with a declaration

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import urlsplit

from legalgen.completion import LimitReading, ModelRef, vendor_of
from legalgen.errors import ConfigurationError, UsageError
from legalgen.providers import PROVIDERS, ProviderSpec, own_variable
from legalgen.settings.declaration import (
    BATCH,
    BY_AUTHORITIES,
    BY_TAXONOMY,
    CONFIG,
    SHOWING,
    TREE,
    WRITING,
    Declaration,
    Folders,
    Origin,
    Resolved,
    declarations,
    folder,
    setting,
)
from legalgen.settings.document import Document, parsed
from legalgen.settings.provider_tables import (
    ModelSettings,
    ProviderSettings,
    borrowed_variable,
    preset_table,
    server_spec,
)
from legalgen.settings.reading import is_there, reason_of
from legalgen.settings.types import (
    CALL_TIME,
    CONCURRENCY,
    COUNT,
    COUNT_BOUND,
    DOLLAR_BOUND,
    DURATION,
    MARK,
    MONTH,
    NAMES,
    NATURAL,
    NO_PLACE,
    NUMBER,
    PASSAGES,
    PATH,
    PATHS,
    ROUTE,
    SHARE,
    STREAM,
    SWITCH,
    TEMPERATURE,
    TEXT,
    TIME_BOUND,
    TOP_P,
    URL,
    WAIT,
    CitationPolicy,
    GateMode,
    Secret,
    comma_separated,
    one_of,
    suggested,
)
from legalgen.settings.variables import (
    PROXIES,
    credentials,
    mistyped_variables,
    vendor_variables,
)

Effort = Literal["none", "low", "medium", "high"]
LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["text", "json"]
Color = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of one run; ``origin`` tells where each came from. Durations are seconds."""

    # fmt: off
    provider: str | None = setting(suggested(*PROVIDERS), None, "", "The provider to begin with.",
        commands=(*WRITING, "models"), metavar="NAME", short="-p",
        absent="the first that has a key", example="groq", resumed="changeable")
    model: str | None = setting(TEXT, None, "", "The model to begin with; a path for a GGUF file.",
        metavar="MODEL", short="-m",
        absent="the provider's first", example="openai/gpt-oss-120b", resumed="changeable")

    count: int = setting(COUNT, 10, "batch", "How many samples to accept.",
        commands=BATCH, short="-n")
    seed: int | None = setting(NUMBER, None, "batch", "Makes the plan of a batch repeatable.",
        absent="a new one for each batch", example="42")
    concurrency: int | Literal["auto"] = setting(CONCURRENCY, "auto", "batch",
        "Calls in flight at once; auto: as many as budgets can use, over 64 where none binds.",
        commands=BATCH, short="-c")
    keep_remote: bool = setting(SWITCH, False, "batch",
        "With --bulk: leave the files at the provider, rather than delete what was read.",
        commands=BATCH)
    max_wait: float | None = setting(WAIT, None, "batch",
        "How long to wait in all, since the last accepted sample, before the batch pauses.",
        absent="2m on a terminal, 15m otherwise", example="15m")
    max_time: float | None = setting(TIME_BOUND, None, "batch", "How long a batch may take.",
        commands=BATCH, absent="no bound", example="6h")
    max_cost: float | None = setting(DOLLAR_BOUND, None, "batch", "What a batch may cost.",
        commands=BATCH, absent="no bound", example="2.5", resumed="changeable")
    max_cost_per_day: float | None = setting(DOLLAR_BOUND, None, "batch",
        "What all batches of this data dir may cost on one day (UTC).",
        commands=BATCH, absent="no bound", example="5")
    max_cost_per_month: float | None = setting(DOLLAR_BOUND, None, "batch",
        "What all batches of this data dir may cost in one month (UTC).",
        commands=BATCH, absent="no bound", example="50")
    max_tokens: int | None = setting(COUNT_BOUND, None, "batch", "Tokens that a batch may use.",
        commands=BATCH, absent="no bound", example="2000000", resumed="changeable")
    max_calls: int | None = setting(COUNT_BOUND, None, "batch", "Calls that a batch may make.",
        commands=BATCH, absent="6 for each sample, at least 50", example="500")

    jurisdiction: tuple[str, ...] = setting(NAMES, (), "sample", "Only these jurisdictions.",
        commands=(*WRITING, TREE), absent="all", example="uk,us", resumed="kept")
    practice_area: tuple[str, ...] = setting(NAMES, (), "sample", "Only these practice areas.",
        commands=(*WRITING, TREE), absent="all", example="contract,tort", resumed="kept")
    topic: tuple[str, ...] = setting(NAMES, (), "sample", "Only these topics.",
        commands=(*WRITING, TREE), absent="all", example="formation", resumed="kept")
    difficulty: tuple[str, ...] = setting(NAMES, (), "sample", "Only these difficulties.",
        commands=(*WRITING, TREE), absent="all", example="intermediate,advanced", resumed="kept")
    sample_type: tuple[str, ...] = setting(NAMES, (), "sample", "Only these types of sample.",
        commands=(*WRITING, TREE), absent="all", example="case_analysis", resumed="kept")
    reasoning_instruction: str | None = setting(TEXT, None, "sample",
        "A sentence to add to the prompt on how to reason.",
        absent="none", example="Weigh both parties' strongest argument.", resumed="kept")
    citation_policy: CitationPolicy = setting(
        one_of(*get_args(CitationPolicy)), "statute-first", "sample",
        "Which authorities a model is asked to cite.", metavar="POLICY", resumed="kept")
    as_of: str | None = setting(MONTH, None, "sample",
        "The month as at which the law is asked for, whichever model writes.",
        absent="the month up to which each model knows, if its maker says", example="2024-06")
    grounded: bool = setting(SWITCH, False, "sample",
        "Write from your own texts (legalgen sources), every citation a quotation from them.",
        commands=BATCH, resumed="kept")
    source: tuple[str, ...] = setting(NAMES, (), "sample",
        "Only these of your texts: ids or titles, with * for any letters.", commands=BATCH,
        resumed="kept", metavar="NAME,...", absent="all", example="companies-act*")
    per_chunk: int | None = setting(COUNT, None, "sample",
        "Write until every passage of your texts has so many samples.", commands=BATCH,
        resumed="kept", absent="--count decides", example="1")
    chunks_per_sample: str = setting(PASSAGES, "1", "sample",
        "How many passages a grounded sample is written from.", commands=BATCH, resumed="kept")
    points: bool = setting(SWITCH, False, "sample",
        "Ask once a topic for the points that decide it, and write each sample on one.",
        resumed="kept")
    gate: GateMode = setting(one_of(*get_args(GateMode)), "full", "sample",
        "full: every check; structure: only what makes a row readable.", metavar="GATE",
        resumed="kept")
    judge: tuple[ModelRef, ...] = setting(ROUTE, (), "sample",
        "The model that marks each sample in a second call.", metavar="P/MODEL", absent="none",
        example="groq/qwen/qwen3.8-27b", resumed="kept")
    judge_share: float | None = setting(SHARE, None, "sample",
        "Which part of the samples the judge marks, drawn by the batch's seed.",
        absent="all", example="5%", resumed="kept")
    unjudged: Literal["wait", "keep"] = setting(one_of("wait", "keep"), "wait", "sample",
        "With --min-score: let an answer without marks wait, or keep it with the flag UNJUDGED.",
        metavar="ACTION")
    min_score: float | None = setting(MARK, None, "sample",
        "A mark below which a sample is refused, 1 to 5; needs a judge.",
        absent="none is refused", example="3.5", resumed="kept")
    keep_thinking: bool = setting(SWITCH, False, "sample",
        "Keep what the vendor returns as reasoning text, in the column thinking.", resumed="kept")

    reasoning_effort: Effort = setting(one_of(*get_args(Effort)), "low", "calls",
        "How long a reasoning model may think; the largest lever on tokens.", metavar="EFFORT",
        resumed="changeable")
    temperature: float | None = setting(TEMPERATURE, None, "calls",
        "How freely a model writes: 0 is the likeliest word each time.", absent="0.7",
        example="0.9", resumed="changeable")
    top_p: float | None = setting(TOP_P, None, "calls",
        "Only the likeliest words that make up this share of all are drawn from.",
        absent="the model's own", example="0.95", resumed="changeable")
    timeout: float | None = setting(CALL_TIME, None, "calls",
        "Deadline of one call, from connecting to the last byte.",
        absent="the model's own, 2m for most", example="90s")
    connect_timeout: float = setting(CALL_TIME, 5.0, "calls", "Deadline for connecting.")

    route: tuple[ModelRef, ...] = setting(ROUTE, (), "failover",
        "The models to use, in the order of preference.", absent="from the catalog",
        example="groq/openai/gpt-oss-120b,cerebras/gpt-oss-120b", resumed="changeable")
    no_failover: bool = setting(SWITCH, False, "failover", "Use one model and no other.",
        resumed="changeable")
    only_provider: bool = setting(SWITCH, False, "failover",
        "Use the models of the named provider and no other's.", resumed="changeable")
    spill_after: float = setting(DURATION, 5.0, "failover",
        "How much later the named provider may deliver before another is paid.",
        resumed="changeable")
    stickiness: float = setting(DURATION, 0.05, "failover",
        "How much sooner a less preferred model must be ready to be taken.")
    quota_share: float = setting(SHARE, 1.0, "failover",
        "Which part of every limit is used here: 1/3 where three machines share a key.",
        commands=(*WRITING, "models"))
    alert_switches: int = setting(NATURAL, 10, "failover",
        "More switches than this in one batch raise an alert.", commands=BATCH)
    alert_timeouts: int = setting(NATURAL, 20, "failover",
        "More timeouts than this in one batch raise an alert.", commands=BATCH)

    taxonomy: Path | None = setting(PATH, None, "", "A taxonomy of your own, in TOML.",
        commands=(*WRITING, *BY_TAXONOMY, TREE),
        absent="the built-in one", example="taxonomy.toml", resumed="file")
    authorities: Path | None = setting(PATH, None, "", "A list of known authorities, one a line.",
        commands=(*WRITING, *BY_AUTHORITIES), absent="none", example="authorities.txt",
        resumed="file")
    gate_file: Path | None = setting(PATH, None, "",
        "A file of the gate's severities and numbers, in TOML; it lies over [gate].",
        commands=(*WRITING, *BY_AUTHORITIES), absent="none", example="gate.toml",
        resumed="file")
    exclude: tuple[Path, ...] = setting(PATHS, (), "",
        "Files of questions that no row may come near to, as those of a benchmark.",
        commands=(*WRITING, "dataset check", "dataset export"), absent="none",
        example="legalbench.jsonl", resumed="file")
    semantic: str | None = setting(TEXT, None, "",
        "A model of sentences that looks at the meaning of questions and answers.",
        commands=(*WRITING, "dataset check", "dataset export"), metavar="MODEL",
        absent="words alone are compared", example="all-MiniLM-L6-v2", resumed="kept")

    data_dir: Path = folder("Where the dataset and the ledger are.",
        commands=SHOWING, example="/srv/legalgen")
    state_dir: Path = folder("What was learnt about models, kept between runs.",
        commands=(*WRITING, "models", "doctor"), example="/var/lib/legalgen")
    log_dir: Path = folder("Where the log files are.",
        commands=(*WRITING, "doctor"), example="/var/log/legalgen")

    log_level: LogLevel = setting(one_of(*get_args(LogLevel)), "info", "log",
        "The least important event that is logged.", metavar="LEVEL", key="level")
    log_format: LogFormat = setting(one_of(*get_args(LogFormat)), "text", "log",
        "How an event is written: a line for people or a JSON object.",
        metavar="FORMAT", key="format")

    color: Color = setting(one_of(*get_args(Color)), "auto", "output",
        "Colour; auto also obeys NO_COLOR and TERM.",
        commands=(*SHOWING, "config show"), metavar="WHEN")
    quiet: bool = setting(SWITCH, False, "output", "Say only what went wrong.", commands=SHOWING,
        short="-q")
    json: bool = setting(SWITCH, False, "output",
        "Print the result as one JSON value on stdout at the end.", commands=(*SHOWING, *CONFIG))
    events: str | None = setting(STREAM, None, "output",
        "Stream one JSON object per event to this file; - is stdout.",
        absent="none", example="events.jsonl")
    on_end: str | None = setting(TEXT, None, "output",
        "A shell command that gets the summary as JSON on its stdin when a batch has ended.",
        commands=BATCH, metavar="COMMAND", absent="none",
        example="mail -s legalgen you@example.org")
    metrics_file: Path | None = setting(PATH, None, "output",
        "A Prometheus textfile to write (node_exporter reads names that end in .prom).",
        commands=BATCH, absent="none", example="/var/lib/node_exporter/legalgen.prom")

    base_url: str | None = setting(URL, None, "providers.openai",
        "Base URL of the OpenAI-compatible server of the provider openai.",
        commands=(*WRITING, "models", "doctor"), env="LEGALGEN_OPENAI_BASE_URL",
        absent="the vendor's own", example="http://127.0.0.1:11434/v1", resumed="changeable")
    # fmt: on

    providers: Mapping[str, ProviderSettings] = field(default_factory=dict)
    limits: Mapping[ModelRef, tuple[LimitReading, ...]] = field(default_factory=dict)
    prices: Mapping[ModelRef, Mapping[str, float]] = field(default_factory=dict)
    gate_overrides: Mapping[str, object] = field(default_factory=dict)
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    config_file: Path | None = None
    vendor_variables: Mapping[str, Secret] = field(default_factory=dict, repr=False)

    @classmethod
    def load(
        cls,
        flags: Mapping[str, object],
        environ: Mapping[str, str],
        config_file: Path | None,
        *,
        folders: Folders | None = None,
        known_providers: Collection[str] | None = None,
    ) -> Settings:
        """Settings from all layers.

        ``flags`` holds values by setting name; None and an empty list are flags not given.
        ``config_file`` must exist (None: there is none); see ``find_config``. With
        ``known_providers``, a table for any other provider is an error.

        Raises:
            UsageError: a flag's value cannot be meant.
            ConfigurationError: nor a variable's or the file's.
        """
        given = _given_flags(flags)
        document = Document.read(config_file, SETTINGS)
        document.check(known_providers)
        found = {each.name: _layered(each, given, environ, document) for each in SETTINGS}
        found |= _platform_folders(found, folders)
        return cls(
            **cast("dict[str, Any]", {name: value for name, (value, _) in found.items()}),
            providers=document.providers(),
            limits=document.limits(),
            prices=document.prices(),
            gate_overrides=document.table("gate"),
            weights=document.weights(),
            origins={name: origin for name, (_, origin) in found.items()},
            warnings=(
                *document.warnings(),
                *document.unused_keys(environ),
                *document.unknown_models(),
                *mistyped_variables(environ, (each.env for each in SETTINGS), document.providers()),
            ),
            config_file=config_file,
            vendor_variables=vendor_variables(environ, document.providers()),
        )

    def origin(self, name: str) -> Origin:
        """Where the setting ``name`` came from."""
        return self.origins[name]

    def written(self, name: str) -> str:
        """Where the user wrote the setting ``name``, to begin a sentence about its value with."""
        origin = self.origin(name)
        return f"{origin.where} =" if origin.source == "config" else origin.where

    def key(self, provider: str) -> tuple[Secret, Origin] | None:
        """The API key of ``provider``, stripped, and where it came from; None without one.

        Read are the provider's own variable (``GROQ_API_KEY``; ``LEGALGEN_OPENAI_API_KEY``),
        then the file, where ``groq#2`` is the second key. ``OPENAI_API_KEY`` belongs to another
        vendor: it is asked last, and only if the server is OpenAI's or ``OPENAI_BASE_URL``'s, so
        that it goes to no one else; so do the variables of presets.

        Raises:
            ConfigurationError: it holds a blank, a line break or a character outside ASCII.
        """
        vendor, _, number = provider.partition("#")
        keys = self.keys(vendor)
        at = int(number or 1) - 1
        return keys[at] if at < len(keys) else None

    def keys(self, vendor: str) -> tuple[tuple[Secret, Origin], ...]:
        """All keys of a provider, each of them an account of its own; see ``key``.

        Raises:
            ConfigurationError: as ``key``.
        """
        table = self.table(vendor)
        own = table.key_variable or own_variable(vendor, "API_KEY")
        if found := self._variable(own):
            return ((_usable_key(*found), found[1]),)
        name = "key" if table.server else "api_key"
        of_file = [(table.api_key, self._in_file(vendor, name))] if table.api_key else []
        of_file += [(key, self._in_file(vendor, "keys")) for key in table.keys]
        borrowed = self._borrowed(vendor, table) if not of_file else None
        of_file += [borrowed] if borrowed else []
        distinct: dict[Secret, Origin] = {}
        for key, origin in of_file:
            distinct.setdefault(_usable_key(key, origin), origin)
        return tuple(distinct.items())

    def _borrowed(self, vendor: str, table: ProviderSettings) -> tuple[Secret, Origin] | None:
        """The key that a vendor's own tools read, if it goes to that vendor and no one else."""
        if vendor == "openai":
            return self._variable("OPENAI_API_KEY") if self._may_borrow_key(vendor) else None
        variable = borrowed_variable(table)
        return self._variable(variable) if variable else None

    def table(self, provider: str) -> ProviderSettings:
        """What the file says of a provider or a server; a preset needs no word there."""
        vendor = vendor_of(provider)
        if vendor in self.providers:
            return self.providers[vendor]
        named = preset_table(vendor) if vendor not in PROVIDERS else None
        return named or ProviderSettings()

    def spec(self, provider: str) -> ProviderSpec | None:
        """The provider, the server or the preset of that name; None where there is none."""
        vendor, numbered, number = provider.partition("#")
        table = self.table(vendor)
        found = server_spec(vendor, table) if table.server else PROVIDERS.get(vendor)
        if not numbered or found is None:
            return found
        further = range(2, len(self.keys(vendor)) + 1)
        return found if number in map(str, further) else None  # 02 would be an account of its own

    def specs(self) -> dict[str, ProviderSpec]:
        """All providers and the servers of the file by name, in the order of preference."""
        servers = (name for name, table in self.providers.items() if table.server)
        return {**PROVIDERS, **{name: server_spec(name, self.providers[name]) for name in servers}}

    def base_url_of(self, provider: str) -> tuple[str, Origin] | None:
        """The base URL set for ``provider`` and where it came from; None: the vendor's own.

        Raises:
            ConfigurationError: it is not a URL.
        """
        if provider == "openai" and self.base_url is not None:
            return self.base_url, self.origin("base_url")
        vendor, table = vendor_of(provider), self.table(provider)
        shared = "OPENAI_BASE_URL" if vendor == "openai" else own_variable(vendor, "BASE_URL")
        if found := self._variable(shared):
            return parsed(URL, found[0].reveal(), shared, ConfigurationError), found[1]
        if table.base_url is None:
            return None
        stated = vendor in self.providers
        origin = self._in_file(vendor, "base_url") if stated else Origin("default", "preset")
        return table.base_url, origin

    def stated(self, ref: ModelRef) -> ModelSettings:
        """What the file states of a model and of its server; what ``[prices]`` says goes first."""
        found = self.table(ref.provider).of(ref.model)
        vendors = ModelRef(ref.vendor, ref.model)
        return replace(found, prices=self.prices.get(ref, self.prices.get(vendors, found.prices)))

    def limits_of(self, ref: ModelRef) -> tuple[LimitReading, ...]:
        """What the file says that an account may do; each key is one."""
        return self.limits.get(ref, self.limits.get(ModelRef(ref.vendor, ref.model), ()))

    def secrets(self) -> tuple[str, ...]:
        """All that must never be written anywhere, for redaction: keys and passwords in URLs."""
        named = {table.key_variable for table in self.providers.values()}
        keys = [
            key
            for name, key in self.vendor_variables.items()
            if name.endswith("_API_KEY") or name in named
        ]
        urls = [url for name, url in self.vendor_variables.items() if name.endswith("_BASE_URL")]
        written = [url.reveal() for url in urls] + [self.base_url or ""]
        written += [table.base_url or "" for table in self.providers.values()]
        proxies = [url for name, url in self.vendor_variables.items() if name in PROXIES]
        written += [url.reveal() for url in proxies]
        passwords = [credential for url in written for credential in credentials(url)]
        tables = [key for table in self.providers.values() for key in table.secrets()]
        revealed = [key.reveal().strip() for key in keys]
        return tuple(dict.fromkeys([*revealed, *tables, *passwords]))

    def _variable(self, name: str) -> tuple[Secret, Origin] | None:
        value = self.vendor_variables.get(name)
        return value and (value, Origin("environment", name))

    def _in_file(self, provider: str, key: str) -> Origin:
        kind = "servers" if self.table(provider).server else "providers"
        return Origin("config", f"{self.config_file} [{kind}.{provider}] {key}")

    def _may_borrow_key(self, provider: str) -> bool:
        if provider != "openai":
            return False
        server = self.base_url_of(provider)
        if server is None or server[1].where == "OPENAI_BASE_URL":
            return True
        return urlsplit(server[0]).hostname == "api.openai.com"


SETTINGS: tuple[Declaration[Any], ...] = tuple(declarations(fields(Settings)))
"""Every setting, in the order of the file."""


# ----------------------------------------------------------------- the layers


def _layered(
    each: Declaration[Any],
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    document: Document,
) -> Resolved:
    """Flag > environment > config.toml > default."""
    return _of_flag(each, flags) or _of_env(each, environ) or document.of(each) or _of_default(each)


def wants_json(flags: Mapping[str, object], environ: Mapping[str, str]) -> bool:
    """Whether a flag or a variable asks for JSON; the config file may be missing or broken.

    Raises:
        ConfigurationError: the variable is neither yes nor no.
    """
    json = next(each for each in SETTINGS if each.name == "json")
    return bool(_layered(json, _given_flags(flags), environ, Document.read(None, SETTINGS))[0])


def _of_flag(each: Declaration[Any], flags: Mapping[str, object]) -> Resolved | None:
    if each.name not in flags:
        return None
    return of_flag(each, flags[each.name]), Origin("flag", each.flag)


def of_flag(each: Declaration[Any], value: object) -> object:
    """The value of a setting whose flag was given with this.

    Raises:
        UsageError: it cannot be meant.
    """
    if isinstance(value, list | tuple):  # given several times, which commas say as well
        value = comma_separated(value)
    return parsed(each.kind, value, each.flag, UsageError)


def _of_env(each: Declaration[Any], environ: Mapping[str, str]) -> Resolved | None:
    text = environ.get(each.env, "")
    if not text.strip():
        return None
    if not _is_text(text):
        raise ConfigurationError(f"{each.env}: it is not UTF-8 text")
    return parsed(each.kind, text, each.env, ConfigurationError), Origin("environment", each.env)


def _of_default(each: Declaration[Any]) -> Resolved:
    return each.default, Origin("default")


def _given_flags(flags: Mapping[str, object]) -> dict[str, object]:
    """The flags that were given; an unknown one is our own mistake, not the user's."""
    unknown = set(flags) - {each.name for each in SETTINGS}
    if unknown:
        raise TypeError(f"no such settings: {', '.join(sorted(unknown))}")
    given = {name: value for name, value in flags.items() if value not in (None, (), [])}
    for name, value in given.items():
        for text in value if isinstance(value, list | tuple) else (value,):
            if isinstance(text, str) and not _is_text(text):
                raise UsageError(f"--{name.replace('_', '-')}: it is not UTF-8 text")
    return given


def _is_text(text: str) -> bool:
    """Whether it holds no byte that the terminal's encoding could not read."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _platform_folders(
    found: Mapping[str, Resolved], folders: Folders | None
) -> dict[str, Resolved]:
    """The folders nobody set: the platform's; without a home, beside the data.

    Raises:
        ConfigurationError: there is neither a home nor a data dir.
    """
    unset = [name for name in ("data_dir", "state_dir", "log_dir") if found[name][0] is None]
    if not unset:
        return {}
    platform = folders or Folders.of_platform()
    data = cast("Path | None", found["data_dir"][0]) or platform.data
    if data is None:
        raise ConfigurationError(
            "There is no home folder to keep the dataset in: set HOME, or name a folder with "
            "--data-dir or LEGALGEN_DATA_DIR."
        )
    defaults = {
        "data_dir": data,
        "state_dir": platform.state or data / "state",
        "log_dir": platform.log or data / "state" / "log",
    }
    for name in unset:
        if not _is_text(str(defaults[name])):
            flag = name.replace("_", "-")
            raise ConfigurationError(f"the default of --{flag} is not UTF-8 text: name another")
    return {name: (defaults[name], Origin("default", "platform")) for name in unset}


# ----------------------------------------------------------------- keys of providers


def _usable_key(key: Secret, origin: Origin) -> Secret:
    """The key stripped; anything a header cannot carry ends in "Connection error." otherwise."""
    from legalgen.providers.keys import key_problem  # ``--help`` looks at no key

    if problem := key_problem(key.reveal()):
        raise ConfigurationError(f"The key in {origin.where} {problem}; paste it again.")
    return Secret(key.reveal().strip())


# ----------------------------------------------------------------- the file


def config_path(
    environ: Mapping[str, str], folders: Folders | None = None, flag: str | None = None
) -> Path:
    """The config file's path, whether it exists or not.

    It is ``--config``'s (``flag``), that of ``LEGALGEN_CONFIG``, or the platform's.

    Raises:
        UsageError: ``--config`` cannot be a path.
        ConfigurationError: nor can the variable; there is no home folder to find it in.
    """
    if flag is not None:
        return parsed(PATH, flag, "--config", UsageError)
    if named := environ.get("LEGALGEN_CONFIG", "").strip():
        return parsed(PATH, named, "LEGALGEN_CONFIG", ConfigurationError)
    folder_of_platform = (folders or Folders.of_platform()).config
    if folder_of_platform is None:
        raise ConfigurationError(
            "There is no home folder to keep a config file in: set HOME, or name the file with "
            "--config or LEGALGEN_CONFIG."
        )
    return folder_of_platform / "config.toml"


def find_config(
    environ: Mapping[str, str], folders: Folders | None = None, flag: str | None = None
) -> Path | None:
    """The config file to load; None if there is none, which only a named file may not be.

    Raises:
        UsageError: ``--config`` (``flag``) names a file that does not exist.
        ConfigurationError: ``LEGALGEN_CONFIG`` does, or nobody can tell whether there is one.
    """
    if flag is not None:
        path = config_path(environ, folders, flag)
        if not _is_there(path):
            raise UsageError(f"--config names {path}, which does not exist.")
        return path
    if environ.get("LEGALGEN_CONFIG", "").strip():
        path = config_path(environ)
        if not _is_there(path):
            raise ConfigurationError(f"LEGALGEN_CONFIG names {path}, which does not exist.")
        return path
    folder_of_platform = (folders or Folders.of_platform()).config
    path = (folder_of_platform or Path()) / "config.toml"
    return path if folder_of_platform and _is_there(path) else None


def _is_there(path: Path) -> bool:
    try:
        return is_there(path)
    except OSError as error:
        if error.errno in NO_PLACE:
            raise  # told as of any path
        raise ConfigurationError(f"{path} cannot be read: {reason_of(error, path)}.") from error
