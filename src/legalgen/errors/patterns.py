"""What vendors' codes, sentences and exception names mean: the vocabulary of failures.

Tables only; the classifier decides which of them is asked when. Sources: the vendors' error pages
(console.groq.com/docs/errors, inference-docs.cerebras.ai/support/error, platform.openai.com/docs/
guides/error-codes, docs.anthropic.com/en/api/errors, cloud.google.com/apis/design/errors, those
of Azure OpenAI, Bedrock, OpenRouter, Ollama, vLLM and llama.cpp) and public reports.
"""

# ruff: noqa: RUF001 - messages come in alphabets whose letters look like Latin ones

from __future__ import annotations

import re
from typing import cast

from legalgen.errors.category import ErrorCategory

_C = ErrorCategory


# A full stop inside a word (gpt-4.1, llama-3.3) ends no sentence.
_INSIDE = r"(?:[^.;\n]|\.(?=\w))"


class _Uncompiled:
    """An expression that is compiled when it is first asked: of eighty a failure needs ten, and
    all take 20 ms."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __getattr__(self, name: str) -> object:
        compiled = re.compile(self._text, re.IGNORECASE)
        for method in ("search", "match", "fullmatch", "finditer", "sub", "pattern"):
            setattr(self, method, getattr(compiled, method))  # found at once from here on
        return getattr(compiled, name)


_REPEAT = re.compile(r"(?P<of>\\.|\[\^?(?:\\.|[^\]\\])*\]|.)(?P<sign>[*+]?)", re.DOTALL)
_LONGEST_WORD, _LONGEST_NAME = 40, 120
"""Characters; models have names like paths."""


def bounded(text: str) -> str:
    """The expression ``text`` with ``*`` and ``+`` as so many times as words and names are long.

    A search begins at every character: a repeat without a bound looks at the rest of a run from
    each, so that twice as long a text takes four times as long.
    """
    return _REPEAT.sub(_as_bounded, text)


def _as_bounded(repeat: re.Match[str]) -> str:
    of, sign = repeat["of"], repeat["sign"]
    most = _LONGEST_NAME if of == r"\S" or of[0] == "[" else _LONGEST_WORD
    return f"{of}{{{int(sign == '+')},{most}}}" if sign else of


def pattern(*alternatives: str) -> re.Pattern[str]:
    """One expression of all ``alternatives``, ``bounded``; ``[^.;]`` in them stays inside a
    sentence."""
    text = bounded("|".join(alternatives)).replace("[^.;]", _INSIDE)
    return cast("re.Pattern[str]", _Uncompiled(text))


# What a code means, tried in this order; codes are read in snake_case, without punctuation.
CODES: tuple[tuple[ErrorCategory, re.Pattern[str]], ...] = (
    (
        _C.CONTEXT_LENGTH,
        pattern(
            r"context_(?:length|window|size)|context_limit|max_context|(?:request|payload|entity"
            r"|content|prompt|input|body)_(?:entity_)?too_(?:large|long)|tokens?_limit_reached"
            r"|string_above_max_length|max_tokens_exceeded|input_length|too_many_input_tokens"
        ),
    ),
    (
        _C.CONTENT_FILTER,
        pattern(
            r"content_(?:filter|policy|blocked|violation)|moderat(?:ion|ed)|responsible_ai"
            r"|data_inspection|guardrail|prohibited_content|safety|flagged|recitation"
            r"|blocked?_(?:prompt|response|reason)|sensitive|(?:^|_)refusal|(?:text|image|content|input|output)_risk|risk_(?:detect|control)|usage_policy|policy_violation|image_blocked"
        ),
    ),
    (
        _C.QUOTA_EXHAUSTED,
        pattern(
            r"insufficient_(?:quota|balance|credit|fund)|not_enough_(?:quota|credit|fund)|(?:^|_)(?<!load_)balance(?:_|$)|payment_required|out_of_(?:credit|quota)"
            r"|billing|(?:^|_)credits?(?:_|$)|budget|spend|arrear|overdue"
            r"|(?:daily|hourly|monthly|weekly)_|per_(?:day|hour|month|week)|free_tier_only"
            r"|exceeded_current_quota|quota_exhausted|usage_limit|blocked_api_access|prepa(?:id|y)"
            r"|set_limit_exceeded|free_(?:[a-z]+_)?(?:exceed|exhaust|used|expired)|(?:subscription|plan|trial|package)_(?:quota|limit|usage)"
            r"|(?:pkg|package|pack|plan|allowance|allocation|subscription|trial)_(?:[a-z]+_)?(?:exhaust|used_up|deplet)"
        ),
    ),
    (
        _C.OUTPUT_INVALID,
        pattern(
            r"json_validate_failed|tool_use_failed|incomplete_(?:json|output)|(?:output|adapter|completion|answer)_pars|invalid_output"
            r"|json_generation|malformed_(?:function_call|response)|invalid_tool_output|no_object_generated"
            r"|schema_validation_failed|output_validation|empty_(?:response|content|output|answer|reply|completion|message)|length_finish_reason"
            r"|unexpected_model_behavio"
        ),
    ),
    (
        _C.MODEL_UNAVAILABLE,
        pattern(
            r"model_(?:not_(?:found|available|supported|exist|exists|allowed|active|enabled)"
            r"|decommission|deprecat|retired|permission|terms|unavailable|disabled|access|end_of"
            r"|does_not|missing|removed|shutdown|blocked|gone|offline|restricted)"
            r"|(?:unknown|invalid|unsupported|unavailable|deprecated|no_such|bad)_model"
            r"|deployment_not|no_(?:(?!healthy)[a-z]+_){0,2}(?:endpoints?|deployments?|models?)(?:_|$)"
        ),
    ),
    (
        _C.OVERLOADED,
        pattern(
            r"overload|queue_(?:exceeded|full|wait|position)|(?:^|_)queued(?:_|$)|capacity|(?:server|service|system|model|engine)_busy"
            r"|too_busy|busy$|high_(?:demand|load|traffic)|model_loading|backpressure"
            r"|insufficient_system|model_not_ready|not_ready|no_(?:available|healthy)_"
            r"|no_(?:keys?|accounts?|channels?|workers?|replicas?|servers?|backends?|upstreams?)_available"
        ),
    ),
    (
        _C.RATE_LIMIT,
        pattern(
            r"rate_?limit|too_many_requests|throttl|(?:request|token|call)s?_(?:quota|limit)|quota"
            r"|resource_exhausted|concurren|slow_down|limit_(?:requests|burst|exceeded|reached)"
            r"|^limitation$|(?:requests|tokens)_per_(?:min|sec)|(?:^|_)[rt]p[ms](?:_|$)"
        ),
    ),
    (
        _C.AUTHENTICATION,
        pattern(
            r"api_?key|authenti(?!\w*_(?:unavailable|timeout)$)|unauthori[sz]ed|authori[sz]ation(?!_(?:unavailable|timeout)$)|permission|(?<!extra_)forbidden|access_den(?:ied|y)"
            r"|access_terminated|organization_(?:restrict|disab|not|suspend)|(?:invalid|expired)_"
            r"(?:token|credential|organization|auth)|(?:token|key)_(?:expired|invalid|revoked)"
            r"|(?:account|user|project|consumer)_(?:de|dis|sus|in|not|ban|block)|login_"
            r"|unrecognized_client|unsupported_country|ip_not|(?:illegal|invalid|denied|untrusted|blocked)_ip(?:_|$)|credential|ip_(?:address_)?blocked"
            r"|no_db_connection|browser_signature|firewall|security_token|invalid_signature"
        ),
    ),
    (
        _C.CONNECTION_ERROR,
        pattern(
            r"^e(?:conn(?!aborted)|notfound|ai_again|pipe|hostunreach|netunreach)|und_err_(?:connect|socket)"
            r"|connect(?:ion)?_(?:error|refused|reset|timeout|failed)|^err_(?:network|tls|ssl|http2|quic|socket|stream_premature)|^hpe_"
        ),
    ),
    (
        _C.TIMEOUT,
        pattern(r"(?:^|_)tim(?:ed_?|e_?)out|deadline_exceeded|server_timing"),
    ),
)
# Codes that say no more than their status does; they count where there is no status.
WEAK_CODES: tuple[tuple[ErrorCategory, re.Pattern[str]], ...] = (
    (
        _C.BAD_REQUEST,
        pattern(
            r"invalid_(?:request|argument|param|value|type|input|schema|json|prompt|payload|field)"
            r"|bad_request|validation|wrong_api|unprocessable|unsupported|no_support|unknown_(?:param|field)"
            r"|missing|(?:type|value)_error|failed_precondition|out_of_range|extra_forbidden|malformed|not_supported"
        ),
    ),
    (
        _C.SERVER_ERROR,
        pattern(
            r"^internal|server_error|api_error|bad_gateway|upstream|backend|engine_dead|provider_"
            r"|model_(?:stream_)?error|processing_error|^unknown(?:_error)?$|inference_error"
        ),
    ),
    (_C.OVERLOADED, pattern(r"unavailable(?:_error|_exception)?$|service_unavailable")),
    (
        _C.MODEL_UNAVAILABLE,
        pattern(r"^not_found(?:_error)?$|resource_(?:not_found|does_not_exist)"),
    ),
)
# Codes about the form of the request: the words beside them name fields, not meanings.
FORM_CODES = pattern(
    r"wrong_api_format|unsupported_(?:parameter|value|field|feature)|unknown_(?:parameter|field)"
    r"|missing_required|invalid_json_schema|invalid_schema|extra_forbidden"
)

# A parameter of the request is named: words beside it on tokens and models are of that parameter.
PARAMETER = pattern(
    r"\b(?:parameters?|params|fields?|propert(?:y|ies)|(?:request|keyword)\sarguments?)\b|\b(?:max|min|top|bad|group|service|stream|chat|response)_[a-z_]+\b"
    r"|\b(?:user|system|assistant|tool)\s(?:messages?|roles?)\b|\btokeni[sz]er\b|\bvocabulary\b|\bn\s?[<>=]"
    r"|\b(?:logit_bias|(?:top_)?logprobs|tool_choice|(?:frequency|presence|repetition)_penalty|min_p|top_k)\b"
    r"|\bstop(?:\ssequences?|\stokens?|\W{0,2}:)|\b(?:for|of)\s[`'\"]?stop\b"
    r"|\binvalid\srequest\b[^.;]{0,30}\b(?:tool|function)\scalls?\b"
)
# What is said of a key, a model, money or an answer by name, beside words on parameters.
_GONE = (
    r"(?:not\s(?:be\s)?(?:found|exist|available\b(?!\s(?:with|when)))|n[o']t\sexist|decommissioned|deprecated|retired"
    r"|discontinued|no\slonger|unknown|invalid|not\ssupported:)"
)
OF_A_TARGET = pattern(
    r"\b(?:api|secret|virtual)[\s_-]?keys?\b|\bcredentials?\b|\bauthori[sz]ation\b|\bunauth\w+|\b(?:access|bearer)\stoken\s",
    rf"\bmodels?\s(?:[`'\"\w./:@-]+\s)?(?:(?:is|was|has\sbeen|does|do|could|can)\s)?{_GONE}"
    r"|\b(?:unknown|no\ssuch|nonexistent|unsupported)\smodel\b(?!\s(?:param|arg|setting))",
    r"\bno\s(?:endpoints?|deployments?|providers?)\sfound\b|\bempty\s(?:response|answer|output|completion)\b"
    r"|\b(?:response|answer|output|completion)\s(?:was\s)?(?:truncated|empty|cut\soff)\b",
    r"\bfailed?\sto\s(?:generate|produce)\b|\b(?:model|llm)(?:'s)?\s(?:output|answer|response|tool\scall)\b",
    r"\b(?:account|organi[sz]ation|subscription|project|workspace)\s(?:\w+\s){0,3}(?:suspended|disabled|banned"
    r"|deactivated|blocked|restricted|expired|terminated)\b|\b(?:balance|credits?|billing|quota)\b",
)

_MODEL = r"\b(?:models?|deployment|modèle|modell|modello|modelo|модел\w+|模型|モデル|모델)\b"
_GAP = r"[^.;]{0,90}?"
_KEY = (
    r"(?:(?:api|access|auth\w*|bearer|secret|security|session|refresh|virtual)[\s_-]?(?:keys?|tokens?)"
    r"|jwt(?:\stoken)?|credentials?|x-api-key)"
)
_REFUSED = (
    r"(?:invalid|incorrect|not\s(?:valid|set|found|provided|configured|recogni[sz]ed|authori[sz]ed|active"
    r"|accepted)|missing|expir\w+|required|revoked|disabled|wrong|malformed|leaked|suspended|deactivated"
    r"|blocked|rejected|refused|denied|empty|unknown|banned|deleted)"
)
# An endpoint by its name, quoted or no plain word; one that begins with a slash is a path.
_NAMED = (
    r"(?:endpoint|service|deployment|application|function|resource|engine|profile|served\sentity)s?"
    r"(?:[\s:](?:with|of|by|the|its|name|id|named|called|identifier))*[\s:=]{1,3}"
    r"(?:[`'\"“‘«]\w[^`'\"”’»\n]{0,120}[`'\"”’»]|(?=[a-z]*[-_.:@/\d]\w)\w[\w.:@/+-]{0,120})"
)
_PROMPT_OF = r"\b(?:prompt|input|messages?)\s(?:has|have|is|contains?|of|with)\s[\d,]+\stokens\b"
# A server's reply that cannot be read; no model wrote it.
_SPOILT_ON_THE_WAY = (
    r"\b(?:invalid|malformed|incomplete|bad|empty|unexpected)\s(?:response|reply)\b[^.;]{0,30}\b(?:from|by)\b"
    r"[^.;]{0,20}\b(?:upstream|origin|backend|gateway|proxy|server)\b"
    r"|\b(?:upstream|origin|backend|gateway|proxy|server)\b(?:\s\w+){0,3}\s(?:returned|sent|gave|received|responded\swith)\s"
    r"(?:an?\s)?(?:invalid|malformed|incomplete|bad|empty|unexpected)\s(?:response|reply)\b"
    r"|\b(?:invalid|malformed|incomplete|bad|empty|unexpected)\s(?:upstream|origin|backend|gateway|proxy|server)\s(?:response|reply)\b"
)
WORDS: dict[ErrorCategory, re.Pattern[str]] = {
    _C.CONTEXT_LENGTH: pattern(
        r"\b(?:request|payload|prompt|input|body|message|content|entity|query|conversation|context)s?\b"
        r"[^.;]{0,30}\btoo\s(?:large|long|big)\b",
        r"\b(?:request|payload|prompt|input|message|conversation|context|sequence)s?\b[^.;]{0,30}\blonger\sthan\s(?:the|this|our|allowed|max|\d)"
        r"|\bmax(?:imum)?\scontext\s(?:reached|is\b)|\bsupports\sat\smost\s[\d,]+\stokens|\bnot\senough\scontext\b|\bn_ctx\sexceeded|[>≥]=?\s?(?:n_ctx|max_(?:model_len|context|seq|input|position)\w*)\b|\btokens\smust\sbe\s(?:less|fewer|<)|\b(?:text|history|document)\s(?:is\s)?too\slong|\bout\sof\scontext\s(?:space|window|size|length|tokens)\b|\btoo\smany\stokens\sin\b|\btoo\smany\stokens\b[^.;]{0,40}\b(?:prompt|context|max_model_len)\b|\b(?:request|prompt|input|messages?)\s(?:contains?|has|have|uses?|with)\stoo\smany\s(?:\w+\s)?tokens\b"
        r"|\b(?:length|tokens?)\b[^.;\d]{0,6}[\d,]{3,}\s?[>≥]=?\s?[\d,]{3,}|\bshorten\s(?:your|the)\s(?:prompt|input|messages?|context|conversation)",
        r"\b(?:max(?:imum)?|exceed\w*|available|over\w*|beyond|larger|greater|longer|above)\b"
        r"[^.;]{0,60}\bcontext[\s_-]?(?:length|window|size|limit)",
        r"\bcontext[\s_-]?(?:length|window|size|limit)\b[^.;]{0,60}\b(?:exceed|overflow|too\s|is\sonly"
        r"|reached)|\b(?:must|should|not|n't)\b[^.;]{0,20}\b(?:less|smaller|fewer|fit|stay)\b[^.;]{0,20}\bcontext\s(?:length|window|size)",
        r"\bmax(?:imum)?\s(?:model\s|sequence\s|input\s|prompt\s|context\s)+(?:length|tokens?|size)",
        r"exceed\w*[^.;]{0,60}\b(?:context(?!\s(?:deadline|cancel))|n_ctx|token\slimit|max(?:imum)?\s(?:number\sof\s)?"
        r"(?:\w+\s)?tokens|max_model_len|maximum\s(?:allowed\s)?(?:length|size))",
        r"\btokens?\b[^.;]{0,20}\b(?:exceeds?|exceeded|exceeding|over|beyond)\s(?:\w+\s){0,2}?(?:model|context|max(?:imum)?)(?:['’]s)?\b(?!\s(?:\w+\s){0,2}per\b)",
        r"\b(?:input|prompt)\b[^.;]{0,60}\b(?:exceed|longer\sthan|over\sthe)\w*[^.;]{0,40}"
        r"(?:limit|max|length|token|context)",
        r"reduce\s(?:the\s|your\s)?(?:length|prompt|message|input|number\sof\stokens|context|max_)",
        r"max_(?:new_|completion_)?tokens\W{1,3}(?:is\s)?too\s(?:large|high|big)"
        r"|tokens\sto\skeep\s[^.;]{0,60}context|context\s(?:the\s)?overflow",
        r"\blonger\sthan\s(?:this|the)\smodel\s(?:allow|take|support)"
        r"|\b(?:payload|request|body|image)\sexceeds\s[\d.]+\s?[kmg]i?b\b|^\W*exceeds\s(?:the\s)?(?:limit|maximum)\sof\s[\d,]{4,}\W*$",
        r"\b(?:payload|request|body|input|prompt)\s(?:size|length)\sexceeds\b|\bexpected\smaxlength\b|\byou\srequested\s[\d,.]+\s?k?\stokens\b|\b(?:shorter|fewer)\s(?:\w+\s){0,3}(?:inputs?|prompts?|messages?)\b|\bsize\slimit\sexceeded\b|string\stoo\slong|\bmessage\slarger\sthan\smax\b|too\smany\sinput\stokens|max_tokens\smust\sbe\sat\sleast\s1,\sgot\s-",
        r"\b(?:input|prompt|message)s?\b[^.;]{0,40}\b(?:less|fewer|no\smore)\sthan\s[\d,]+\stokens"
        r"|\b(?:input|prompt)\s(?:token\s)?(?:length|count)\s(?:should|must)\b"
        r"|\btokens?\b[^.;]{0,60}\b(?:(?:must|may|can)\s?not|can't)\sexceed\b",
        rf"{_PROMPT_OF}[^.]{{0,60}}\b(?:limit|max|only|allow)",
        r"\btokens?\b[^.;]{0,40}\b(?:more|greater|larger|higher)\sthan\b[^.;]{0,30}\b(?:max|allow|limit|context|support)",
        r"tokens?\b[^.;]{0,60}\b(?:max_(?:new_|completion_)?tokens)\b[^.;]{0,30}(?:<=|≤)\s?\d",
        r"\bcontext\s(?:window\s|size\s|length\s)?is\s(?:already\s)?full\b|\bcontext\sshift\b[^.;]{0,20}\bdisabled"
        r"|\b(?:ran|running|run)\sout\sof\scontext\b",
        r"(?:上下文|输入|提示|token|prompt)[^。]{0,20}(?:超出|超过|超长|过长|太长|长度)|超(?:出|过)[^。]{0,20}(?:上下文|长度)|压缩上下文|减少输入",
        r"(?:contexte|contexto|kontext|contesto)\w*[^.;]{0,40}(?:d[ée]pass|exced|super|überschr)",
    ),
    _C.CONTENT_FILTER: pattern(
        r"content[\s_-](?:management|moderation|filter\w*|usage|safety|restrictions?)",
        r"content\b[^.;]{0,20}\brisk\b|content\spolic(?:y|ies)|contentfilter|moderation\b|responsible\s?ai\b|usage\spolic|\b(?:request|content|prompt|input|output|response)\s(?:(?:was|is|has\sbeen)\s)?moderated\b",
        r"(?:block|flag|reject|filter|refus|stopp|withh)\w*\s(?:by|due|because|for|as|under|on)\b"
        r"[^.;]{0,60}\b(?:content|safety|polic|guardrail|inappropriate|violat|harm|sensitive)",
        r"\bviolat\w+\b[^.;]{0,60}\b(?:polic|guideline|content|safety|terms)|\bblocked\s(?:output|input|prompt|response)\b",
        r"\b(?:content|prompt|input|output|response|message|request)s?\b[^.;]{0,40}\b(?:flagged|filtered"
        r"|inappropriate|unsafe|harmful|prohibited|blocked\sby\s(?:our|the)?\s?(?:safety|content))",
        r"\b(?:response|output|answer|prompt|request)\s(?:(?:was|is|has\sbeen)\s)?blocked\b(?!\sby\s(?:\w+\s)?(?:firewall|waf|cors|network|proxy))|inappropriate\scontent|safety\s(?:system|filter|setting|reason|polic|concern|check)",
        r"sensitive\s(?:content|word|information)|(?:prohibited|harmful|unsafe|disallowed|explicit)[\s_]content|\bcontent\scheck\b|\bcontent\sis\snot\sallowed|\bmodel\srefused\b|\bas\stoxic\b|\b(?:pii|prompt\sinjection|profanity)\s(?:was\s)?detected",
        r"\bguardrails?\b[^.;]{0,20}\b(?:interven|block|trigger|reject)\w*|\bguardrails?\s(?:checks?|hooks?|rules?|polic\w+)\b[^.;]{0,40}\b(?:fail|den[iy]|violat)\w*|\bjailbreak\s(?:attempt\s)?(?:was\s)?detected"
        r"|^\W*(?:safety|recitation|prohibited_content)\W*$|\bno\s(?:text|content|candidates|answer|output)\b[^.;]{0,20}\b(?:safety|recitation)\b|\bfinish[\s_]?reason\W{1,4}(?:safety|recitation|content_filter|prohibited)",
        r"敏感|不安全|违规|违反|內容政策|内容(?:安全|审核|政策|过滤)",
    ),
    _C.MODEL_UNAVAILABLE: pattern(
        r"\b(?:endpoint\sfor|deployment)\s\S{1,80}\sis\s(?:not\srunning\b|in\s\W?failed\W?\sstate)",
        _MODEL + _GAP + r"\b(?:not\s(?:be\s)?(?:found|exist|available|accessible|loaded|active"
        r"|deployed|enabled|served|hosted|installed|downloaded|configured|registered|listed|offered|provisioned)|(?<!temporarily\s)unavailable|doesn'?t\sexist|decommissioned|deprecated|retired"
        r"|no\slonger|end\sof\s(?:its\s)?life|discontinued|sunset|shut\s?down|offline|(?<!temporarily\s)disabled"
        r"|(?:been|was|were|is)\s(?:removed|deleted)|restricted\sto|is\s(?:restricted|gated|private)|blocked\sat|requires\s(?:terms|an?\s(?:\w+\s)?(?:subscription|plan|license))"
        r"|non\strovato|no\sexiste|introuvable"
        r"|nicht\sgefunden|не\sнайден|no\sencontrad\w|não\s(?:existe|encontrad\w))",
        _MODEL + r"\s?[`'\"“]?[\w./:@-]*[`'\"”]?\s(?:is|are)?\s?(?:not|un)\s?(?:currently\s|yet\s)?"
        r"(?:supported|allowed|recognized|valid)\b(?!\s(?:with|when)\s(?!this\s(?:endpoint|api)))",
        r"(?<!temporarily\s)\b(?:unknown|invalid|unsupported|unavailable|no\ssuch|unrecognized|nonexistent|missing|deprecated|decommissioned"
        r"|retired|discontinued|disabled|removed)\s"
        r"(?:model\b(?!\s(?:response|output|input|param|group|arg|settings))|deployment)",
        r"\bno\s(?!capacity|quota|room|slots?\b|free)(?:\w+\s){1,3}for\s(?:the\s)?(?:requested\s)?model\b|\bnot\sa\svalid\smodel|model_not_found|model\s(?:ids?|identifiers?|names?)\s(?:is\s)?(?:invalid|wrong|incorrect|unknown)",
        r"\bno\s(?:endpoints?|deployments?|providers?|healthy(?!\s(?:upstream|backend|server|host))"
        r"|instances?(?!\savail)|applications?|available\s(?:channel|provider|account|deployment|model|key)|(?:allowed|active|usable)\sproviders?|workers?(?!\s(?:avail|connected))"
        r"|allowed\smodels?|models?\sloaded)",
        r"\bmodel\b[^.;]{0,60}\btoo\s(?:large|big)\s(?:to\s(?:be\s)?(?:load|run|serve|fit)|for\s(?:this|the|your)\s(?:\w+\s)?(?:gpu|machine|server|device|memory|hardware))"
        r"|requires\smore\ssystem\smemory|try\spulling|unable\sto\s(?:load|allocate)|out\sof\smemory"
        r"|fail\w*\sto\sload\s(?:the\s)?model|error\sloading\smodel|\bmodel\sload(?:ing)?\s(?:was\s|has\s(?:been\s)?)?(?:stopped|failed|aborted|refused)|insufficient\s(?:gpu\s)?memory",
        r"(?:do(?:es)?\s(?:not|n[o']?t)|doesn'?t|don'?t|no)\s(?:have\s)?(?:access|permission)\sto\s"
        r"(?:use\s|invoke\s|the\s|this\s|access\s)*(?:requested\s)?model",
        _MODEL + r"\s(?:\S+\s)?(?:is|are)\sonly\savailable\s(?:on|to|for|in|with)\b",
        r"plan\sdoes\snot\sinclude\b[^.;]{0,40}\bmodel",
        r"\b(?:cloud|feature|access|remote|inference)\b[^.;]{0,20}\bis\s(?:currently\s)?disabled",
        r"\bcannot\s(?:get|post)\s/|\bresource\snot\sfound\b|\b(?:service|endpoint|application|resource|route|path|url)\b[^.;]{0,20}\b(?:does\snot|doesn't)\sexist|\bendpoint\b[^.;]{0,40}\bnot\s(?:be\s)?found|\b(?:adapter|lora|checkpoint)\b[^.;]{0,40}\bnot\s(?:be\s)?(?:found|loaded)|\bnot\sa\schat\smodel|\bdoes\snot\ssupport\schat\b(?!\s\w)"
        r"|\binvalid\surl\s\((?:get|post)|\bunknown\s(?:endpoint|route|path)\b|\b(?:path|route)\s\S+\s(?:was\s)?not\sfound|\bgated\s(?:repo|model)"
        r"|\b(?:accept|agree)\b[^.;]{0,30}\b(?:license|terms)\b[^.;]{0,20}\bmodel|\bpull\sthe\smodel\b"
        r"|not\sfound\sfor\saccount|no\sroute\smatched|non-serverless\smodel|unexpected\sendpoint\sor\smethod"
        r"|\bstart\s[^.;]{0,30}dedicated\sendpoint"
        r"|\b(?:app|space|function|(?<!the\s)endpoint)\b[^.;]{0,40}\bis\s(?:currently\s)?(?:stopped|paused|sleeping|suspended)",
        r"モデル[^。]{0,20}(?:見つかり|存在し|利用でき)ま?せ?ん?|모델[^.]{0,20}(?:찾을\s?수\s?없|존재하지|사용할\s?수\s?없)"
        r"|\bmod(?:elo|ello|èle|ell)\b[^.;]{0,40}\b(?:no\sest[áa]\sdisponible|não\sest[áa]|non\s(?:disponibi?le|esiste)|n'existe|nicht\sverfügbar)",
        r"\b(?:operation|endpoint|api|method|task|completions?|chat)\b[^.;]{0,30}\b(?:does\snot|doesn't|cannot|can't|not|isn't|unable\sto)\s(?:\w+\s){0,2}?"
        r"(?:work|support(?:ed)?|available|compatible|offered|used|run)\s(?:with|by|for|on)\s(?:the\s|this\s|that\s|your\s)?(?:specified\s|requested\s|selected\s|chosen\s|given\s|provided\s)?model\b",
        rf"\b{_NAMED}(?:\s(?:of|in|for|on|under)\s(?:\w+\s)?\S{{1,60}}){{0,2}}\s(?:(?:was|is|are|has|could|can)\s(?:been\s)?)?(?:not\s(?:be\s)?found|(?:does\snot|doesn't)\s(?:currently\s)?exist|not\sdeployed|deleted)"
        rf"|\b(?:no\ssuch|unknown|(?:no|(?:cannot|can't|couldn't|could\snot)\sfind(?:\s(?:the|an?))?))\s{_NAMED}(?:\s(?:was\s)?(?:found|exists))?\W*$",
        r"on-demand\sthroughput|无权(?:使用|访问)[^。]{0,6}模型|渠道[^。]{0,6}禁用|(?:模型|型号)[^。]{0,30}(?:不存在|未找到|不可用|下线|不支持|无)"
        r"|(?:无可用|没有可用)|無可用",
    ),
    _C.AUTHENTICATION: pattern(
        r"\b(?:invalid|incorrect|wrong|missing|bad|expired|revoked|disabled|malformed|inactive"
        r"|empty|unknown|unrecognized|no|provide|without|valid|check\syour)\b[^.;,]{0,25}?"
        rf"\b(?:{_KEY}|bearer\b|authentication|authorization\b|token\sprovided)",
        rf"\b(?:blocked|deactivated|suspended|rejected|denied|refused|required|banned)\s{_KEY}\b",
        r"\b(?:security|session|auth|api|bearer|refresh)\stoken\b[^.;]{0,40}\b(?:invalid|expired)"
        r"|\b(?:signature|token|jwt)\s(?:(?:has\s)?expired|is\s(?:expired|not\s(?:active|valid)))"
        r"|\b(?:this|your)\sip\b[^.;]{0,20}\bnot\sallowed|\bip\s(?:address\s)?(?:is\s|was\s)?(?:not\s(?:allowed|white-?listed|permitted)|blocked|banned)\b|\bkey\s(?:has\sbeen|was|is)\s(?:disabled|revoked|deleted|deactivated)\b"
        r"|\b(?:not|unable\sto|fail\w*\sto)\s(?:validate|verify|find|load|locate)\s(?:\w+\s)?(?:credentials?|api\skeys?)\b|\bre-?authenticate\b"
        r"|\bapi\stoken\sis\srequired\b|\btoken\s(?:(?:has\sbeen|was|is)\s(?:revoked|disabled|deleted)|not\sfound)\b|\bprovided\stoken\s(?:\w+\s){0,2}(?:invalid|incorrect|expired|revoked|not\s(?:valid|active|found)|malformed)\b"
        r"|\bmember\sof\san?\sorgani[sz]ation|\b(?:your|api)\saccess\b[^.;]{0,20}\b(?:terminated|disabled|restricted|revoked|suspended|blocked)"
        r"|\baccess\s(?:to\s(?:this|the)\s\w+\s)?is\s(?:restricted|forbidden)|\bnot\senough\spermission|['\"]?\bbearer\b['\"]?\s(?:prefix|scheme)"
        r"|\bauthentication\smethod\b|\bverification\srequired|\b(?:page|web\s?site|site|category|url)\s(?:is\s|was\s|has\sbeen\s)?(?:blocked|restricted)\b|\b(?:allowed|permitted|permission)\sto\s(?:visit|browse|view|open|access)\s(?:this|the|that)\s(?:web\s?)?(?:site|page|category|url)|\bip\srestrict|\bip\b[^.;]{0,30}\b(?:allow|white)[\s-]?list|\bsignature\s(?:does\snot|doesn't)\smatch",
        rf"\b(?:(?:[a-z]\w*_)?{_KEY}|the\skey)\b[^.;]{{0,50}}\b{_REFUSED}",
        rf"\bauthenticat\w+\s(?:\w+\s){{1,3}}{_REFUSED}|\b(?:key|token|account|user|organi[sz]ation|caller)\s(?:\w+\s)?lacks?\b"
        r"|\b(?:role|key|token|account|user|organi[sz]ation)\s(?:does\snot|doesn't)\s(?:include|have|allow|grant)\b[^.;]{0,30}\b(?:access|permissions?)(?!\sto\s(?:the\s|this\s)?model)\b"
        r"|\b(?:gateway|api|service|feature|endpoint|access|inference)\s(?:is\s)?not\s(?:enabled|activated|allowed|permitted|available)\sfor\s(?:your|this)\s"
        r"(?:organi[sz]ation|account|project|team|workspace|user|key|subscription)\b",
        rf"\b(?:reject|refus|declin|den[iy])\w*\s(?:\w+\s){{0,3}}{_KEY}\b",
        r"\bauthorization\sheader\b[^.;]{0,30}\b(?:missing|malformed|invalid|required|not)\b|\bsignature\smismatch\b"
        r"|\b(?:could\snot|couldn't|cannot|can't|unable\sto|fail\w*\sto)\sauthenticate\b|\bsession\s(?:has\s|is\s)?expired"
        r"|\bplease\slog[\s-]?in\b|\blog[\s-]?in\sagain\b|\bnot\s(?:logged|signed)\sin\b|\bverify\syour\s(?:account|email)|\bemail\s(?:is\s)?not\sverified"
        r"|\b(?:must|need\sto|have\sto|please)\s(?:first\s)?(?:accept|agree\sto)\s(?:the|our)\s(?:\w+\s){0,2}terms",
        r"\bunauthenticated\b|\bunauthori[sz]ed\b(?!\sto\s(?!access|use|perform|invoke|call))|authenticat\w+\s(?:fail|error|required|parameter)|access\s(?:is\s|was\s)?denied"
        r"|\bblocked\sby\s(?:\w+\s)?(?:cloudflare|firewall|waf)\b|\bunsupported\s(?:country|region|location|territory)\b"
        r"|\bforbidden\b|(?:permission|authori[sz]ation)\sdenied(?!\sby\b)|\bapi\b[^.;]{0,60}\bnot\sbeen\s(?:used|enabled)|permission[_\s]error|not\s(?:authorized|authenticated)",
        r"\b(?:organi[sz]ation|account|user|team|subscription|group|project|workspace)\b[^.;]{0,40}\b(?:restricted|suspended|disabled|been\sdisable|not\sactive"
        r"|deactivated|banned|blocked|locked|terminated|inactive)"
        r"|(?<!\b(?:in|of)\s)(?<!\b(?:in|of)\syour\s)(?<!\bfor\s)\b(?:organi[sz]ation|account|user|team|subscription|group|project|workspace)\b[^.;]{0,40}\bnot\sfound",
        r"(?:country|region|location|territory)\b[^.;]{0,40}\bnot\s(?:supported|available|allowed)"
        r"|\b(?<!model\sis\s)not\s(?:supported|available|allowed)\sin\s(?:your|this)\s(?:country|region|location|territory)",
        r"(?:\bnot|n't|\bno)\s(?:have\s)?access\sto\s(?:this|the|that|your)\s(?!\S*\s?model)|no\sconnected\sdb|you\shave\sbeen\sblocked|attention\srequired|just\sa\smoment|network\ssettings"
        r"|do(?:es)?\s(?:not|n't)\shave\s(?:\w+\s){0,2}permission(?![^.;]{0,40}\bmodel)|insufficient\s(?:permission|privilege|access|rights|scope)|sign\sin\b"
        r"|must\sbe\sverified\b",
        r"(?:用户|账[户号]|令牌)[^。]{0,6}(?:封禁|禁用|停用|冻结)|(?:指定|允许)[^。]{0,6}(?:网段|ip\b)"
        r"|(?:密钥|令牌|api\s?key|认证|鉴权|身份验证|授权|權限|权限)[^。]{0,15}(?:无效|错误|失败|过期|不正确|不足|無效)"
        r"|无效的?(?:密钥|令牌|api)|clé\s(?:d'?)?api[^.]{0,20}(?:invalide|manquante)"
        r"|(?:apiキー|認証|トークン)[^。]{0,15}(?:無効|失敗|正しく|期限)|(?:api\s?키|인증)[^.]{0,15}(?:유효하지|실패|잘못|만료)"
        r"|ungültige\w*\s(?:api|schlüssel|anmelde)|authentifizierung\w*\s[^.;]{0,20}(?:fehl|ungült)|chiave\s(?:api\s)?non\svalida"
        r"|clave\s(?:de\s)?api[^.]{0,30}(?:inválida|incorrecta|no\sválida)|ungültige[rn]?\sapi"
        r"|chave\s(?:de\s|da\s)?api[^.]{0,20}inválida|неверный\s(?:ключ|api)",
    ),
    _C.OUTPUT_INVALID: pattern(
        r"fail\w*\sto\s(?:generate|produce|call|validate)\s(?:a\s|valid\s|the\s)*"
        r"(?:json|function|tool|structured|output|schema|object|response\b)",
        r"generated\s(?:json|output|response|object)[^.;]{0,30}(?:not|invalid|mismatch)",
        r"\b(?:invalid|malformed|incomplete|truncated|unparsable|unparseable)\s(?:json\s|model\s"
        r"|structured\s|tool\s|function\s)*(?:output|answer|completion|response|tool\scall"
        r"|function\scall|arguments)\b(?!\sbody\b|\sfrom\s[^.;]{0,20}\b(?:endpoint|server|upstream|proxy)|\sto\s(?:the\s)?(?:client|gateway|proxy|cloudflare|browser)\b)",
        r"(?<!server\s)\b(?:produced|generated|returned|outputs?|emitted)\s(?:an?\s)?(?:invalid|malformed|no\svalid"
        r"|incomplete|truncated|unparsable)\s|model\s(?:called\sa|did\snot\scall)\s",
        r"\b(?:output|answer|response|completion|generation)\b[^.;]{0,20}\b(?:is|was)\s(?:incomplete|truncated|cut\soff|empty|malformed)\b"
        r"|\b(?:output|response|completion)\s(?:truncated|incomplete)\b|\bunterminated\sstring\b|\bno\stext\s(?:was\s)?generated|\bnothing\swas\s(?:generated|returned)"
        r"|\b(?:model|llm)\s(?:has\s)?returned\s(?:nothing|none|null|no\b|an?\sempty)|\breturned\sno\s(?:text|content|output|answer|message|choices|candidates)\b|\bhit\smax(?:imum)?\s(?:output\s)?tokens\b"
        r"|\binvalid\sjson\sin\s(?:the\s)?(?:model|llm|output|answer|completion)|\b(?:output|answer|arguments|completion|response\stext)\b[^.;]{0,20}\bnot\svalid\sjson"
        r"|\bno\schoices\b|\b(?:completion|response|answer|reply)\s(?:contain(?:ed|s)|has|had)\sno\s(?:text|content|choices|output)|\bmax_tokens\sreached|\btoken\slimit\shit\sbefore"
        r"|\bjson\s(?:was\s)?truncated|\bfollow\sthe\s(?:json\s)?schema|\bstructured\soutput\s(?:could\snot|failed)|\b(?:output|answer)\sfailed\svalidation|\b(?:answer|response)\svalidation\sfailed"
        r"|\b(?:extract|find)\s(?:valid\s)?json\b|\bno\s(?:valid\s)?json\s(?:object\s)?(?:was\s)?(?:found|returned)|\bschema\svalidation\sfailed\sfor\s(?:the\s)?(?:output|response|answer)"
        r"|\boutput\s(?:validation|parsing)\b|tool\scall\svalidation|which\swas\snot\sin\srequest|failed_generation",
        r"\b(?:response|output|answer|completion|object)\b[^.;]{0,40}\b(?:not|n't)\smatch\w*[^.;]{0,20}"
        r"\b(?:schema|expected\s(?:format|structure))|no\sobject\sgenerated",
        r"\b(?:model|llm|assistant)\b[^.;]{0,40}\bwithout\s(?:\w+\s){0,2}(?:reply|answer|response|text|content|output)\b"
        r"|(?<!non-)\b(?:empty|blank|no|null)(?:/\w+)?\s(?:response|completion|answer|output|content|message\scontent)\b"
        r"(?!\s(?:type|body))[^.;]{0,30}(?:from|by|received|return|model|$)",
        r"(?:could\snot|cannot|can'?t|unable\sto|fail\w*\sto|error)\spars(?:e|ing)\s(?:the\s)?"
        r"(?:model|llm|tool\scall|function\scall|response|output|completion|answer)",
        r"\b(?:did|does)(?:\snot|n't)\s(?:provide|produce|return|generate|contain|include)\s(?:any\s|an?\s)?(?:\w+\s)?"
        r"(?:messages?|response|content|text|output|answer|choices)\b",
        r"\b(?:llm|model|assistant)\b[^.;]{0,20}\b(?:could\snot|couldn't|cannot|can't|did\snot|didn't|fail\w*\sto|unable\sto|never)"
        r"\s(?:\w+\s)?(?:give|produce|return|generate|output|emit|provide|write|respond\swith)\b[^.;]{0,30}\b(?:json|object|output|answer|schema)",
        r"\b(?:tool|function)\scalls?\b[^.;]{0,20}\b(?:(?:could\snot|couldn't|cannot|can't)\sbe|failed\sto)\s(?:pars|decod|read|validat)\w*",
        r"(?:响应|回复|返回|输出)[^。]{0,10}(?:为空|缺少|缺失|解析失败|不是有效)|空(?:响应|回复)",
        r"max\scompletion\stokens\sreached|finish_reason\W{1,4}length",
    ),
    _C.BAD_REQUEST: pattern(
        r"\bschema\b[^.;]{0,60}\btoo\smany\sstates\b",
        r"\b(?:unsupported|unknown|unexpected|unrecognized|missing|invalid|illegal|duplicate|extra)\s"
        r"(?:[`'\"][^`'\"\n]{1,60}[`'\"]\s|required\s|request\s|query\s|keyword\s|json\s|input\s)*(?:parameter|value|field|property|argument"
        r"|schema|type|format|inputs?\b|request|json(?!\sresponse)|payload|body|role|message|option|content[\s-]type|media\stype|key\b)",
        r"\b(?:request|json)\s(?:body|payload)\b[^.;]{0,20}\binvalid\b|\b(?:property|field|parameter|argument|keyword|option|schema)s?\b[^.;]{0,80}\b(?:unsupported"
        r"|not\s(?:supported|permitted|allowed|valid|present)|invalid|illegal|incorrect|wrong|required|missing|unknown|unexpected"
        r"|must\sbe)",
        r"\b(?:parse|read|decode|deserializ\w+|unmarshal\w*)\b[^.;]{0,40}\brequest(?:\sbody|\spayload)?\b"
        r"|\b(?:body|prompt|messages?|input)\s(?:is|are|was)\s(?:empty|missing|required)\b|\brequest\sbody\sis\snot\b|\bis\sunsupported\b|field\srequired|bad\srequest|malformed\b|unprocessable",
        r"\brequires\s[^.;]{0,40}\bto\sbe\b|does\s(?:not|n't)\ssupport|doesn'?t\ssupport|not\ssupported\s(?:with|by|for|when|in|on)",
        r"\bexpected\s(?:an?\s)?(?:array|string|object|integer|number|boolean|list),?\s(?:but\s)?got\b|\bunknown\svariant\b|\b(?:image|audio|file)s?\b[^.;]{0,40}\b(?:exceed|unsupported|invalid|corrupt)\w*|\b(?:issue|problem)\swith\syour\s(?:request|input)|\bjson\sbody\b|\bbad\s(?:input|parameter|argument)\b|\bcheck\syour\s(?:inputs?|request|parameters?|prompt)\b|\bconflicting\sparameters"
        r"|\bonly\sone\sof\b[^.;]{0,60}\b(?:may|can|must)\sbe\b|\b(?:pars\w+|compile|initialize)\s(?:the\s)?grammar\b",
        r"validation\serror|fail\w*\sto\sdeserialize|must\sbe\s(?:one\sof|a\b|an\b|less|greater|at\sleast|between|non)"
        r"|must\s(?:alternate|contain\sthe\sword|start\swith|end\swith)|fields?\srequire\b"
        r"|参数(?:错误|无效)|请求(?:格式|参数)|無効な\s?(?:リクエスト|パラメータ|引数)|잘못된\s?(?:요청|매개변수|파라미터)"
        r"|\b(?:param[èeé]tr\w+|requ[êe]te|solicitud|requisi[çc][ãa]o|richiesta)\b[^.;]{0,30}\b(?:non\svalid|invalid|incorrec|no\sv[áa]lid|inv[áa]lid)\w*"
        r"|\bungültige\w*\s(?:anfrage|parameter|eingabe)",
    ),
    _C.TIMEOUT: pattern(
        r"\btim(?:ed|ing)[\s-]?out\b|\btimeout\b|deadline\s(?:was\s)?exceeded|took\stoo\slong"
        r"|E(?:SOCKET)?TIMEDOUT|UND_ERR_(?:HEADERS|BODY)_TIMEOUT|\wtimeouterror\b",
        r"超时|逾時|タイムアウト|시간\s?초과|таймаут|tiempo\sde\sespera|tempo\s(?:limite|esgotado)"
        r"|zeitlimit|délai\s(?:d'attente|dépassé)|zeitüberschreitung|превышено\sвремя|hết\sthời\sgian",
    ),
    _C.CONNECTION_ERROR: pattern(
        r"\bE(?:CONN(?!ABORTED\W[^\n]{0,20}\btimeout)|NET|HOST|ADDR|PIPE|AI_|NOTFOUND|NOTCONN|SHUTDOWN|PROTO)[A-Z_]*\b"
        r"|UND_ERR_(?:SOCKET|CONNECT_TIMEOUT)|ERR_(?:NETWORK|TLS|CONNECTION|SSL|NAME|INTERNET|HTTP2|QUIC|SOCKET|STREAM_PREMATURE|EMPTY_RESPONSE|INCOMPLETE|ADDRESS|CERT)\w*|\bHPE_[A-Z_]+"
        r"|\b(?:CERT_|(?:\w+_)?SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET))\w+",
        # the systems' own numbers, whose sentences are in the language of the system
        r"\b(?:errno|win\s?error|os\serror)\W{0,2}(?:-[2-5]|32|49|5[0347]|6[0145]|9[89]|1(?:0[0-8]|1[0-3])|1[01]0\d\d)\b(?!\.)",
        r"\bconnect(?:ion|ing)?\b[^.;]{0,40}\b(?:error|refused|reset|aborted|closed|fail\w*|broken"
        r"|lost|terminated|dropped|interrupted|attempts)\b|(?<!\btimeout:\s)\bconnect(?:ion|ing)?\b[^.;]{0,40}\btimed?\s?-?out\b",
        r"\b(?:fail\w*|unable|cannot|can'?t|could\s?n[o']t|could\snot)\s(?:to\s)?(?:connect|reach"
        r"|resolve|establish|open\ssocket)",
        r"\bconnect\s+ETIMEDOUT|connect(?:ion)?\s?timeout|fetch\sfailed|failed\sto\sfetch|network\s(?:error|request\sfailed|is\sunreachable"
        r"|connection|unreachable|failure)|transport\serror|error\ssending\srequest(?![^\n]{0,400}timed\sout)",
        r"name\sor\sservice\snot\sknown|nodename\snor|name\sresolution|getaddrinfo|no\ssuch\shost"
        r"|no\saddress\sassociated|\bdns\b[^.;]{0,30}(?:fail|error|resol|lookup)|name\sresolver",
        r"\b(?:ssl|tls)\b[^.;]{0,60}(?:error|fail|handshake|certificate|version|eof|alert)"
        r"|certificate\s(?:verif|has\sexpired|is\snot|signed|in\s(?:the\s)?(?:certificate\s)?chain)|x509:|handshake\s(?:fail|operation)"
        r"|\b(?:issuer|root|leaf|first|self[\s-]signed)\scertificate",
        r"\bstream\serror\b(?!:[^\n]{0,60}\b(?:demand|overload\w*|capacity|busy|rate|quota)\b)|\breceived\sfrom\speer|\beof\W*$|server\sdisconnected|remote\send\sclosed|without\s(?:sending|response)|peer\sclosed"
        r"|violation\sof\sprotocol|\bparse\serror:\sexpected\shttp|incomplete\s(?:chunked\s)?read|broken\spipe|socket\shang\sup|connectionterminated"
        r"|unexpected\s(?:eof|end\sof\sstream)|dial\stcp|no\sroute\sto\shost|host\s(?:is\s)?unreachable"
        r"|\byou\sare\soffline|\bnot\sbe\sreached\b|\b(?:ollama|server|service|daemon)\sis\snot\srunning|\bis\s(?:ollama|the\sserver)\srunning\b|\btlsv1\salert"
        r"|\bnetwork\sis\sdown|\blost\sconnection\b|\breading\sfrom\s(?:the\s)?stream|\bconnection\sabort|\bsocket\s(?:is\s|was\s)?closed|\b(?:clos|reset|dropp|terminat|abort)ed\sthe\sconnection|\btransfer\sclosed|\bgoaway\b|\brst_stream"
        r"|payload\sis\snot\scompleted|\bempty\sreply\sfrom\sserver|^\W*(?:load\sfailed|(?:typeerror:\s)?terminated)\W*$"
        r"|actively\srefused|forcibly\sclosed|stream\s(?:disconnected|closed|reset|was\sreset)"
        r"|response\sended\sprematurely|broken\sconnection|premature\sclose|other\sside\sclosed",
        r"(?:连接|接続|網路|网络|ネットワーク)[^。]{0,12}(?:拒绝|失败|重置|错误|超时|エラー|異常|异常|断开)|연결"
        r"|verbindung\w*\s[^.;]{0,30}(?:fehl|abgelehnt|unterbrochen)|соединени\w+|conexi[oó]n\s"
        r"[^.;]{0,20}(?:rechaz|fall|error)|connexion\s[^.;]{0,20}(?:refus|échou)",
    ),
    _C.OVERLOADED: pattern(
        r"\boverload(?:ed|ing)?\b|over\s(?:its\s)?capacity|\b(?:at|no|insufficient|limited|exceed\w*"
        r"|out\sof|enough|full)\s(?:\w+\s)?capacity|capacity\s(?:\w+\s)?(?:exceed|constraint|unavail|limit|is\s)"
        r"|capacity_exceeded",
        r"\bhigh(?:er)?\s(?:than\s\w+\s)?(?:traffic|demand|load|volume|usage)|\bunder\sheavy\sload|\btemporarily\sunable",
        r"\b(?:servers?|service|model|system|engine|upstream|backend|api|inference|provider|we|replicas?|workers?)"
        r"(?:'s|'re)?\b[^.;]{0,30}\b(?:busy|saturated|overwhelmed|temporarily\sunavailable|warming\sup"
        r"|starting\sup|still\sloading|unavailable|not\sready)",
        r"\bdegraded\b[^.;]{0,40}\b(?:function|invoked|state|performance)|no\s(?:free\s|idle\s)?slots?\savail"
        r"|\bmodel\b[^.;]{0,20}\bunloaded|request\s(?:queue|dropped)\b|\bbusy\s(?:server|model|service)\b|\ball\s(?:\w+\s)?(?:slots|workers|servers|replicas|instances)\s(?:are\s)?(?:busy|in\suse|occupied)"
        r"|\bno\s(?:gpus?|instances|workers|replicas|nodes)\s(?:are\s)?(?:avail|connected|free|ready)\w*|\b(?:not\senough|insufficient)\s(?:gpu\s|compute\s)?resources\b"
        r"|\b(?:model|instance|endpoint|server|deployment|engine|replica|pod)\sis\s(?:starting|initiali[sz]ing|booting|scaling|warming)|\bwaiting\sfor\s(?:an?\s)?(?:worker|gpu|slot|capacity)"
        r"|\b0/\d+\s(?:nodes|replicas|pods|workers|instances)\s(?:are\s)?(?:available|ready)\b|\bload\sshedding|\bqueue\slength\b|\bqueue\sis\sat\b|\bcircuit\sbreaker\b[^.;]{0,20}\bopen\b|\bscheduled\smaintenance\b|\b(?:engine|server|weights)\s(?:is|are)\s(?:still\s)?loading\b|\bwarm(?:ed|ing)\sup\b|\bcold\sstart"
        r"|\bscal(?:ed|ing)[\s_]?(?:up|to[\s_]?zero)\b|\bin\sstate:?\s\w*(?:start|build|pending|initial|deploy|load|scal)\w*|\b(?:in|under|for)\smaintenance|maintenance\s(?:in\sprogress|mode|window)",
        r"\b(?:service|server|system|backend|api)\sis\s(?:currently\s|temporarily\s)?not\savailable"
        r"|loading\smodel|\bmodel\b\s?\S{0,80}\sis\s(?:currently\s|still\s)?loading|service\sunavailable|temporarily\sunavailable"
        r"|pending\srequests|\b(?:cache|buffer|pool|backlog)\sis\sfull\b|queue\s(?:is\s)?(?:full|exceeded|too|size)"
        r"|過負荷|しばらくし(?:て|た)|과부하|나중에\s?다시|暂时不可用|不可用[^。]{0,6}稍后|réessayer\splus\stard|später\serneut|más\starde|più\stardi|sobrecarreg"
        r"|\bno\s(?:available|healthy)\s(?:upstream|worker|replica|backend|server|host)",
        r"繁忙|过载|負載|负载|拥挤|访问量[^。]{0,4}大|混雑|混み合|surcharg[ée]|sobrecargad|überlastet|sovraccaric|перегруж",
    ),
    _C.SERVER_ERROR: pattern(
        _SPOILT_ON_THE_WAY,
        r"internal\s(?:server\s)?(?:error|exception|failure)|\bserver(?:\sside|-side)?\s(?:error|fault)"
        r"|bad\sgateway|upstream\b[^.;]{0,30}\b(?:errors?|fail\w*)\b(?!:\s\S+\s\S)|encountered\s(?:a|an)\s[^.;]{0,20}error",
        r"fail\w*\sto\sget\s(?:a\s)?response|\b(?:servers?|applications?|apps?|services?|upstream|backend|provider|model|endpoint|host)\sfail\w*\sto\srespond\b|(?:unable\sto|cannot|could\snot)\sprocess\s|\bunexpected\scondition|\bprocess\swas\skilled|\billegal\smemory\saccess|\bnccl\b|\b(?:unknown|unhandled)\s(?:error|exception)|\bupstream\sprematurely"
        r"|\binvalid\supstream\sresponse|\bunexpected\sstatus\b|\bfailed\safter\s\d+\s(?:retries|attempts)\b(?!\W+(?:last\serror\W+)?not\sfound)|\ball\s(?:retries|attempts|providers|models|backends)\s(?:have\s)?failed|\bmax(?:imum)?\sretries\sexceeded|error\s(?:occurred\s)?(?:while|during)"
        r"\s(?:processing|handling|generat|inferenc)|cuda\serror|background\sloop|engine\s?(?:core|dead)"
        r"|\bcrashed\b|\breason\W{1,4}(?:abort|error|unknown)\b|\bchannel\serror\b|\b(?:actor|runner|engine|worker|replica|process)\s(?:has\s)?(?:unexpectedly\s)?died|\b(?:inference|generation|processing)\sfailed|\b(?:replica|worker|runner|engine)\b[^.;]{0,40}\b(?:died|killed|no\slonger)"
        r"|invalid\sresponse\sfrom|process\shas\sterminated|enginedead|\b(?:internal|unexpected|unknown|unspecified)\serror|server\sexception",
        r"\ban?\s(?:unexpected\s)?error\s(?:has\s)?occurred\W*$|\bsegmentation\sfault\b|\bterminated\sunexpectedly\b|\blist\sindex\sout\sof\srange|nonetype\b"
        r"|\b(?:unexpected|unrecognized|malformed)\s(?:response|reply)\s(?:format|type|body|structure)",
        r"expecting\svalue|\bparse\sresponse\b|\beof\swhile\sparsing\b|\bpars(?:e|ing)\s(?:the\s)?(?:upstream|provider|backend|gateway|server|api)\b|\bnon[\s-]json\b|\bresponse\sbody\b[^.;]{0,80}\b(?:json|unexpected)|(?:invalid|unexpected)\s(?:json|token)\b[^.;]{0,30}(?:response|position|at\s)"
        r"|not\svalid\sjson(?!\sschema)|web\sserver\s(?:is|returned)|origin\s(?:is|error|server)",
        r"服务器(?:内部)?错误|内部(?:服务器)?错误|サーバーエラー|서버\s?오류|erreur\s(?:interne|serveur)"
        r"|error\sinterno|erro\sinterno|interner\s(?:server)?fehler|errore\sinterno|внутренняя\sошибка",
    ),
    _C.RATE_LIMIT: pattern(
        r"\blimit\w*[^.;]{0,30}(?:\bper\s|/\s?)(?:second|sec|minute|min)\b|\brequest\srate\b[^.;]{0,20}\b(?:increas|too|exceed|reach|hit)\w*|\brequests?\b[^.;]{0,30}\btoo\s(?:quickly|fast|rapidly|often|frequen\w+)|\brequest\sfrequency\b|\bnumber\sof\s(?:\w+\s){0,3}(?:requests|calls|queries)\b[^.;]{0,20}\bexceed|\bmax(?:imum)?\s(?:concurrent\s)?requests\b|\breduce\s(?:your|the)\srequest\srate|\bcall\srate\b|\breached\sthe\srequest\slimit"
        r"|\bwait\s(?:[\w.]+\s){0,3}before\s(?:sending|retrying|trying|making)|\brate[\s_-]?limit|too\smany\s(?:requests|tokens|calls|concurrent|connections)|throttl"
        r"|\b(?:rpm|tpm|itpm|otpm)\b|\b(?:limit|exceed|over|quota|maximum|allow)\w*[^.;]{0,60}"
        r"\b(?:requests?|tokens?|calls|queries)(?:\s|/)(?:per\s)?(?:second|min)|\b(?:requests?|tokens?"
        r"|calls|queries)(?:\s|/)(?:per\s)?(?:second|min\w*)[^.;]{0,20}\b(?:limit|exceed|reached|quota)",
        r"quota\s(?:has\sbeen\s)?(?:exceeded|reached|limit)|exceed\w*[^.;]{0,40}\bquota|slow\sdown|\btoo\sfrequent|\bcool(?:ing|ed)?[\s-]?down\b"
        r"|resource\s(?:has\sbeen\s)?exhausted|concurren\w+[^.;]{0,30}(?:limit|exceed|reached|too)"
        r"|(?:requests?|tokens?|usage|calls?)\slimit\s(?:\w+\s){0,2}(?:exceeded|reached|hit)",
        r"限流|频率|頻率|速率|请求过(?:多|于频繁)|請求過多|レート制限|リクエスト(?:が多|制限)|요청\s?(?:제한|한도|이\s?너무)"
        r"|\bhigh[\s-]frequency\b[^.;]{0,30}\brequests|l[ií]mite\sde\s(?:velocidad|solicitudes|taxa|requisi|tasa|peticiones|d[ée]bit|requ[êe]tes)"
        r"|лимит\s(?:запросов|токенов)|한도[^.]{0,8}초과|trop\sde\srequ[êe]tes|zu\sviele\sanfragen|ratenlimit|troppe\srichieste|demasiadas\s"
        r"|muitas\ssolicita|limite\sdi\s(?:frequenza|richieste)|слишком\sмного|quá\snhiều",
    ),
    _C.QUOTA_EXHAUSTED: pattern(r"(?!)"),  # the classifier's _of_money and _of_a_long_window ask
}
_SPAN = r"\d[\d.,]*\s?(?:ms|s|m|h|milli\w*|sec\w*|min\w*|hours?)(?:\b|(?=\d))"  # 60s, 5m0s
_LIMITED_TIME = (
    r"(?:time[\s-]?limit|(?:execution|processing|response|request|allowed|allotted|max(?:imum)?|running"
    r"|generation|inference|wait(?:ing)?|overall|total)\s(?:execution\s|processing\s|response\s"
    r"|request\s|running\s|allowed\s)?(?:time|duration))"
)
# Words of a call that took too long which speak of its size to who reads one of them alone.
TOOK_LONG = pattern(
    r"\b(?:took|tak(?:es?|ing|en)|ran|run(?:s|ning)?)\s(?:for\s)?(?:too|so)\s(?:long|much\stime)\b",
    r"\b(?:took|tak(?:es?|ing|en)|ran|run(?:s|ning)?)\s(?:for\s)?(?:longer|more)\sthan\s(?:the\s)?"
    r"(?:\d[\d.,]*\s?(?:ms|s|m|h|milli\w*|sec\w*|min\w*|hours?)\b|expected|allowed|permitted|max)",
    rf"\b(?:exceed\w*|reach\w*|hit|over)\b[^.;]{{0,30}}\b{_LIMITED_TIME}\b",
    rf"\b{_LIMITED_TIME}\b[^.;]{{0,20}}\b(?:exceeded|reached|elapsed|passed|expired|was\sup)\b",
    r"\b(?:not|n't|no|unable|fail\w*)\b[^.;]{0,40}\b(?:in\stime\b|within\sthe\s(?:\w+\s)?time)",
    rf"\bno\s(?:\w+\s){{0,2}}(?:response|answer|reply|activity|data|chunks?|events?|tokens?|bytes|output|progress)\b"
    rf"[^.;]{{0,30}}\b(?:for|within|after|in)\s{_SPAN}",
    rf"\bwait\w*\sfor\s[^.;]{{0,30}}\bafter\s{_SPAN}|\b(?:abort|cancel)\w*\safter\s{_SPAN}",
    rf"\b(?:waited|waiting\safter|idle\sfor|hung\sfor|gave\sup\safter)\s{_SPAN}|\bstream\s(?:has\s)?stalled\b|\bran\sout\sof\stime\b|\bdeadline\shas\spassed|\b(?:did\snot|didn't)\srespond\b(?!\swith)"
    rf"|(?:\bnot|n't)\s(?:respond\w*|received)\s(?:with)?in\s{_SPAN}",
    r"\bexceed\w*\s(?:the\s|its\s|our\s)?(?:\w+\s){0,2}?\w*time-?out",
    r"\brequest\b[^.;]{0,10}\bexpired\s(?:after|in\s(?:the\s)?queue|while)"
    r"|\bunresponsive\b|\b(?:is|not)\s(?:not\s)?responding\b|\bno\sresponse\sreceived\b|\btime[\s-]out\b(?=\s*(?:[.:!,)]|$|error|after|while|wait))",
)
BARRED = pattern(
    r"\b(?:account|organi[sz]ation|team|workspace|project|subscription|access)\s(?:\w+\s){0,3}"
    r"(?:suspended|disabled?|banned|deactivated|restricted|terminated|locked)\b|\byou\s(?:are|were|have\sbeen)\sbanned\b"
    r"|\b(?:account|organi[sz]ation)\s(?:\w+\s){0,2}blocked\b"
)
"""An account that is shut out, whatever for."""
ACCOUNT_SETTINGS = pattern(
    r"\b(?:data|privacy|training|retention|account|provider)\s(?:polic(?:y|ies)|settings?|preferences?)\b",
    r"\bguardrails?\b|\bprivacy\b|\bdata\sretention\b|\ballowed\sproviders\b",
)
"""What an account allows of a model that is there."""
_KEY_TAKEN = pattern(
    r"\bkeys?\s(?:\w+\s){0,3}(?:suspended|disabled|banned|deactivated|revoked|blocked)\b"
)
# A gateway that has no key for who is behind it says 503.
KEY_UNSET = pattern(
    rf"\b(?:[a-z]\w*_)?{_KEY}\s(?:is\s|was\s)?not\s(?:set|configured|provided)\b"
    rf"|\bno\s(?:\w+\s)?{_KEY}\s(?:is\s|was\s)?(?:set|configured|provided)\b"
)
# envoy speaks so of its own connection, not of ours
_BEHIND = pattern(r"reset\sreason|before\sheaders|upstream\sconnect\serror")
# who keeps the keys is down: no key was refused
_KEEPER_DOWN = pattern(
    r"\b(?:auth\w*|identity|token|login|key)\s(?:service|server|backend|lookup|store)\b[^.;]{0,30}"
    r"\b(?:unavailable|unreachable|down|overloaded|tim(?:ed?|ing)[\s-]?out|fail\w*|error|not\savailable|busy)\b"
)
_OF_A_SERVER = pattern(_SPOILT_ON_THE_WAY)
_UNTRUSTED = pattern(r"certificate[\s_]verif|issuer\scertificate|self[\s-]signed\scertificate")
UNLESS: dict[ErrorCategory, tuple[re.Pattern[str], ...]] = {
    _C.CONNECTION_ERROR: (_BEHIND,),
    _C.TIMEOUT: (_BEHIND,),
    # no word of a policy makes a refused answer of an account or a key that was taken away
    _C.CONTENT_FILTER: (BARRED, _KEY_TAKEN),
    # no word of an authentication makes a refused key of a server that is not believed
    _C.AUTHENTICATION: (_UNTRUSTED, _KEEPER_DOWN),
    _C.OUTPUT_INVALID: (_OF_A_SERVER,),
}
"""What makes the words of a category speak of something else."""
TOO_MANY_TOKENS = pattern(r"\b(?:too\smany|over)\s(?:\w+\s){0,2}tokens\b")
"""Of a minute or of a prompt, as the status says."""
# What makes a refusal by a rate limit one of size: it would not fit an empty bucket either.
TOO_LARGE = pattern(rf"too\s(?:large|long|big)\b|context[\s_-]?(?:length|window|size)|{_PROMPT_OF}")
# Which meanings a status lets words and codes give it, most telling first, and what it means alone.
REQUEST_FAULTS = (
    _C.CONTEXT_LENGTH,
    _C.CONTENT_FILTER,
    _C.QUOTA_EXHAUSTED,
    _C.OUTPUT_INVALID,
    _C.AUTHENTICATION,
    _C.MODEL_UNAVAILABLE,
    _C.RATE_LIMIT,
    _C.BAD_REQUEST,
    _C.OVERLOADED,
    _C.TIMEOUT,
    _C.SERVER_ERROR,
)
SERVER_FAULTS = (
    _C.CONTEXT_LENGTH,
    _C.QUOTA_EXHAUSTED,
    _C.RATE_LIMIT,
    _C.MODEL_UNAVAILABLE,
    _C.OVERLOADED,
    _C.TIMEOUT,
    _C.OUTPUT_INVALID,
)
BY_STATUS: dict[int, tuple[ErrorCategory, tuple[ErrorCategory, ...]]] = {
    400: (_C.BAD_REQUEST, REQUEST_FAULTS),
    422: (_C.BAD_REQUEST, REQUEST_FAULTS),
    401: (_C.AUTHENTICATION, (_C.QUOTA_EXHAUSTED, _C.MODEL_UNAVAILABLE)),
    402: (_C.QUOTA_EXHAUSTED, ()),
    403: (
        _C.AUTHENTICATION,
        # Together says 403 of a prompt that is too long
        (
            _C.QUOTA_EXHAUSTED,
            _C.CONTENT_FILTER,
            _C.MODEL_UNAVAILABLE,
            _C.RATE_LIMIT,
            _C.AUTHENTICATION,
            _C.CONTEXT_LENGTH,
        ),
    ),
    404: (_C.MODEL_UNAVAILABLE, ()),
    405: (_C.MODEL_UNAVAILABLE, ()),
    407: (_C.CONNECTION_ERROR, ()),
    408: (_C.TIMEOUT, ()),
    410: (_C.MODEL_UNAVAILABLE, ()),
    413: (_C.CONTEXT_LENGTH, ()),
    # Cloudflare's gateway says 424 of a prompt that its own guardrail blocked
    424: (_C.SERVER_ERROR, (*SERVER_FAULTS, _C.CONTENT_FILTER)),
    425: (_C.OVERLOADED, ()),
    429: (_C.RATE_LIMIT, (_C.CONTEXT_LENGTH, _C.QUOTA_EXHAUSTED, _C.OVERLOADED)),
    451: (_C.CONTENT_FILTER, (_C.AUTHENTICATION,)),
    498: (_C.OVERLOADED, ()),
    499: (_C.TIMEOUT, ()),
    500: (_C.SERVER_ERROR, (*SERVER_FAULTS, _C.CONTENT_FILTER, _C.AUTHENTICATION)),
    502: (_C.SERVER_ERROR, SERVER_FAULTS),
    503: (
        _C.OVERLOADED,
        (_C.CONTEXT_LENGTH, _C.QUOTA_EXHAUSTED, _C.RATE_LIMIT, _C.MODEL_UNAVAILABLE, _C.TIMEOUT),
    ),
    504: (_C.TIMEOUT, ()),
    522: (_C.TIMEOUT, ()),
    524: (_C.TIMEOUT, ()),
    529: (_C.OVERLOADED, ()),
}
OTHER_4XX = (_C.BAD_REQUEST, REQUEST_FAULTS)
OTHER_5XX = (_C.SERVER_ERROR, SERVER_FAULTS)

# Exception classes by their names; a test of the SDKs' and the standard library's own holds it.
KEY_NAMES = pattern(r"\bUnicodeEncodeError$")
TIMEOUT_NAMES = pattern(
    r"(?:^|\.)(?:Read|Write|Pool|Socket|Server|API|Request|Gateway)?_?Time_?[Oo]ut"
    r"(?:Error|Exception)?$|TimedOut|DeadlineExceeded|ReadTimeoutError$|SocketTimeout|^timeout$"
)
CONNECT_TIMEOUT_NAMES = pattern(r"Connect(?:ion)?Timeout")
CONNECTION_NAMES = pattern(
    r"Connect(?:ion)?(?:Error|Exception|Failure|Refused|Reset|Aborted)|\bgaierror$|\bherror$|SSL"
    r"|Proxy(?:Error|Connection)|(?:Network|Read|Write|Close|Transport|Protocol|Socket)Error$"
    r"|Disconnected|MaxRetryError|NameResolution|BrokenPipe|(?:Closed|Broken)Resource|EndOfStream|ConnectionLost|ClientOSError|ClientPayloadError"
    r"|IncompleteRead|ChunkedEncoding|RemoteProtocol|LocalProtocol|ConnectorError|Resolver"
    r"|Certificate|TLS|ConnectionClosed|InvalidURL|UnsupportedProtocol|MissingSchema|NoRouteTo"
    r"|UnknownHost|HttpRequestException|SocketException|IOException"
)
UNREACHED_NAMES = pattern(
    r"ConnectError|Connect(?:ion)?(?:Timeout|Refused)|gaierror$|Proxy|NameResolution|PoolTimeout|Unicode"
    r"|ConnectorError|Certificate|InvalidURL|UnsupportedProtocol|MissingSchema|WriteTimeout"
    r"|WriteError|LocalProtocol|NewConnection|UnknownHost"
)
WRITING_NAMES = pattern(r"WriteTimeout|WriteError")
PLAIN_TO_TLS = pattern(r"http\srequest\s(?:was\ssent\s)?to\s(?:an\s)?https")
"""How nginx and Go servers answer http:// where they speak TLS."""
WRONG_URL_NAMES = pattern(r"InvalidURL|UnsupportedProtocol|MissingSchema|InvalidSchema")
CATCH_ALL = pattern(r"APIConnectionError$|APIError$")
UNREADABLE_NAMES = pattern(
    r"JSONDecodeError$|(?:Response|Type)Validation|(?:^|\.)DecodingError$|ContentTypeError|DecodeError$"
)
# Class names that stand for a status, as the SDKs and LiteLLM use them, and .NET's enum.
STATUS_NAMES: tuple[tuple[re.Pattern[str], int], ...] = (
    (pattern(r"ContextWindow|RequestTooLarge|RequestEntityTooLarge|PayloadTooLarge"), 413),
    (pattern(r"RateLimit|TooManyRequests|Throttl|ResourceExhausted|QuotaExceeded"), 429),
    (pattern(r"PaymentRequired|BudgetExceeded|InsufficientQuota"), 402),
    (pattern(r"PermissionDenied|Forbidden|AccessDenied"), 403),
    (pattern(r"Authentication|Unauthori[sz]ed|Unauthenticated|InvalidAPIKey|AuthError"), 401),
    (pattern(r"\bNotFound(?:Error|Exception)?$|ModelNotFound|ResourceNotFound"), 404),
    (pattern(r"Unprocessable"), 422),
    (
        pattern(r"BadRequest|InvalidRequest|InvalidArgument|ValidationException|UnsupportedParams"),
        400,
    ),
    (pattern(r"ServiceUnavailable|ServerOverloaded|Overloaded|ModelNotReady"), 503),
    (pattern(r"GatewayTimeout|DeadlineExceeded"), 504),
    (pattern(r"BadGateway"), 502),
    (pattern(r"InternalServer|ServerError$|InternalFailure"), 500),
    # what gRPC calls its statuses, where it says "code = "
    (pattern(r"^(?:InvalidArgument|FailedPrecondition|OutOfRange)$"), 400),
    (pattern(r"^Unavailable$"), 503),
    (pattern(r"^(?:Internal|Unknown|DataLoss|Aborted)$"), 500),
)
# A mistake in a program's own code, whose words are of its data.
MISTAKES = pattern(r"\b(?:Index|Key|Attribute|Name|ZeroDivision)Error$")
HTTP_NAMES = re.compile(
    r"\b(TooManyRequests|PaymentRequired|Forbidden|Unauthorized|(?:[A-Z][a-z]{1,40}){0,5}NotFound|UnprocessableEntity"
    r"|BadRequest|ServiceUnavailable|GatewayTimeout|BadGateway|InternalServerError|RequestTimeout"
    r"|RequestEntityTooLarge)\b|\bcode\s?=\s?(?:StatusCode\.)?([A-Z][A-Za-z_]{1,80})"
)
