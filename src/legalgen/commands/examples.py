"""Examples of each command, as ``--help``, the manual and the reference page show them."""

from __future__ import annotations

from collections.abc import Mapping

EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "": (
        ("legalgen models", "what can be used from here"),
        ("legalgen generate --provider local", "one sample, without a key"),
        ("legalgen batch -p groq -n 500 --plan", "what 500 would take; no call"),
        ("legalgen batch -p groq -n 500", "write them"),
        ("legalgen dataset stats", "what is there now"),
    ),
    "generate": (
        ("legalgen generate -p groq", "one sample, shown and kept"),
        ("legalgen generate --topic formation", "on what, if it matters"),
        ("legalgen generate --show-prompt", "the prompt; needs no key"),
    ),
    "batch": (
        ("legalgen batch -p groq -n 500", "Groq's models first"),
        ("legalgen batch -p groq -n 500 --plan", "the cost; no call"),
        ("legalgen batch -n 5000 --max-time 6h --max-cost 2", "until either bound"),
        ("legalgen batch --resume", "go on with the newest"),
        ("legalgen batch --stop", "end the running one"),
        ("legalgen batch --config torts.toml", "a job kept in a file"),
    ),
    "models": (
        ("legalgen models", "what can be used, and how healthy it is"),
        ("legalgen models -p groq --check", "one tiny paid call to each of Groq's"),
        ("legalgen models --refresh", "what the vendors list; costs nothing"),
    ),
    "history": (
        ("legalgen history", "the last 20 batches"),
        ("legalgen history --why", "the newest, in order"),
        ("legalgen history --spend --since 30d --by model", "what it cost"),
    ),
    "doctor": (
        ("legalgen doctor", "before the first batch, and in a bug report"),
        ("legalgen doctor --quiet", "only what is amiss"),
    ),
    "config": (
        ("legalgen config set-key groq", "type a key, not shown"),
        ("legalgen config show", "every setting, and where it came from"),
    ),
    "config show": (("legalgen config show --config torts.toml", "as a job sees it"),),
    "config path": (("legalgen config path", "where the file is, or would be"),),
    "config init": (("legalgen config init --config torts.toml", "begin a job file"),),
    "config set-key": (
        ("legalgen config set-key groq", "type it, not shown"),
        ("pass show groq | legalgen config set-key groq", "from a password store"),
    ),
    "config taxonomy": (("legalgen config taxonomy --jurisdiction uk", "a branch of it"),),
    "dataset": (
        ("legalgen dataset stats", "what an owner needs to know"),
        ("legalgen dataset sample -n 5", "five rows to read"),
        ("legalgen dataset verify", "is it whole?"),
        ("legalgen dataset export train.jsonl", "as a trainer reads it"),
    ),
    "dataset verify": (
        ("legalgen dataset verify", "look, change nothing"),
        ("legalgen dataset verify --repair", "mend what loses no row"),
    ),
    "dataset compact": (("legalgen dataset compact", "many parts into few"),),
    "dataset import": (
        ("legalgen dataset import old.jsonl", "rows that somebody has"),
        ("legalgen dataset import qa.csv --map question=Frage", "a column by name"),
        ("legalgen dataset import --keep-batch /mnt/node7", "another machine's rows"),
    ),
    "dataset export": (
        ("legalgen dataset export train.jsonl", "for TRL"),
        ("legalgen dataset export out.jsonl --format messages --split 0.1", "a test set"),
        ("legalgen dataset export out.parquet --without-flag 'DUP_*'", "no repeats"),
    ),
    "dataset show": (
        ("legalgen dataset show lg_3f", "a row, by its id"),
        ("legalgen dataset show --rejected 20261128#17", "one not kept"),
    ),
    "dataset list": (
        ("legalgen dataset list --flag 'DUP_*'", "what was flagged so"),
        ("legalgen dataset list --rejected", "what was refused, and why"),
    ),
    "dataset drop": (
        ("legalgen dataset drop lg_3f lg_a07", "these two"),
        ("legalgen dataset drop --status conflict --dry-run", "how many would go"),
        ("legalgen dataset drop --undrop lg_3f", "put one back"),
    ),
    "dataset review": (
        ("legalgen dataset review -n 50", "fifty rows, key by key"),
        ("legalgen dataset review --from rows.csv --drop", "marks made in a sheet"),
    ),
    "dataset page": (
        ("legalgen dataset page --rows", "into rows.html"),
        ("legalgen dataset page --rows a.html --flag 'DUP_*'", "those flagged so"),
    ),
    "dataset sample": (
        ("legalgen dataset sample -n 5", "five rows to read"),
        ("legalgen dataset sample --status conflict --seed 7", "of those in doubt"),
    ),
    "dataset push": (
        ("legalgen dataset push me/torts --dry-run", "which files, how many bytes"),
        ("legalgen dataset push me/torts", "to the Hugging Face Hub, private"),
        ("legalgen dataset push s3://bucket/torts", "to a bucket"),
    ),
    "dataset check": (
        ("legalgen dataset check", "the own rows"),
        ("legalgen dataset check other.parquet", "anybody's rows"),
        ("legalgen dataset check --drop 'DUP_*' --dry-run", "how many would go"),
    ),
    "dataset stats": (
        ("legalgen dataset stats", "what an owner needs to know"),
        ("legalgen dataset stats --full", "all of it"),
        ("legalgen dataset stats --html report.html", "all of it, for a browser"),
        ("legalgen dataset stats --review rows.csv", "rows to mark by hand"),
    ),
    "sources": (("legalgen sources add acts/ --licence OGL-3.0", "texts of your own"),),
    "sources add": (
        ("legalgen sources add acts/ --licence OGL-3.0", "a whole folder"),
        ("legalgen sources add lease.pdf --licence own --as-of 2024-06", "with its date"),
    ),
    "sources list": (("legalgen sources list", "what was added"),),
    "sources show": (("legalgen sources show lease", "a text, cut into passages"),),
    "sources remove": (("legalgen sources remove lease", "draw from it no more"),),
    "sources check": (("legalgen sources check acts/", "before they are added"),),
}
"""By the words that call a command: what is typed, and what for."""


def with_examples(path: str, prose: str | None) -> str:
    """The help of the command ``path``: its first paragraph, examples, the rest.

    Lines within a paragraph are joined, so that a terminal of any width breaks them itself.
    """
    import inspect

    first, *rest = (" ".join(each.split()) for each in inspect.cleandoc(prose or "").split("\n\n"))
    typed = EXAMPLES.get(path, ())
    width = max((len(command) for command, _ in typed), default=0)
    lines = [f"{command:{width}}  # {told}" for command, told in typed]
    return "\n\n".join([first, *(["\n".join(lines)] if lines else []), *rest])
