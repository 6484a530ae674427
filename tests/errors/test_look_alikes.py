"""Failures in another's words: a rate beside offers to pay, a parameter beside keys and models.

Taken for what they resemble they would cost the batch a provider or a model.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from legalgen.errors import ErrorCategory, classify

C = ErrorCategory

MOMENTARY = """
Rate limit exceeded. Add a payment method to increase your rate limits.
Too many requests. Please upgrade your account or try again in 20 seconds.
Rate limit exceeded. Please upgrade to continue or wait 30 seconds.
Free tier quota exceeded. Please retry in 21s.
Account limit reached, retry in 5 seconds
Free limit reached, please try again in 60 seconds
You have used all your requests for this minute. Retry in 30 seconds.
no quota remaining, retry after 12s
Your account limit exceeded, please slow down
Rate limit exceeded: 10 requests per minute on the free plan. Please upgrade.
Account limit reached: 60 requests per minute
Slow down! Free accounts may send 5 requests per minute; please upgrade for more.
Too many concurrent requests on the free plan. Please upgrade to raise the limit.
Requests are throttled for accounts without a payment method. Add a payment method.
Plan limit reached. Please wait 15 seconds.
You have used up your tokens. Try again in 45s.
Usage cap hit for this account, retry after 90 seconds
Limit reached on requests per min. Please try again in 20s. Add a payment method.
Quota: 0. Retry in 8s.
Check your plan and billing. Quota metric: GenerateRequestsPerMinutePerProject
You are sending requests too quickly. Update your billing details to get higher limits.
TPM limit reached for your plan. Please upgrade.
Rate limit exceeded: free-models-per-min. Add 10 credits to unlock higher limits.
Too many requests. Purchase more credits to raise your rate limit.
Free plan quota reached, available again in 30s
Your plan's limit was reached. Resets in 12 seconds.
You have no quota left for this minute
Rate limited. Upgrade to a monthly plan for higher limits, or retry in 10 seconds.
You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s.
You hit the concurrency limit of the free tier. Upgrade to continue.
Trial accounts are limited to 20 requests/minute. Please upgrade to a production key.
Please reduce your request rate, or upgrade to continue at this speed.
Sorry, the free plan only allows a burst of 5 requests. Please upgrade or wait a few seconds.
Too many requests in a short time, please upgrade your plan for higher throughput
Your account has hit its requests per second limit. Contact sales to upgrade.
Request limit reached for free accounts, retry after 3s
Free users are limited to 3 requests every 60 seconds. Upgrade to Pro for unlimited requests.
You've used up your per-minute tokens. Please upgrade your plan.
Quota exceeded for quota metric 'Generate Content API requests per minute'. Add billing to raise it.
Rate limit hit (tier 1). Buy credits to move to tier 2.
Limit exceeded. Please upgrade to a paid tier. Retry-After: 10
QPS limit reached on your plan, please upgrade
Please upgrade to increase your concurrency.
Account quota exceeded, retry in 1m30s
Exceeded your free usage limit. Try again in 25 seconds.
You have exhausted your quota. It resets in 40 seconds.
The free tier limit has been reached, wait 1 minute
Plan quota exceeded. Cooldown 20s. Upgrade to continue.
Insufficient quota for this minute, try again in 11s
Insufficient tokens in the bucket: please wait 6s or upgrade
Your subscription required more requests than allowed: slow down, retry in 4s
You exceeded your current quota. Retry in 6s
Monthly plan users: rate limit 20/min reached, please upgrade
Upgrade required for higher rate limits. Too many requests.
Your prepaid balance allows 60 requests per minute; rate limit exceeded
Credits are consumed per request; rate limit exceeded, retry after 2 seconds
Rate limit exceeded. Insufficient credits to raise your tier automatically. Retry in 10s
""".strip().splitlines()
LASTING = """
Please upgrade your plan
Please add a payment method
Free quota exhausted
Plan limit has been reached
You have used up all your free credits
Quota: 0
You have no quota
Upgrade to continue
Your account limit was exceeded
usage cap reached
You have used all your free requests for today
Insufficient balance, please recharge
""".strip().splitlines()


@pytest.mark.parametrize("sentence", MOMENTARY)
def test_a_limit_of_a_moment_is_one_of_a_rate_whatever_is_offered_beside_it(sentence: str) -> None:
    for code, headers in ((None, {}), ("rate_limit_exceeded", {"Retry-After": "5"})):
        body = {"error": {"message": sentence, "code": code}}
        failure = classify(sentence, status=429, body=body, headers=headers)
        assert (failure.category, failure.credit) == (C.RATE_LIMIT, False)


@pytest.mark.parametrize("sentence", MOMENTARY)
def test_a_limit_of_a_moment_is_no_credit_in_a_logged_line_either(sentence: str) -> None:
    assert not classify(sentence).credit
    assert not classify(f"Error code: 429 - {sentence}").credit


@pytest.mark.parametrize("sentence", LASTING)
def test_the_same_offers_alone_say_that_nothing_is_left(sentence: str) -> None:
    failure = classify(sentence, status=429, body={"error": {"message": sentence}})
    assert failure.category is C.QUOTA_EXHAUSTED


@pytest.mark.parametrize(
    ("wait", "category"),
    [
        ("5", C.RATE_LIMIT),
        ("120", C.RATE_LIMIT),
        ("Mon, 23 Nov 2026 16:01:00 GMT", C.RATE_LIMIT),
        ("121", C.QUOTA_EXHAUSTED),
        ("86400", C.QUOTA_EXHAUSTED),
    ],
)
def test_a_short_wait_in_a_header_makes_a_rate_of_a_limit_of_the_plan(
    wait: str, category: ErrorCategory
) -> None:
    for sentence in ("Plan limit reached", "Please upgrade your plan", "Free quota exhausted"):
        failure = classify(
            sentence,
            status=429,
            body={"error": {"message": sentence}},
            headers={"Retry-After": wait},
            now=datetime(2026, 11, 23, 16, 0, tzinfo=UTC),
        )
        assert failure.category is category


def test_no_wait_brings_money_back() -> None:
    for sentence in ("Insufficient balance, please recharge", "You have used up all your credits"):
        failure = classify(
            sentence,
            status=429,
            body={"error": {"message": sentence}},
            headers={"Retry-After": "5"},
        )
        assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, True)


OF_A_PARAMETER = """
The provided token count exceeds the model's limit
The provided token sequence is too long
Invalid 'logit_bias': the provided token id 50300 is out of vocabulary
This model does not support chat templates with system role
For this model, seed is only available with temperature 0
model 'x' structured output is only available in beta
tool_choice is invalid: function call cannot be read
Error: no choices for parameter 'x'
The provided token ids must be integers
logprobs: the provided token is not in the vocabulary
stop: each provided token must be a string
Invalid value for stop: the provided token is invalid
For this model, logprobs is only available in streaming mode
With this deployment, top_p is only available with temperature 1
This model does not support chat completions with n > 1
The model does not support chat history with tool messages
Invalid parameter: tool call arguments cannot be parsed
The request has no choices for parameter 'tool_choice'
Invalid request: function calls cannot be decoded
Parameter n is 0, so no choices can be returned
Invalid stop token provided
Invalid token provided in logit_bias
The model parameter 'seed' is only available for reasoning
reasoning_effort is not available for this model
max_tokens is required for this model
temperature is not supported with this model
This model does not support the parameter seed
The key 'seed' is not accepted by this model
Parameter 'json_schema': the property key 'token' is missing
Service tier is not available for this model
This feature (logprobs) is not available for the model x
Model x: parameter 'stop' is disabled
The logprobs option is disabled for this model
no token provided for parameter 'stop'
The parameter 'seed' is only available on paid plans. Please upgrade.
Parameter logprobs: please add a payment method to use it
Model x does not support the parameter logit_bias and it is disabled
Unsupported parameter: 'max_tokens' is not available with this model.
'temperature' is deprecated for this model.
This model is not available with stream=true
frequency_penalty is not enabled for this model
stop sequences are disabled for model x
seed must be an integer, token ids are invalid
Token id -1 is invalid
bad_words: token not found in tokenizer
The model only accepts temperature between 0 and 1
This model only supports n=1
response_format json_schema is not available for this model
json mode is disabled for this deployment
guided_json is not enabled on this model
This deployment does not allow max_tokens over 4096
Structured outputs are unavailable for model x
thinking is not available for this model
Invalid access to field 'token' in messages
tools[0].function.name: token is malformed
stream_options is only available when stream is enabled
The user field is blocked for this model
service_tier 'flex' is not available for this model
tool call id not found in messages
Assistant message has no content or tool calls
messages with role 'tool' must be a response to a preceding message with tool calls
model x: system message is not supported
user message not found
Expected a user message; user not found in roles
group_size is not allowed; group disabled
verbosity is unavailable for the model
Image input is disabled for this model
echo and logprobs are no longer available for chat models
The endpoint does not support n > 1; feature is disabled
The model's chat template is missing; parameter chat_template is required
max_tokens must be at least 16 for this model, credits are not affected
Invalid schema: property 'account' is disabled
""".strip().splitlines()
OF_A_TARGET = {
    C.AUTHENTICATION: """
