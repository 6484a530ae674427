"""Which parameter a refusal means: by a field, by a path, or only by the sentence."""

from __future__ import annotations

import pytest

from legalgen.errors import ErrorCategory, classify

EXTRA = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted", "input": 7}


def said(message: str, **fields: object) -> object:
    return {"error": {"message": message, **fields}}


REFUSALS: list[tuple[object, tuple[str, ...]]] = [
    (said("gw.UnsupportedParamsError: x does not support parameters: ['seed']"), ("seed",)),
    ({"message": {"detail": [{**EXTRA, "loc": ["body", "seed"]}]}}, ("seed",)),
    ({"message": str([{**EXTRA, "loc": ("body", "top_p")}])}, ("top_p",)),
    (said("1 validation error for Chat\nseed\n  Extra inputs are not permitted"), ("seed",)),
    (said("Unrecognized request argument supplied: reasoning_effort"), ("reasoning_effort",)),
    (said("`temperature` and `top_p` cannot both be specified for this model."), ("top_p",)),
    (said("temperature: `temperature` is deprecated for this model."), ("temperature",)),
    (said("property 'seed' is unsupported, did you mean 'temperature'?"), ("seed",)),
    (said("Not taken", param="generation_config.seed"), ("seed",)),
    ({"code": "unrecognized_keys", "keys": ["seed"], "message": "Unrecognized key"}, ("seed",)),
    ({"error": "m does not support thinking"}, ("reasoning_effort",)),
    ({"error": 'json: unknown field "max_completion_tokens"'}, ("max_completion_tokens",)),
    (said("'max_tokens' is not supported. Use 'max_completion_tokens'."), ("max_tokens",)),
    (
        {"detail": [{"type": "missing", "loc": ["body", "max_tokens"], "msg": "Field required"}]},
        ("max_completion_tokens",),
    ),
    (said("max_tokens is too large: 5000. At most 4096 are supported", param="max_tokens"), ()),
    (said("[] is too short - 'messages'"), ()),
    ({"message": "Malformed input request: #: extraneous key [seed] is not permitted"}, ("seed",)),
    (
        {"error_code": "BAD_REQUEST", "message": 'Bad request: json: unknown field "seed"'},
        ("seed",),
    ),
    ({"code": "Invalid", "error": "Argument not supported on this model: seed"}, ("seed",)),
    (
        {"code": "Invalid", "error": "Model m does not support parameter reasoningEffort."},
        ("reasoning_effort",),
    ),
    (said("invalid temperature: only 1 is allowed for this model"), ("temperature",)),
    (said("`temperature` may only be set to 1 when thinking is enabled."), ("temperature",)),
    ({"message": "unknown field: parameter 'seed' is not a valid field."}, ("seed",)),
    (said("`reasoning_effort` must be one of `none` or `default`"), ("reasoning_effort",)),
    (
        "unknown field `seed`, expected one of `temperature`, `top_p`, `response_format`",
        ("seed",),
    ),
    (
        {
            "status": 400,
            "error": "Bad Request",
            "message": 'Unrecognized field "seed" (class Chat), '
            'not marked as ignorable (2 known properties: "temperature", "top_p")',
        },
        ("seed",),
    ),
    ({"code": 3, "message": 'proto: (line 1:20): unknown field "seed"'}, ("seed",)),
    ({"message": "Validation: Unsupported parameter(s): `seed`", "code": 400}, ("seed",)),
    (
        {
            "detail": [
                {**EXTRA, "loc": ["body", "store"]},
                {**EXTRA, "loc": ["body", "max_completion_tokens"]},
            ]
        },
        ("max_completion_tokens",),
    ),
    (
        {"success": False, "error": {"issues": [{"code": "unrecognized_keys", "keys": ["seed"]}]}},
        ("seed",),
    ),
    ({"message": "additional properties", "errors": [{"path": "/body/seed"}]}, ("seed",)),
    (said("不支持参数 seed"), ("seed",)),
    (said("参数 temperature 取值不合法"), ("temperature",)),
    (
        {
            "title": "Invalid",
            "errors": {"$.seed": ["The JSON property 'seed' could not be mapped."]},
        },
        ("seed",),
    ),
    (
        said("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not allowed."),
        ("max_tokens",),
    ),
    (said("El parámetro 'seed' no es compatible con este modelo"), ("seed",)),
    (said("参数 seed 不被支持"), ("seed",)),
    (
        {"error": "create() got an unexpected keyword argument 'reasoning_effort'"},
        ("reasoning_effort",),
    ),
    (said("body must NOT have additional properties: 'top_p'"), ("top_p",)),
    (said("Additional properties are not allowed ('seed' was unexpected)"), ("seed",)),
    (said("temperature must be 1 when reasoning is enabled, got 0.2"), ("temperature",)),
    (
        {
            "detail": [
                {
                    "loc": ["body", "max_completion_tokens"],
                    "type": "value_error.extra",
                    "msg": "extra fields not permitted",
                }
            ]
        },
        ("max_completion_tokens",),
    ),
    ({"message": "invalid request: [seed] unexpected property"}, ("seed",)),
    (said("This model only support stream mode, please enable the stream parameter"), ("stream",)),
    (said("enable_thinking must be set to false for non-streaming calls"), ("stream",)),
    (said("Thinking level is not supported for this model."), ("reasoning_effort",)),
    (
        said("Budget 0 is invalid. This model only works in thinking mode."),
        ("reasoning_effort",),
    ),
    (
        said("Reasoning is mandatory for this endpoint and cannot be disabled."),
        ("reasoning_effort",),
    ),
    (said("thinking can't be disabled for this model"), ("reasoning_effort",)),
    (
        said("thinking is not configurable in this model; please remove the setting"),
        ("reasoning_effort",),
    ),
    (
        said("the gateway does not support parameters: {'seed': 7, 'top_p': 0.9}, for m"),
        ("seed", "top_p"),
    ),
]


