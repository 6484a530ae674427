"""What is said of quotas: whether money is missing, or a limit that passes by itself.

Tables only, asked by the classifier: of money, of a rate, of a window, of the time of a reset.
Codes are read in snake_case; what else vendors say is in :mod:`legalgen.errors.patterns`.
"""

# ruff: noqa: RUF001 - messages come in alphabets whose letters look like Latin ones

from __future__ import annotations

from legalgen.errors.patterns import pattern

CREDIT = pattern(
    r"insufficient[\s_](?!to\b)(?:\w+\s){0,4}(?:credit|balance|fund|quota)|\bout\sof\s(?:\w+\s)?(?:credit|fund|quota|usage\b)|\br[au]n\sout\sof\s(?:\w+\s)?balance",
    r"\b(?:have|has|with)\sno\s(?:more\s|remaining\s)?(?:credits?|balance|funds)\b|\bno\s(?:credits?|funds)\s(?:left|remaining)\b|(?<![\d.,])0\scredits\b",
    r"\bbilling\s(?:is\s)?(?:not\s(?:active|enabled)|account\s\w+)|\bcheck\syour\sbilling|\btrial\s(?:has\s|period\s)*(?:ended|expired)"
    r"|\bsubscription\s(?:(?:has|is|was)\s)?(?:expired|ended|cancell?ed|required)|\bno\sactive\ssubscription|\bhave\san\sactive\ssubscription"
    r"|\benable\sbilling|\bbilling\smust|\bcard\s(?:was|has\sbeen)\sdeclined|\bpayment\s(?:failed|declined|overdue)|\bcost\s(?:cap|limit)\b"
    r"|\bbalance:\s?[-$¥]{0,2}0(?:\.0+)?(?!\S)|\bplease\s(?:top\s?up|recharge)\b|\bused\s(?:all|up)\b[^.;]{0,40}\bcredits\b",
    r"\b(?:credits?|balance|funds?)\b[^.;]{0,40}\b(?:too\slow|exhaust|insufficient|deplet|run\sout"
    r"|used\sup|exceed|negative|not\senough|expired|ran\sout|is\s(?:zero|\W?[\d.]+))\w*|not\senough\s(?:credit|balance|fund|quota)"
    r"|\bquota\b[^.;]{0,20}\b(?:not\senough|insufficient)"
    r"|\bno\s(?:remaining|more|available)\s(?:credit|balance|fund)|(?:do(?:es)?\snot|don'?t|doesn'?t|no)\shave\s(?:any\s|enough\s|sufficient\s)*(?:credit|balance|fund)"
    r"|\b(?:depleted|exhausted|used\sup|ran\sout\sof)\s[^.;]{0,30}\b(?:credits?|balance|funds?)\b",
    r"\brequires?\s(?:\w+\s)?(?:credits?|funds|balance)\b|payment\s(?:is\s)?required|billing\s(?:hard\s)?limit|\bspend(?:ing)?[\s_-](?:limit|cap|alert)",
    r"(?:hard|budget|monthly)\s(?:limit|cap)\b|\bkey\s(?:limit|cap)\b(?![^.;]{0,40}\b(?:concurren|per\s(?:second|minute)))|budget\s(?:(?:has\sbeen|was|is)\s)?(?:exceeded|reached|exhausted)"
    r"|(?:exceed|over|reach)\w*\s(?:\w+\s){0,3}(?:(?<!context\s)(?<!token\s)budget|spend)|exceeded\s(?:your|the)\s(?:monthly"
    r"|included)\s(?:\w+\s)?(?:quota|credits?|usage|limit)",
    r"残高|クレジット[^。]{0,10}不足|잔액|크레딧[^.]{0,10}부족|недостаточно\sсредств|crediti?\sesaurit|saldo\sinsuf|余额|餘額|欠费|续费|套餐[^。，,]{0,6}[到过]期|额度[^。，,]{0,8}(?:不足|用[完尽]|耗尽|超|已|限|为零)|(?:超[出过]|无|没有)[^。，,]{0,8}额度|saldo\sinsuficiente|cr[ée]dit\sinsuffisant|guthaben|credito\sesaurito",
)
_PER_MOMENT = (
    r"(?:\bper[\s_-]|/\s?)(?:minute|min|second|sec)\b"
    r"|\b(?:this|current|next)\s(?:minute|second)\b"
    r"|\b(?:[io]?[rt]pm|[rt]ps|qp[sm])\b|每分钟|每秒"
)
PER_MOMENT = pattern(_PER_MOMENT)
# A rate by its name, which is told of a quota per minute as well as beside insufficient_quota.
A_RATE = pattern(
    rf"{_PER_MOMENT}|\brate[\s_-]?(?:limit(?:s|ed|ing)?|quota)\b|\bthrottl|\bconcurren\w+|\b(?:parallel|simultaneous)\s(?:requests|calls)|速率|频率|限流"
    r"|\b(?:token|request|call|query)s?[\s_-](?:rate|(?:limit|quota)\b)"
)
PER_MOMENT_CODES = pattern(
    r"per_(?:minute|second)|(?:^|_)(?:[rt]pm|qp[sm]|[rt]ps|itpm|otpm)(?:_|$)|(?:^|_)burst(?:_|$)"
)
"""Codes of limits that are full again within the minute, in snake case."""
WINDOW_CODES = pattern(
    r"(?:^|_)(?:per_(?:day|hour|week)|daily|hourly|weekly|session|rolling)(?:_|$)"
)
"""Codes of limits that are full again within a week."""
RATE_ANCHOR = pattern(
    r"https?://[^\s#]+#[\w-]*(?:(?:token|request|rate|call)s?[_-]?limit|[rt]p[ms]\b|qps|throttl)"
)
"""The place on a page of codes that an address leads to."""
MONEY_CODES = pattern(
    r"(?<!load_)balance|payment|(?:^|_)credits?(?:_|$)|fund|billing|budget|spend|arrear|overdue|prepa(?:id|y)"
)
SHORT_OF_QUOTA = pattern(
    r"insufficient[\s_](?:\w+[\s_]){0,2}quota|\bout\sof\s(?:\w+\s)?(?:quota|usage)|not\senough\s(?:\w+\s)?quota"
    r"|\bquota\b[^.;]{0,20}\b(?:not\senough|insufficient)"
)
"""What is said of a quota of any length, beside a rate that is named."""
# Plans, accounts and offers to pay: of credit alone, but of a rate where a moment helps as well.
OFFERS = pattern(
    r"\b(?:free(?:\stier)?|plan(?:'s)?|account|credit)\s(?:limit|quota)\s(?:(?:has\sbeen|was|is)\s)?(?:exceeded|reached|exhausted|used\sup)",
    r"\bplease\supgrade\b|\bupgrade\sto\scontinue|\bpurchase\sa\s(?:plan|subscription)|\busage\scap\b|\bquota:\s?0(?:\.0+)?(?!\S)",
    r"\bused\s(?:all|up)\b[^.;]{0,40}\b(?:requests|tokens|messages|quota|usage)\b",
    r"\b(?:have|has|with)\sno\s(?:more\s|remaining\s)?quota\b|\bno\s(?:quota\s(?:left|remaining)\b|(?:remaining|more|available)\squota)",
    r"\b(?:add|purchase|buy|recharge|more)\s(?:\w+\s)?(?:credits?|funds|balance)\b"
    r"|\b(?:enter|add|update|set\sup)\s(?:your\s|a\s)?(?:billing|payment)",
    r"exceeded\s(?:your|the)\s(?:plan|free)\s(?:\w+\s)?(?:quota|credits?|usage|limit)",
)
# A window alone is a rate of anything; these make it a limit.
LIMIT_WORDS = pattern(
    r"limit|quota|exceed|exhaust|reached|\bcap\b|allowance|\bused\b|too\smany|deplet|ended|expired|allocation|consumed|\bout\sof\b|上限|用量"
    r"|每|配额|superad|excedid|dépass|überschritt|l[ií]mite|kontingent"
)
_PERIOD = (
    r"(?:session|(?:\d+|one|two|five)[\s-]?(?:hours?|h|days?|weeks?)"
    r"|rolling|daily|hourly|weekly|fortnightly)\b"
)
WINDOW_WORDS = pattern(
    r"\bper[\s_-](?:day|hour|week|month)\b|\b(?:[rt]p[dh]|it?pd|otpd)\b|per(?:day|hour|month)",
    r"\b(?:daily|hourly|weekly|monthly)\b[^.;]{0,40}\b(?:limit|quota|cap|usage|token|request|allow"
    r"|budget|free)|\b(?:limit|quota|cap|allowance|usage)\b[^.;]{0,30}\b(?:today|daily|hourly"
    r"|(?:this|for\sthe|for\sthis|of\sthe|in\san?)\s(?:hour|day|week|month)\b)|/\s?(?:day|hour|month)\b|every\s(?:day|month)",
    r"(?:weekly|session)\slimit|\bused\b[^.;]{0,50}\b(?:today|(?:this|the)\s(?:hour|day|week))\b|\b(?:resets?|again)\s(?:\w+\s)?(?:tomorrow|at\smidnight)|limit:\s?0\b",
    rf"\b(?:rolling|usage|time|this)\s(?:window|session)\b|\b{_PERIOD}\s(?:\w+\s){{0,2}}(?:limit|quota|cap|allowance|allocation)\b"
    rf"|\b(?:limit|quota|cap|allowance|allocation|usage)\b[^.;]{{0,20}}\b(?:for|of|in|every|per)\s(?:the\s|this\s|your\s|a\s)?(?:\w+\s)?{_PERIOD}",
    r"cuota\s(?:mensual|diaria)|cota\s(?:mensal|di[áa]ria)|quota\smensuel|monatliche\w*\s(?:limit|kontingent)|每日|每天|每月|每周|本周|今[日天]|配额|diari[oa]|quotidien|täglich|giornalier",
)
# A time at which a limit is full again; "reset after 30s" is said by gateways of any failure.
RESETS = pattern(
    r"\b(?:reset|renew|refresh|refill|replenish|restor)(?:s|e[sd]|ed|ing)?\s(?:\w+\s){0,2}?(?:at|on|by|tomorrow|every|daily|weekly|monthly|next)\b"
    r"|\b(?:back|available|again)\s(?:again\s)?(?:at\s\d|(?:at|on)\s(?:\w+day\b|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d)|tomorrow|next\s(?:hour|day|week|month))"
    r"|\b(?:until|wait\sfor)\s(?:the\s|your\s)?(?:next\s|limit\s|quota\s)*(?:reset|window|period|cycle|hour|day|week|month)\b"
    r"|\bplease\swait\b(?!\s(?:for\s)?(?:\w+\s)?(?:payment|review|approval))|重置|次日|明[天日]"
)
MONTHLY = pattern(r"\bmonth(?:ly|s)?\b|每月|本月|月度")
MONEY = pattern(
    r"\bspen[dt]|\bbudget|\bcredits?\b|\bbalance\b|\bfunds?\b|\bpay(?:ment|ing)?\b|\bbilling\b|\binvoice|\bcosts?\b"
    r"|\bkey\s(?:limit|cap)\b|[$€£¥]\s?\d|余额|消费"
)
"""What makes a limit of a month one of money."""
# What is used up for long, unless the reply says that it comes back soon.
_OWNED = (
    r"(?:free|trial|subscription|plan|package|included|prepaid|bonus|promotional|complimentary|membership)"
    r"(?:['’]s)?\s(?:(?!rate\b)\w+\s){0,2}?(?:quota|allocation|allowance|usage|tokens|calls|requests|messages|limit)s?"
)
USED_UP = pattern(
    rf"\b{_OWNED}\b[^.;]{{0,20}}\b(?:exceed|exhaust|reach|deplet|consum|finish|used\sup|(?:ran|run)\sout|over\b)"
    rf"|\b(?:exceed|exhaust|reach|deplet|consum|used|(?:ran|run|out)\b)\w*\s(?:up\s|out\s|all\s|of\s){{0,3}}(?:(?:your|the|its|this)\s)?(?:\w+['’]s\s)?{_OWNED}\b",
    r"\b(?:allowance|allocation|resource\spack(?:age)?s?|(?:token|prepaid|data)\spack(?:age)?s?)\b[^.;]{0,30}\b(?:exhausted|used\sup|depleted|consumed|insufficient)"
    r"|资源包[^。，,]{0,8}(?:用[尽完]|耗尽|不足)",
    r"\bout\sof\s(?:\w+\s){0,3}quota|quota\b[^.;]{0,20}\b(?:exhausted|used\sup|depleted)|(?:usage|trial)\slimit",
    r"free\s(?:tier|trial|plan|usage|requests|messages)\b[^.;]{0,40}\b(?:exhaust|ended|expired|reached)",
)
# Single words of what passes by itself, asked beside an offer only.
MOMENT = pattern(
    r"\bbursts?\b|\bqps\b|\bconcurren\w+|\bthroughput\b|\b(?:few|several)\s(?:seconds|moments|minutes)\b|\b(?:a|one|this)\s(?:minute|moment)\b|\b(?:per|a|each)\ssecond\b"
)
# Of a quota nobody knows how long it lasts: beside an offer it is none of a moment.
OF_ANY_QUOTA = pattern(r"\bquota\s(?:(?:has\sbeen|was|is)\s)?(?:exceeded|reached|hit)\b")
# What OpenAI says of money and Google of every limit, those per minute as well.
BUY_NOW = pattern(
    r"exceeded\s(?:your|the)\scurrent\s(?:\w+\s)?(?:quota|credits?|usage|limit)"
    r"|check\syour\splan\sand\sbilling"
)