Missing parameter: API key is required
Invalid parameter: the api_key is not valid
Invalid Authorization header parameter: access token expired
Required parameter 'credentials' missing: no credentials provided
The provided token is invalid
The provided token has expired
provided token was revoked
Your organization has been suspended; parameters were not read
Your account is banned. Check the parameter documentation.
User not found.
Your organization has been disabled
Unauthorized: no field Authorization
The user is suspended
JWT expired
Access denied
""",
    C.MODEL_UNAVAILABLE: """
Invalid value for parameter 'model': the model does not exist
Invalid parameter model: model gpt-x not found
invalid params, model not exist
Parameter error: unknown model gpt-x
Invalid parameter: the model `foo/bar-7b` has been decommissioned
Parameter 'model' is wrong: no such model
The parameter `model` specified in the request are not valid: the model foo-1 is not available
This model does not support chat
This model is only available on paid plans
model foo-7b is only available for enterprise customers
Model gpt-x not found; please check the parameters
Model field is invalid: model foo does not exist
The model field names no such model
model: foo is not a valid model
field model: unknown model foo
The model `foo` does not exist or you do not have access to it
Model not supported: foo. See max_tokens docs
The requested model is not supported
Model foo is disabled
deployment foo not found
Model foo is deprecated and its tokenizer was removed
No endpoints found that support the requested parameters
no endpoints found for model x
""",
    C.OUTPUT_INVALID: """
