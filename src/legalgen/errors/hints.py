"""What single words tell of an error, asked where none of its sentences is known.

Tables only. They are asked of a text that calls itself an error, the most telling first; codes,
sentences and names of classes are in :mod:`legalgen.errors.patterns`.
"""

from __future__ import annotations

import re

from legalgen.errors.category import ErrorCategory
from legalgen.errors.patterns import pattern

_C = ErrorCategory

# A text that calls itself an error.
AN_ERROR = pattern(
    r"error|exception|traceback|\bfail(?:ed|ure|s|ing)?\b|\bfatal\b|\bpanic\b|\bwrong\b|\bunable\b|\brefused\b"
    r"|\brequest\b[^.;]{0,20}\brejected\b|\binvalid\b|❌|✕|⚠|\berr(?:o|eur|ore)\b|\bfehler\b"
    r"|\bunhealthy\b|\bexhausted\b|\bempty\s(?:\w+\s)?(?:response|reply|body)\b|\bis\s(?:nil|null|none|undefined|nan)\b|\bincompatible\b|\bconflicts?\swith\b|\bunsupported\b|\bunrecogni[sz]ed\b"
    r"|\bnot\s(?:supported|implemented|available|permitted)\b|\bmust\s(?:be|match|contain|have|specify|not)\b|\brequired\b"
    r"|\blimit\s(?:exceeded|reached)\b|\bretry(?:ing)?\b|\btry\sagain\b|\bcancel+ed\b|\bgiving\sup\b"
    r"|ошибка|错误|錯誤|失败|失敗|异常|異常|报错|无法|禁用|封禁|エラー|오류|실패"
)
# What is missing or refused tells of an error only where it is said of a machine.
NEGATION = pattern(
    r"\b(?:no|not|cannot|can't|without|never|none|only|must|should|please|requires|disconnected|interrupted|occurred)\b|n't\b"
    r"|\bun(?:expected\w*|available|known|healthy|reachable|authenticated)\b|\bexceed|\btoo\s(?:many|long|large|big|slow|small|short|low)\b"
    r"|\b(?:aborted|exited|terminat(?:ed|ing)|(?:is|already|was)\sdead|died|killed|expired|missing|ended|disabled|reset)\b|\bcrash|\bout\sof\b|不|无|未|没有|只能|已被|없"
)
MACHINERY = pattern(
    r"\b(?:models?|servers?|process|upstream|requests?|stream|tokens?|api|endpoint|provider|nodes?|workers?|router?|llm"
    r"|response|gateway|connection|service|engine|load\sbalanc\w+|messages?|prompt|plan|usage|account|parameters?|options?"
    r"|client|content|project|roles?|penalty|values?|json|http|url|replicas?|pods?|backend|inference|deployment|queue|gpu|cuda|schema|tools?"
    r"|headers?|hosts?|keys?|groups?|channels?|cache|buffer|body|input|output|adapters?|subscription|tokenizer|template|modality"
    r"|config|database|container|predictions?|instance|shards?|socket|proxy|llama\w*|vllm|ollama)\b"
    r"|模型|请求|服务|接口|账[户号]|令牌|渠道|用户|分组|额度"
)
HINTS: tuple[tuple[ErrorCategory, re.Pattern[str]], ...] = (
    (
        _C.CONTEXT_LENGTH,
        pattern(
            r"\b(?:tokens?|context|prompt|input|sequence|conversation|message|history|request|payload|body|buffer)s?\b[^.;]{0,80}"
            r"\b(?:exceed\w*|too\s(?:long|large|big)|larger|longer|overflow\w*|shorten|does(?:\snot|n't)\sfit)\b",
            r"\bexceed\w*\s(?:\w+\s){0,2}buffer\b|\b(?:exceed\w*|too\s(?:long|large|big|many)|larger|longer|over|beyond)\b[^.;]{0,60}"
            r"\b(?:tokens?|context|prompt|n_ctx|max_model_len|kv\scache)\b|\btoken\s(?:count|limit)\b"
            r"|超长|过长|太长|長すぎ|너무\s?길",
        ),
    ),
    (
        _C.CONTENT_FILTER,
        pattern(
            r"\b(?:safety|harmful|unsafe|nsfw|censor\w*|moderat(?:ion|ed|ors?)|guardrails?|violat\w+|refusal|inappropriate|flagged|jailbreak"
            r"|prohibited|disallowed|copyright\w*|recitation|acceptable\suse)\b"
        ),
    ),
    (
        _C.QUOTA_EXHAUSTED,
        pattern(
            r"\b(?:credits?|(?<!load\s)balance|billing|unpaid|prepaid|wallet|top[\s-]?up|recharge|budget|spending|overdue|arrears"
            r"|invoice|payment|subscri(?:be|ption)(?!\skey)|allowance)\b|\b(?:daily|weekly|monthly)\b|\bper[\s-](?:day|week|month)\b"
            r"|\bupgrade\b[^.;]{0,40}\bplan|\b(?:plan|trial|free\stier)\b[^.;]{0,40}\b(?:limit|exceed\w*|expired|ended|over|used)"
            r"|\b(?:used\sup|exhausted|out\sof|ran\sout)\b[^.;]{0,30}\b(?:usage|quota|tokens|requests|allocation)|充值|欠费|额度|余额"
        ),
    ),
    (
        _C.TIMEOUT,
        pattern(
            r"\btime[ds]?[\s-]?outs?\b|\bdeadline\b|\btoo\s(?:slow|long\sto)\b|\btook\s[\d.]+|\bstalled?\b|\bhung\b(?!\sup)|\bidle\b"
            r"|\bno\s(?:data|tokens?|bytes|activity)\s(?:was\s|were\s)?(?:received|for)|\belapsed\b|\bgave\sup\b|超时"
        ),
    ),
    (
        _C.AUTHENTICATION,
        pattern(
            r"\bapi[\s_-]?keys?\b|\bcredentials?\b|authenticat\w+|\b(?:un)?authori[sz]\w+|\blog(?:in|ged\sin)\b|\bsubscription\skey"
            r"|\bsign(?:ed)?[\s-]in\b|\bpermissions?\b|\bjwt\b|\boauth\b|\b(?:bearer|access|auth)\stoken\b|\bforbidden\b|\bscopes?\b"
            r"|\bkey\b[^.;]{0,30}\b(?:invalid|expired|missing|wrong|disabled|revoked|required|not)\b|\ballow-?list|\bwhite-?list"
            r"|\b(?:invalid|expired|missing|wrong|no|bad|incorrect)\s(?:\w+\s)?(?:key|token|signature|secret|password)\b|\bbanned\b"
            r"|\btoken\b[^.;]{0,20}\b(?:invalid|expired|incorrect|revoked)\b|\bsuspended\b|\bnot\sallowed\sto\b"
            r"|\b(?:find|unknown|invalid|no\ssuch)\s(?:your\s)?(?:project|account|organi[sz]ation|user|team|workspace)\b"
            r"|\baccess\b[^.;]{0,30}\b(?:denied|restricted|blocked|revoked)|密钥|令牌|鉴权|权限|未授权|登录"
        ),
    ),
    (
        _C.RATE_LIMIT,
        pattern(
            r"\btoo\smany\b|\brate\b[^.;]{0,20}\blimit|\blimits?\b[^.;]{0,40}\b(?:reached|exceeded|hit)\b|\b[rt]p[ms]\b|\bqps\b"
            r"|\b(?:reached|exceed\w*|hit|over)\b[^.;]{0,40}\b(?:limits?|quota)\b|\bquota\b|\bconcurren\w+|\bburst\b|\bthrottl\w+"
            r"|\brequests?\sper\b|\bcool(?:ing)?[\s-]?down\b|\bnext\savailable\sin\b|\b(?:try\sagain|retry|wait)\b[^.;]{0,20}\b\d+\s?(?:s|sec\w*|min\w*)\b"
            r"|限制|频繁|頻繁|制限|제한"
        ),
    ),
    (
        _C.CONNECTION_ERROR,
        pattern(
            r"\b(?:certificates?|ssl|tls|sockets?|connections?|connect(?:ed|ing)?|network|dns|host(?:name)?|peer|handshake|proxy"
            r"|tunnel|unreachable|eof|disconnect\w*|hung\sup|chunked|econn\w+)\b|网络|連線|连接|接続|네트워크|сет[ьи]"
            r"|\bstream\b[^.;]{0,40}\b(?:ended|terminated|closed|stopped|interrupted|broke|cut)\b"
        ),
    ),
    (
        _C.OUTPUT_INVALID,
        pattern(
            r"(?<!non-)\b(?:empty|blank|no|missing|incomplete|truncated|malformed|cut\soff)\s(?:\w+\s)?(?:choices?|completions?|answer|content"
            r"|output|text|generation|tool\scalls?|finish[\s_]reason)\b|\b(?:no|empty)\s(?:\w+\s)?(?:response|reply|message)\b|\brepetitive\b|\bdegenerat\w+"
            r"|\b(?:parse|parsing|decode|extract)\b[^.;]{0,40}\b(?:model|llm|lm|output|answer|completion)\b|\bjson\soutput\b"
        ),
    ),
    (
        _C.OVERLOADED,
        pattern(
            r"\b(?:busy|overload\w*|capacity|queued?|backlog|maintenance|warming|initiali[sz]ing|booting|starting|restarting|scaling"
            r"|draining|unhealthy|saturated|temporar\w+(?!\sredirect)|spikes?|outage|degraded|circuit\sbreaker|load\sbalanc\w+|backpressure)\b"
            r"|\bnot\s(?:yet\s|currently\s)?(?:ready|healthy)\b|\b(?:no|not\senough|all)\s(?:\w+\s){0,2}(?:workers?|replicas?|slots?|nodes?"
            r"|instances?|upstreams?|backends?|servers?|candidates?|accounts?)\b|\b(?:again|retry)\s(?:later|shortly|soon|in\sa\s(?:moment|while|bit|few))\b|\balready\s(?:in\sprogress|running|loading)\b|稍后|負荷|繁忙|饱和"
        ),
    ),
    (
        _C.MODEL_UNAVAILABLE,
        pattern(
            r"\b(?:models?|deployment|adapter|lora|checkpoint|route|endpoint|resource|page|path)\b[^.;]{0,60}\b(?:not|no|n't|unknown"
            r"|unavailable|removed|gone|exists?|disabled|gated)\b|\b(?:no|not|unknown|invalid|find|found|missing|load|loading|pull)\b"
            r"[^.;]{0,30}\b(?:model\w*|deployment|adapter|route|endpoint)\b|^\W*not\sfound\b|模型[^。]{0,20}(?:不|无|未)"
        ),
    ),
    (
        _C.MODEL_UNAVAILABLE,
        pattern(
            r"\b(?!part|field|property|column|attribute|tool)\w+\s(?:\S+\s)?not\sfound\b|\bbe\sfound\b"
        ),
    ),
    (_C.OVERLOADED, pattern(r"\bunavailable\b|\bnot\savailable\b")),
    (
        _C.SERVER_ERROR,
        pattern(
            r"\b(?:crash\w*|died|killed|dead|abort\w*|terminated|exited|exit\s(?:code|status)|segfault|segmentation|panic\w*|cuda|gpu"
            r"|nccl|rocm|kernel|assert\w*|nonetype|nil|null|allocat\w+|tokeni[sz]e|decode|undefined|went\swrong|unexpectedly|unhandled|oom|internal|corrupt\w*"
            r"|stack\strace|core\sdump\w*|oops|exploded|(?:compute|inference|runtime|execution|backend|engine)\s(?:error|failure))\b|\bmax(?:imum)?\s(?:number\sof\s)?(?:retry|retries|attempts)\b"
        ),
    ),
    (
        _C.BAD_REQUEST,
        pattern(
            r"\b(?:must|should|expects?|expected|cannot|can'?t|may\snot|only|requires?|required|mandatory|invalid|unsupported|unknown"
            r"|unexpected|illegal|incompatible|not\s(?:allowed|permitted|supported|valid|acceptable|accepted|implemented)|missing|duplicate|conflict\w*"
            r"|mutually|at\s(?:least|most)|be\s(?:verified|decrypted)|too\s(?:small|short|low|few)|arguments?|parameters?|params?|fields?|schema|roles?|tools?|template|jinja|support\w*"
            r"|malformed|deserializ\w+|validation|ranges?|greater\sthan|less\sthan|maximum|minimum|integers?|strings?|booleans?"
            r"|types?|values?)\b|参数|不支持|格式|パラメータ|파라미터"
        ),
    ),
    (_C.SERVER_ERROR, MACHINERY),
)