@pytest.mark.parametrize(
    "words",
    [
        "The model stopped thinking and its answer is invalid",
        "reasoning is on; the messages must alternate",
        "the stream of a non-existent model is not supported",
        "the answer is invalid JSON output",
        "only JSON output that is whole counts",
        "{'seed': 7} was drawn; the file is not supported",
    ],
)
def test_what_is_no_refused_parameter(words: str) -> None:
    """Thinking, streams and output are spoken of where no parameter is meant."""
    failure = classify("", status=400, body=said(words))
    assert not {"reasoning_effort", "seed"} & set(failure.parameters)
    assert not failure.structured_output


NO_SYSTEM = [
    said("System role not supported"),
    said("Conversation roles must alternate user/assistant/user/assistant/..."),
    said("Only user and assistant roles are supported!"),
    said("Developer instruction is not enabled for models/gemma-3-27b-it"),
    said("Unsupported value: 'messages[0].role' does not support 'system' with this model.",
         param="messages[0].role"),
    said("This model doesn't support the system field. Remove it and try again."),
    said("messages[0].role: unknown variant `system`, expected one of `user`, `assistant`"),
    said("Jinja Exception: system messages are not supported by this template"),
    {"detail": [{"loc": ["body", "messages", 0, "role"], "type": "literal_error",
                 "msg": "Input should be 'user' or 'assistant'", "input": "system"}]},
]  # fmt: skip