No choices returned
The model's tool call could not be parsed
Failed to generate JSON. Please adjust your prompt or parameters.
Invalid JSON in model output
Tool call arguments are not valid JSON
Failed to parse tool call arguments as JSON
The model produced invalid function arguments
Generated JSON does not match the expected schema
The model's response is missing the required property 'answer'; the output failed validation
Empty response from model; check max_tokens
Response truncated: max_tokens reached
""",
    C.QUOTA_EXHAUSTED: """
Insufficient balance; check the billing parameters
You have run out of credits; reduce max_tokens or add credits
Please upgrade your plan
Insufficient funds
""",
}


@pytest.mark.parametrize("sentence", OF_A_PARAMETER)
def test_a_refused_parameter_costs_no_provider_and_no_model(sentence: str) -> None:
    for status in (400, 422):
        for body in ({"error": {"message": sentence}}, None):
            failure = classify(sentence, status=status, body=body)
            assert failure.category in (C.BAD_REQUEST, C.CONTEXT_LENGTH)


@pytest.mark.parametrize("category", OF_A_TARGET)
def test_a_key_a_model_or_an_answer_counts_beside_words_on_parameters(
    category: ErrorCategory,
) -> None:
    for sentence in OF_A_TARGET[category].strip().splitlines():
        for body in ({"error": {"message": sentence}}, None):
            assert classify(sentence, status=400, body=body).category is category, sentence


def test_a_parameter_that_a_model_takes_in_one_way_only_is_left_out() -> None:
    failure = classify("For this model, seed is only available with temperature 0", status=400)
    assert "seed" in failure.parameters


@pytest.mark.parametrize(
    "sentence",
    [
        "Individual quota reached. Please upgrade your subscription",
        "Quota exceeded. Please upgrade to continue.",
    ],
)
def test_a_quota_of_unknown_length_is_no_missing_credit(sentence: str) -> None:
    """The provider is not dropped for it: what is exhausted may come back."""
    failure = classify(sentence, status=429)
    assert (failure.category, failure.credit) == (C.QUOTA_EXHAUSTED, False)


NEIGHBOURS = [
    # a quota that is reached, and an offer; the same where a moment is said to help
    ("Individual quota reached. Please upgrade your subscription", 429, C.QUOTA_EXHAUSTED),
    ("Team quota exceeded, please upgrade", 429, C.QUOTA_EXHAUSTED),
    ("Quota exceeded for requests per minute. Please upgrade.", 429, C.RATE_LIMIT),
    ("Quota reached: too many concurrent requests. Please upgrade.", 429, C.RATE_LIMIT),
    ("Quota was exceeded, retry in 10s. Please upgrade.", 429, C.RATE_LIMIT),
    ("Quota exceeded", 429, C.RATE_LIMIT),
    # an hour that is used up; an hour beside a minute
    ("You've reached your free limit for the hour", 429, C.QUOTA_EXHAUSTED),
    ("The limit of requests in an hour was reached", 429, C.QUOTA_EXHAUSTED),
    ("Limit of 60 requests per minute reached, see usage for the hour", 429, C.RATE_LIMIT),
    # the system's numbers of a socket, and those of a file
    ("OSError: [Errno 99] Adresse kann nicht zugewiesen werden", None, C.CONNECTION_ERROR),
    ("[WinError 10061] 由于目标计算机积极拒绝", None, C.CONNECTION_ERROR),
    ("send: os error 104", None, C.CONNECTION_ERROR),
    ("socket.gaierror: [Errno -3] keine Antwort", None, C.CONNECTION_ERROR),
    # a size and an access, both under 403
    ("Input and max_tokens must be less than the context length", 403, C.CONTEXT_LENGTH),
    ("Forbidden: you may not use models with a longer context window", 403, C.AUTHENTICATION),
    ("Access denied: larger context windows need another key", 403, C.AUTHENTICATION),
    # a model that did not load, and a system that has too much to do
    ("Model loading was stopped, it would overload your system", None, C.MODEL_UNAVAILABLE),
    ("The model could not answer, the system is overloaded", None, C.OVERLOADED),
    # what moderates
    ("Request Moderated", None, C.CONTENT_FILTER),
    ("Error: the server is under moderate load", None, C.SERVER_ERROR),
    # a proxy of one's own that could not read, and one that could not be reached
    ("Proxy error: failed to parse upstream JSON: EOF while parsing a value", None, C.SERVER_ERROR),
    ("Proxy error: 502, tunnel closed while parsing took place", None, C.CONNECTION_ERROR),
    # pages without headings
    ("<html><body><b>Http/1.1 Service Unavailable</b></body></html>", None, C.OVERLOADED),
    ("<html><body>Hello. <p>Page</p></body></html>", None, C.SERVER_ERROR),
    # what is dead
    ("CRITICAL a.py:99] the engine is already dead, terminating server", None, C.SERVER_ERROR),
    ("a dead link was found in the docs of the server", None, C.GENERAL),
    # a guardrail that judged, and one that broke
    ("The guardrail checks defined in the config failed", 446, C.CONTENT_FILTER),
    ("Prompt blocked due to security configurations", 424, C.CONTENT_FILTER),
    ("The guardrail service failed to start", 500, C.SERVER_ERROR),
    ("Failed dependency: the gateway's content store is down", 424, C.SERVER_ERROR),
    # risks that were detected, and a risk that is none of content
    ("InputTextRiskDetection", None, C.CONTENT_FILTER),
    ("RiskControlRefused: output_risk", None, C.CONTENT_FILTER),
    ("Error: the server is at risk of running out of memory", None, C.MODEL_UNAVAILABLE),
    # an address that is not let in, and one that was not found
    ("ILLEGAL_IP: the IP is not in the whitelist of the server", None, C.AUTHENTICATION),
    ("Error: no IP address for the host in the DNS answer", None, C.CONNECTION_ERROR),
    # a role without access; a model without access; a field that a role does not have
    ("Your role does not include LLM Gateway access.", None, C.AUTHENTICATION),
    ("Your account does not have access to model x", None, C.MODEL_UNAVAILABLE),
    ("Invalid message: role 'x' does not have field 'content'", 400, C.BAD_REQUEST),
    # how often a function was called, and how often the API
    ("CallLimit: The call limit has been exceeded", None, C.RATE_LIMIT),
    ("Invalid tools: at most 64 function calls in a message", 400, C.BAD_REQUEST),
    # an account that is shut out for what it wrote, and what it wrote
    ("Your account was disabled for violating our usage policies", 403, C.AUTHENTICATION),
    ("Organization suspended due to a violation of our content policy", 400, C.AUTHENTICATION),
    ("Account banned for violation of content policy", None, C.AUTHENTICATION),
    ("Your API key was disabled for violating our policies", None, C.AUTHENTICATION),
    ("blocked output: it may be a violation of our terms of use", None, C.CONTENT_FILTER),
    ("The user input was blocked by our content policy", 403, C.CONTENT_FILTER),
    ("The message of this account was rejected for violating a policy", 400, C.CONTENT_FILTER),
    # an endpoint of an account, and an account
    ("Endpoint x-7b of account 0123 not found.", 400, C.MODEL_UNAVAILABLE),
    ("Model x in project y was not found", 400, C.MODEL_UNAVAILABLE),
    ("The account 0123 was not found", 400, C.AUTHENTICATION),
    ("Project not found", 401, C.AUTHENTICATION),
    # a balance of money, and one of load
    ("NOT_ENOUGH_BALANCE", None, C.QUOTA_EXHAUSTED),
    ("error: load_balance_failed", None, C.OVERLOADED),
    # a page that is blocked, and a request that is
    ("<html><head><title>Web Page Blocked</title></head></html>", None, C.AUTHENTICATION),
    ("<html><head><title>502 Bad Gateway</title></head></html>", None, C.SERVER_ERROR),
    # what comes back by itself, and what is asked again
    ("Sessions are paused, a new one can't be started yet. Try again shortly", None, C.OVERLOADED),
    ("Error: 'seed' must be an integer. Try again", None, C.BAD_REQUEST),
    # a gateway without a key, and keys that could not be looked up
    ("UPSTREAM_API_KEY is not set. Add it to your .env file.", 503, C.AUTHENTICATION),
    ("The authentication service is unavailable", 503, C.OVERLOADED),
    ("token lookup failed, please try again", 503, C.OVERLOADED),
    ("Authorization service timed out", 500, C.TIMEOUT),
    ("Service Unavailable", 503, C.OVERLOADED),
    ("Service temporarily unavailable, please log in later", 503, C.OVERLOADED),
    ("could not load credentials from the metadata server", 503, C.OVERLOADED),
    ("The account database is locked for maintenance", 503, C.OVERLOADED),
    ("The project is temporarily restricted", 503, C.OVERLOADED),
    ("Access to this model is temporarily disabled", 503, C.OVERLOADED),
    ("The model x is disabled", 503, C.MODEL_UNAVAILABLE),
    ("bad gateway: invalid header value", 502, C.SERVER_ERROR),
    # a limit of a key in money, and one of its calls at once
    ("Key limit exceeded (total limit)", 403, C.QUOTA_EXHAUSTED),
    ("Key limit reached: 3 concurrent requests per key", 429, C.RATE_LIMIT),
    ("Quota exceeded for tokens. Please upgrade or wait a minute", 429, C.RATE_LIMIT),
    # a reply that a server spoilt, and one that a model did
    ("An invalid response was received from the upstream server", 502, C.SERVER_ERROR),
    ("The upstream server returned an invalid response", 502, C.SERVER_ERROR),
    ("The model returned an invalid response", 502, C.OUTPUT_INVALID),
    ("empty/short response (0 chars)", None, C.OUTPUT_INVALID),
    ("The model ended its turn without a reply.", None, C.OUTPUT_INVALID),
    ("The server closed the connection without a reply", None, C.CONNECTION_ERROR),
    ("schema 'x': response text is not valid JSON: expected value", None, C.OUTPUT_INVALID),
    ("Invalid schema 'x': it is not valid JSON Schema", 400, C.BAD_REQUEST),
    # a model that is too large, and a prompt that is
    ("The model x is too large to be loaded (140GB > 10GB)", 403, C.MODEL_UNAVAILABLE),
    ("The prompt for the model x is too large", 400, C.CONTEXT_LENGTH),
    ("Cannot truncate prompt with n_keep (9000) >= n_ctx (4096)", None, C.CONTEXT_LENGTH),
    ("Error: n_predict must be >= n_batch", None, C.BAD_REQUEST),
    # a key that no header can hold, and a header that the server does not know
    ("Invalid leading whitespace, in header value: 'Bearer x'", None, C.AUTHENTICATION),
    ("Invalid character in header content [\"Authorization\"]", None, C.AUTHENTICATION),
    ("Invalid value for header 'x-beta'", 400, C.BAD_REQUEST),
    ("Application failed to respond", None, C.SERVER_ERROR),
    ("The server failed to respond with JSON", None, C.SERVER_ERROR),
    ("The tenant failed to respond to the notice", None, C.GENERAL),
    # a parameter that a server refuses under 500, and one beside which it broke
    ("response_format type must be one of text, got: json_schema", 500, C.BAD_REQUEST),
    ("Unsupported param: seed", 500, C.BAD_REQUEST),
    ("only user and assistant roles are supported", 500, C.BAD_REQUEST),
    ("the server failed while applying temperature", 500, C.SERVER_ERROR),
    ("Internal error: the handler of max_tokens crashed", 500, C.SERVER_ERROR),
    ("unexpected end of stream", 500, C.SERVER_ERROR),
    ("response_format handler: unexpected EOF", 500, C.SERVER_ERROR),
    ("Unknown error in the estimator of max_tokens", 500, C.SERVER_ERROR),
    ("Unexpected error: seed node unreachable", 500, C.SERVER_ERROR),
    ("The upstream stream is not available", 502, C.SERVER_ERROR),
    # a status before an address, and a count before one
    ("AI_APICallError: 401 from https://gateway.test/x", None, C.AUTHENTICATION),
    ("Error: got 401 rows from https://gateway.test/x", None, C.GENERAL),
    # a connection that a proxy could not make, and one behind envoy
    ("Upstream connect timed out: api.test:443", None, C.CONNECTION_ERROR),
    ("upstream connect error or disconnect/reset before headers", 503, C.OVERLOADED),
    ("empty upstream response", 502, C.SERVER_ERROR),
    ("The model sent an empty response", 502, C.OUTPUT_INVALID),
    ("0/1 nodes are available: 1 Insufficient cpu.", None, C.OVERLOADED),
    # Node.js says ECONNABORTED of a time that axios ended, and of a connection
    ("ECONNABORTED: timeout of 30000ms exceeded", None, C.TIMEOUT),
    ("write ECONNABORTED", None, C.CONNECTION_ERROR),
    ("ERR_HTTP2_PROTOCOL_ERROR", None, C.CONNECTION_ERROR),
    ("ERR_INVALID_ARG_TYPE", None, C.BAD_REQUEST),
    ("Parse Error: HPE_INVALID_CONSTANT", None, C.CONNECTION_ERROR),
]  # fmt: skip
"""Sentences, the status if there was one, and what they mean; beside each its look-alikes."""


@pytest.mark.parametrize(("sentence", "status", "category"), NEIGHBOURS)
def test_a_neighbour_in_words_keeps_its_own_meaning(
    sentence: str, status: int | None, category: ErrorCategory
) -> None:
    assert classify(sentence, status=status).category is category


NO_SOCKET = """
[Errno 2] No such file or directory: 'config.toml'
OSError: [Errno 28] No space left on device
PermissionError: [Errno 13] Permission denied: '/data/part-1'
failed to open the file: os error 2
error 104 of 200 rows
[Errno 21] Is a directory
""".strip().splitlines()


@pytest.mark.parametrize("sentence", NO_SOCKET)
def test_a_number_of_a_file_is_no_broken_connection(sentence: str) -> None:
    assert classify(sentence).category is not C.CONNECTION_ERROR
