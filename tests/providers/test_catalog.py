"""What is known about models beforehand."""

from __future__ import annotations

from datetime import date

import pytest

from legalgen.providers import PROVIDERS
from legalgen.providers.catalog import (
    FAMILIES,
    Catalog,
    ModelSpec,
    Price,
    ReasoningSpec,
    TierLimits,
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog.load()


def the(catalog: Catalog, provider: str, model: str) -> ModelSpec:
    spec = catalog.find(provider, model)
    assert spec is not None
    return spec


def test_an_entry_holds_what_the_vendor_publishes(catalog: Catalog) -> None:
    """One entry compared whole, defaults included."""
    assert catalog.find("groq", "openai/gpt-oss-120b") == ModelSpec(
        provider="groq",
        id="openai/gpt-oss-120b",
        context_window=131_072,
        max_completion_tokens=65_536,
        structured="strict",
        weights="gpt-oss-120b",
        license="Apache-2.0",
        price=Price(input=0.15, output=0.60, cached=0.075),
        reasoning=ReasoningSpec(efforts=("low", "medium", "high")),
        limits={
            "free": TierLimits(
                requests_per_minute=30,
                requests_per_day=1_000,
                tokens_per_minute=8_000,
                tokens_per_day=200_000,
            ),
            "developer": TierLimits(
                requests_per_minute=1_000, requests_per_day=500_000, tokens_per_minute=250_000
            ),
        },
        latency_s=4.0,
        timeout_s=120.0,
        knowledge="2024-06",
        knowledge_source="https://arxiv.org/abs/2508.10925",
    )


def test_a_month_of_knowledge_has_its_source(catalog: Catalog) -> None:
    """What a maker does not say is not known; the same weights know the same everywhere."""
    specs = [spec for name in PROVIDERS for spec in catalog.models(name)]
    for spec in specs:
        assert (spec.knowledge is None) == (spec.knowledge_source is None), spec.id
        assert {twin.knowledge for twin in catalog.same_weights(spec)} <= {spec.knowledge}
    known = {spec.weights for spec in specs if spec.knowledge}
    assert known == {"gpt-oss-120b", "gpt-oss-20b"}
    assert catalog.default_spec("openai", "gpt-oss:20b").knowledge == "2024-06"


def test_models_come_in_order_of_preference(catalog: Catalog) -> None:
    """The order of the file is the order of the default route."""
    assert {name: [spec.id for spec in catalog.models(name)] for name in PROVIDERS} == {
        "groq": [
            "openai/gpt-oss-120b",
            "openai/gpt-oss-20b",
            "qwen/qwen3.8-27b",
            "openai/gpt-oss-safeguard-20b",
        ],
        "cerebras": ["gpt-oss-120b", "qwen-3.8-27b"],
        "openai": [],
        "local": ["smollm2-135m"],
        "ray": [],
    }


def test_a_classifier_is_no_writer_and_the_toy_is_a_toy(catalog: Catalog) -> None:
    """The two marks that keep a model out of a training set."""
    everything = [spec for name in PROVIDERS for spec in catalog.models(name)]
    assert [spec.id for spec in everything if not spec.writer] == ["openai/gpt-oss-safeguard-20b"]
    assert [(spec.id, spec.prompt) for spec in everything if spec.toy] == [("smollm2-135m", "toy")]


@pytest.mark.parametrize(
    ("provider", "model", "twins"),
    [
        ("groq", "openai/gpt-oss-120b", [("cerebras", "gpt-oss-120b")]),
        ("cerebras", "qwen-3.8-27b", [("groq", "qwen/qwen3.8-27b")]),
        ("groq", "openai/gpt-oss-20b", []),
    ],
)
def test_same_weights_are_found_elsewhere(
    catalog: Catalog, provider: str, model: str, twins: list[tuple[str, str]]
) -> None:
    """One model goes by different ids at different vendors."""
    found = catalog.same_weights(the(catalog, provider, model))
    assert [(spec.provider, spec.id) for spec in found] == twins


def test_unknown_weights_are_the_same_as_nothing(catalog: Catalog) -> None:
    """Two models of unknown weights are not taken for one."""
    assert catalog.same_weights(catalog.default_spec("groq", "new/model")) == ()


@pytest.mark.parametrize(
    ("provider", "model", "families"),
    [
        ("groq", "openai/gpt-oss-120b", {"gpt-oss"}),
        ("groq", "openai/gpt-oss-safeguard-20b", {"gpt-oss"}),
        ("openai", "gpt-oss:20b", {"gpt-oss"}),
        ("cerebras", "qwen-3.8-27b", {"qwen"}),
        ("groq", "qwen/qwen3.8-27b", {"qwen"}),
        ("openai", "qwq:32b", {"qwen"}),
        ("cerebras", "zai-glm-4.7", {"glm"}),
        ("groq", "moonshotai/kimi-k2-instruct-0905", {"kimi"}),
        ("groq", "deepseek-r1-distill-llama-70b", {"deepseek", "llama"}),
        ("openai", "meta-llama/Llama-3.3-70B-Instruct", {"llama"}),
        ("local", "Mixtral-8x7B.Q4_K_M", {"mistral"}),
        ("groq", "gemma2-9b-it", {"gemma"}),
        ("local", "smollm2-135m", {"smollm"}),
        ("openai", "phi-4", {"phi"}),
        ("openai", "gpt-4o-mini", {"gpt"}),
        ("openai", "my-ollama-server", {"my-ollama-server"}),
        ("openai", "70b-chat", {"70b-chat"}),
    ],
)
def test_a_models_family_is_told_by_its_name(
    catalog: Catalog, provider: str, model: str, families: set[str]
) -> None:
    """Whatever the vendor calls it, and whichever its weights are."""
    assert catalog.spec(provider, model).families == families


def test_every_listed_model_is_of_a_known_family(catalog: Catalog) -> None:
    """A model that is added to the catalog gets its family, too; the toy writes with nobody."""
    listed = [spec for name in PROVIDERS for spec in catalog.models(name) if not spec.toy]
    assert [spec.id for spec in listed if not spec.families <= FAMILIES.keys()] == []


def test_kin_are_those_of_one_family(catalog: Catalog) -> None:
    """Other weights of the same family are kin; a blend is kin to both its parents."""
    large, small = (catalog.spec("groq", f"openai/gpt-oss-{size}b") for size in (120, 20))
    qwen, llama = catalog.spec("cerebras", "qwen-3.8-27b"), catalog.spec("openai", "llama3.1")
    blend = catalog.spec("groq", "deepseek-r1-distill-llama-70b")
    assert (large.is_kin(small), large.is_kin(qwen)) == (True, False)
    assert (blend.is_kin(llama), llama.is_kin(blend), blend.is_kin(qwen)) == (True, True, False)


@pytest.mark.parametrize(
    ("provider", "model", "day"),
    [
        ("groq", "llama-3.3-70b-versatile", date(2026, 8, 16)),
        ("cerebras", "llama-3.3-70b", date(2026, 2, 16)),
        ("groq", "openai/gpt-oss-120b", None),
        ("nobody", "llama-3.3-70b", None),
    ],
)
def test_shut_down_models_have_a_date(
    catalog: Catalog, provider: str, model: str, day: date | None
) -> None:
    """A retired id is known by vendor and day; it is in no list of models."""
    assert catalog.retired(provider, model) == day
    assert (day is None) or catalog.find(provider, model) is None


@pytest.mark.parametrize(
    ("provider", "model", "structured", "reasoning"),
    [
        ("groq", "qwen/qwen4-50b", "strict", ReasoningSpec(("none", "default"), "parsed")),
        ("groq", "openai/gpt-oss-7b", "strict", ReasoningSpec(("low", "medium", "high"))),
        ("groq", "meta/llama-5", "strict", ReasoningSpec()),
        (
            "cerebras",
            "qwen-4",
            "strict",
            ReasoningSpec(("none", "low", "medium", "high"), "parsed"),
        ),
        ("openai", "gpt-oss:20b", "strict", ReasoningSpec(("low", "medium", "high"))),
        ("openai", "mistral", "strict", ReasoningSpec()),
        ("nobody", "x", "strict", ReasoningSpec()),
    ],
)
def test_an_unlisted_model_gets_its_familys_features(
    catalog: Catalog, provider: str, model: str, structured: str, reasoning: ReasoningSpec
) -> None:
    """A new model is called in a way that its relatives accept, and marked as unlisted."""
    spec = catalog.spec(provider, model)
    assert (spec.provider, spec.id, spec.listed) == (provider, model, False)
    assert (spec.structured, spec.reasoning, spec.price) == (structured, reasoning, None)


def test_spec_prefers_the_entry(catalog: Catalog) -> None:
    """A listed model is never taken for a mere member of its family."""
    assert catalog.spec("groq", "openai/gpt-oss-20b") == catalog.find("groq", "openai/gpt-oss-20b")


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("openai/gpt-oss-120b", "low", "low"),
        ("openai/gpt-oss-120b", "none", "low"),
        ("openai/gpt-oss-120b", "default", None),
        ("openai/gpt-oss-120b", None, None),
        ("qwen/qwen3.8-27b", "none", "none"),
        ("qwen/qwen3.8-27b", "default", "default"),
        ("meta/llama-5", "low", None),
        ("meta/llama-5", "none", None),
    ],
)
def test_only_accepted_efforts_are_sent(
    catalog: Catalog, model: str, effort: str | None, sent: str | None
) -> None:
    """gpt-oss refuses "none" with 400, and a model that does not reason refuses the parameter."""
    assert catalog.spec("groq", model).accepted_effort(effort) == sent


def test_cost_counts_cached_tokens_at_their_own_price(catalog: Catalog) -> None:
    """A million of each kind costs the sum of the three prices."""
    spec = the(catalog, "groq", "openai/gpt-oss-120b")
    assert spec.cost_usd(2_000_000, 1_000_000, 1_000_000) == pytest.approx(0.15 + 0.075 + 0.60)
    assert the(catalog, "cerebras", "gpt-oss-120b").cost_usd(1_000_000, 0, 500_000) == 0.35
    assert catalog.default_spec("groq", "x").cost_usd(1, 1) is None