@pytest.mark.parametrize("body", NO_SYSTEM, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("status", [400, 422, 500])
def test_a_role_that_a_model_does_not_have(status: int, body: object) -> None:
    """Servers say what a chat template raises under a status of their own choice."""
    failure = classify("", status=status, body=body)
    assert (failure.category, failure.parameters) == (ErrorCategory.BAD_REQUEST, ("system",))


@pytest.mark.parametrize(
    "words",
    [
        "After the optional system message, conversation roles must alternate user/assistant",
        "The file system is not supported",
        "System error: the operation is not supported",
        "internal system failure, please report",
        "Only users with a subscription are allowed",
    ],
)
@pytest.mark.parametrize("status", [400, 500])
def test_what_is_no_refused_role(status: int, words: str) -> None:
    assert classify("", status=status, body=said(words)).parameters == ()


@pytest.mark.parametrize(
    ("words", "names", "form"),
    [
        ("No endpoints found that support the requested parameters: response_format", (), True),
        ("No endpoints found that support the requested parameters: seed", ("seed",), False),
        ("no provider to handle these parameters: max_tokens", ("max_tokens",), False),
        ("The parameters temperature, seed are not supported by any deployment",
         ("seed", "temperature"), False),
        ("No endpoints found that can handle the requested parameters.", (), False),
    ],
)  # fmt: skip
def test_parameters_that_no_server_of_a_model_takes(
    words: str, names: tuple[str, ...], form: bool
) -> None:
    """A router says 404 of these as of a model that is not there; the model is not gone."""
    failure = classify("", status=404, body={"error": {"message": words, "code": 404}})
    assert (failure.category, failure.wrong_url) == (ErrorCategory.BAD_REQUEST, False)
    assert (failure.parameters, failure.structured_output) == (names, form)


@pytest.mark.parametrize(
    "words",
    [
        "No endpoints found for meta-llama/llama-3.1-8b-instruct:free",
        "No endpoints found that support tool use.",
        "The model `m` does not exist",
        "Model m not found: check the parameter model",
    ],
)
def test_a_model_that_is_gone_is_no_refused_parameter(words: str) -> None:
    """Under the same status."""
    failure = classify("", status=404, body={"error": {"message": words, "code": 404}})
    assert failure.category is ErrorCategory.MODEL_UNAVAILABLE


@pytest.mark.parametrize(("body", "names"), REFUSALS, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("status", [400, 422])
def test_the_parameter_that_is_refused(status: int, body: object, names: tuple[str, ...]) -> None:
    """It is read whatever the frame; advice and too large a value name no parameter."""
    failure = classify("", status=status, body=body)
    assert failure.parameters == names
    assert failure.category is ErrorCategory.BAD_REQUEST or not names


@pytest.mark.parametrize(
    ("body", "types"),
    [
        (said("This response_format type is unavailable now"), ("json_object", "text")),
        (said("Structured outputs are not supported by this model"), ("json_object", "text")),
        (said("m does not support Json Output."), ("text",)),
        (said("JSON output is not supported for m"), ("text",)),
        (said("JSON mode is not enabled for models/gemma"), ("text",)),
        (
            said("response_format value as json_schema is enabled only for api versions of 2024"),
            ("json_object", "text"),
        ),
        (
            said("json_schema response format is not supported here, use json_object"),
            ("json_object", "text"),
        ),
        (said("`json_object` is not supported.", param="response_format.type"),
         ("json_schema", "text")),
        (
            "response_format.type: unknown variant `json_schema`, expected one of `json_object`",
            ("json_object",),
        ),
        (
            said('["At response_format -> Text -> type: Input should be \'text\'", "At '
                 'response_format -> Schema -> type: Input should be \'json_schema\'"]'),
            ("json_schema", "text"),
        ),
        (
            said('response_format type must be "text" or "json_object", but got: json_schema'),
            ("json_object", "text"),
        ),
        (said("Failed to initialize samplers: failed to parse grammar"), None),
        (said("The schema contains features not supported by xgrammar."), None),
        (
            said("Bad value. Supported values are: 'json_object'.", param="response_format.type"),
            ("json_object",),
        ),
        (
            {"detail": [{"loc": ["body", "response_format", "type"], "type": "literal_error",
                         "msg": "Input should be 'text'"}]},
            ("text",),
        ),
        ({"detail": [{**EXTRA, "loc": ["body", "response_format"]}]}, ()),
        (said("Invalid schema for response_format 'a': additionalProperties is missing"), None),
    ],
    ids=str,
)  # fmt: skip
def test_the_formats_that_are_left(body: object, types: tuple[str, ...] | None) -> None:
    """A server that says what it takes is asked for that at once, else for the next weaker."""
    failure = classify("", status=400, body=body)
    assert (failure.structured_output, failure.format_types) == (True, types)
    assert failure.parameters == ()


@pytest.mark.parametrize(("body", "names"), REFUSALS, ids=lambda value: str(value)[:60])
def test_the_parameter_that_is_refused_under_500(body: object, names: tuple[str, ...]) -> None:
    """llama.cpp and gateways say so of requests, too; a broken stream is no refused parameter."""
    failure = classify("", status=500, body=body)
    if names and "stream" not in names:
        assert (failure.category, failure.parameters) == (ErrorCategory.BAD_REQUEST, names)


@pytest.mark.parametrize(
    ("message", "most"),
    [
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        ("`max_tokens` must be less than or equal to `4096`, the maximum for it is less", 4096),
        ("max_tokens is too large: 16384. This model supports at most 4096 tokens", 4096),
        ("max_completion_tokens is too large: 131072. This model's maximum is 32768", 32768),
        ("max_tokens: 100000 > 64000, which is the maximum allowed for this model", 64000),
        ("maxOutputTokens is 65537, the range is from 1 (inclusive) to 65537 (exclusive)", 65536),
        ("The maximum output tokens for this model is 8,192", 8192),
        ("max_tokens must be between 1 and 4096", 4096),
        ("max_tokens is too large: 8192. This model's maximum context length is 4096", None),
        ("`inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1000 and 2000", None),
        ("prompt tokens plus max_tokens must be <= 4096", None),
        ("max_tokens must be at least 1, got -5", None),
        ("the answer was cut because max_tokens was reached: 4096", None),
    ],
)
def test_what_an_answer_may_have_at_most_is_read(message: str, most: int | None) -> None:
    """Not what prompt and answer may have together."""
    failure = classify(str(said(message)), status=400, body=said(message))
    told = failure.limit if failure.kind == "output_tokens" else None
    assert told == most
    if most is not None:
        assert failure.category is ErrorCategory.CONTEXT_LENGTH
