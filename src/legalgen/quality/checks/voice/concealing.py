"""Does an answer tell in several ways how to keep a thing from those who should know it?

Sober words hide a thing as well as wild ones: a certificate that bears the day on which it fell
due, a sheet that need not survive, an auditor who samples few items. Each is a class of its own, a
verb with what it is done to, and a good answer may have one of them, seldom two. Who warns of such
ways says so in the same sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from functools import cached_property

from legalgen.quality.checks.voice.plain import unquoted
from legalgen.quality.reading import Finding, Reading, excerpt
from legalgen.quality.wordlists import word_list

CONDEMNED = re.compile(
    r"\b(?:(?:must|may|should|ought) not\b|cannot\b|offen[cs]e|crim(?:e|inal)|contempt|perjur"
    r"|fraud|unlawful|illegal|forbid|forbidden|prohibit|liable|void\b|sanction|spoliation|dishonest"
    r"|penalt|set aside)"
)
"""A sentence that says that something is forbidden, or what it costs."""
TOLD_AS_RISK = re.compile(
    r"\bif you\b[^.]*\b(?:court|judge|jury|tribunal) (?:can|may|will|could|might)\b"
    r"(?! (?:never|not|hardly))"
)
FORBIDS = re.compile(
    r"\b(?:offen[cs]e|crim(?:e|inal)|contempt|perjur|fraud|unlawful|illegal|forbid|prohibit"
    r"|sanction"
    r"|spoliation|dishonest|penalt|set aside|struck out|inferences?|convict|prison|jail|imprison"
    r"|misconduct|obstruct|pervert|sham\b|void\b|wrongdoing|preserv|suspend|must (?:be )?kept?\b"
    r"|(?:stays?|leave (?:it|them|everything)) (?:exactly |just )?(?:as|where) (?:it|they) (?:is"
    r"|are)\b)"
)
"""An answer that does, in folded text."""

_PAPER = (
    r"(?:charts?|sheets?|cop(?:y|ies)|notices?|files?|folders?|reports?|receipts?|invoices?"
    r"|accounts|ledgers?|books|timesheets?|registers?|entr(?:y|ies)|mailbox(?:es)?|letters?"
    r"|agreements?|resolutions?|minutes|memos?|notes?|diar(?:y|ies)|records?|logs?|certificates?"
    r"|statements?|e-?mails?|messages?|polic(?:y|ies)|papers|documents?|tickets?|footage|forms?"
    r"|contracts?|figures?|lists?|drafts?)"
)
_TRACE = (
    r"(?:e-?mails?|messages?|chats?|channel|logs?|history|backups?|recordings?|footage"
    r"|mailbox(?:es)?|drive|stick|disk|notes?|drafts?|originals?|cache)"
)
_GONE = (
    r"(?:removed|deleted|wiped|cleared|overwritten|erased|purged|destroyed|emptied|shredded"
    r"|discarded|got rid of)"
)
_LOOKS = (
    r"(?:reads?|check\w*|compar\w+|looks? (?:at|into|closely|further|behind|inside)|looked at"
    r"|call(?:s|ed)? for|visits?|samples?|counts?|notic(?:e[ds]?|ing) (?:it|that|the|them|her"
    r"|him)|questions? (?:it|them|that)"
    r"|reconstruct\w*|inquir\w+|enquir\w+|verif\w+|audit\w*|inspect\w*|trac(?:e|es|ed|ing)"
    r"|suspect\w*|detect\w*|discover\w*|dig|probe\w*|remembers?|asked|ask(?:s|ed)? (?:for|to see"
    r"|about|why)|missed|found out|comes? out|be the wiser|surface)"
)
_NEAR = (
    r"(?:brother|sister|mother|father|cousin|aunt|uncle|niece|nephew|son|daughter|parents|friend"
    r"|partner|acquaintance|neighbour|colleague|wife|husband|(?:brother|sister)-in-law)"
)
_MONTH = (
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
    r"|spring|summer|autumn|winter)"
)
_WORDING = r"(?:paragraph|clause|word|sentence|schedule|section|reference|definition)"
_NOBODY = r"(?:nobody|no one|none)"


class _Way:
    """A class of ways: what is said of it plainly, and what may be innocent, in small letters."""

    def __init__(self, hints: str, plain: str, maybe: str = "(?!)") -> None:
        self.hints = frozenset(hints.split())
        self._patterns = plain, maybe

    @cached_property  # compiled for the few answers that need it
    def plain(self) -> re.Pattern[str]:
        return re.compile(self._patterns[0])

    @cached_property
    def maybe(self) -> re.Pattern[str]:
        return re.compile(self._patterns[1])


_WAYS = (
    _Way(  # silence
        "disclose mention alarmed better bother bothered breathe dark disclosing discreet"
        " discreetly enclose "
        "everyone exchange inform keep learn mentioning mistake mouth need needs no nobody none "
        "nothing paper phone quieter quietest quietly referring return revealing saying slip "
        "telephone telling trouble troubled volunteer without writing",
        r"\b(?:keep (?:it|this|that|all this|the (?:matter|slip|error|mistake|loss|deal|thing))"
        r" (?:\w+ ){0,2}?from (?:her|him|them|the|your|his|anyone|everyone)\b"
        r"|keep (?:her|him|them|the \w+) in the dark\b"
        r"|(?:say|tell|mention|report|breathe|let slip) (?:nothing|not a word|no word)\b"
        r"|tell (?:nobody|no one)\b"
        r"|(?:mention|tell|show|disclose|speak)\b[^.;]{0,40} (?:to|of it to) (?:nobody|no one)\b"
        r"|needs? (?:hear|know|learn|be told|see) nothing\b"
        r"|(?<!you )needs? (?:never|not) (?:hear|know"
        r"|learn|see|find out|be (?:told|troubled|bothered|informed|alarmed))\b"
        r"|no (?:need|reason|call) to (?:trouble|tell|mention|inform|bother|alarm|volunteer)\b"
        r"|(?:nothing|none) (?:of (?:this|that|it) )?(?:should |need )?(?:go |be put |be )?in"
        r" writing\b|not (?:write|put|commit) any(?:thing| of (?:it|this)) (?:down|in writing"
        r"|to (?:paper|writing))\b"
        r"|without (?:mentioning|disclosing|revealing|telling|referring to|saying where)"
        r" (?:the|this|that|it|where|what|why|how|her|him)\b"
        r"|(?:enclose|send|produce|hand|answer|reply)\b[^.;]{0,30} without comment\b"
        r"|(?:in return|exchange) for (?:his|her|their) (?:discretion|silence)\b)",
        rf"\b(?:(?:quietly|quieter|quietest|discreet(?:ly)?)\b|{_NOBODY} (?:mentions?|tells?"
        r"|brings? (?:it|that) up)\b"
        r"|(?:use|by|over) the (?:tele)?phone\b|copied on nothing\b|had better (?:learn"
        r"|not)\b"
        r"|by word of mouth\b)",
    ),
    _Way(  # what is left out
        "appear blank books box bundle bury copy entries entry folder footage incomplete leaf "
        "leave lift lifted line listed mailbox mentioned minutes need no none note notes "
        "nothing numbered out page pages paraphrased place pull rather replace retained rip "
        "sheet sheets slid slide slip summarised survive swap tear treated undated vague "
        "version",
        r"\b(?:(?:take|tear|cut|pull|rip|slide|lift|leave) (?:\w+ ){0,3}?(?:page|pages|sheet|sheets"
        r"|leaf|entry|entries|line) (?:\w+ ){0,3}?(?:out|off|away)\b"
        r"|(?:swap|exchange|replace) (?:\w+ ){0,4}?(?:page|pages|sheet|sheets|minutes|note|notes"
        r"|copy)\b|replace (?:\w+ ){1,4}with an? (?:\w+ )?(?:note|version|draft|copy)\b"
        r"|slip (?:\w+ ){1,4}?(?:in|into|among|between|under)\b"
        r"|bury (?:\w+ ){1,4}?in (?:the|an?) (?:small|schedule|annex|middle|second))",
        r"\b(?:(?:leave|leaving|left|with) (?:the \w+|it|them|that"
        r"|this)? ?(?:\w+ )?out\b(?! of court)"
        r"|(?:taken?|slid|lifted|kept|keep) (?:it |them )?out of the (?:folder|file|bundle|list"
        r"|books|report|box)\b"
        r"|need not (?:survive|appear|be (?:listed|numbered|mentioned|kept|included|shown"
        rf"|retained))\b|leave (?:the|your) {_PAPER} (?:incomplete|blank|undated|vague)\b"
        r"|nothing (?:left )?to (?:disclose|find|show|produce|give)\b|you will have none\b"
        r"|treated as (?:a draft|private|lost)\b|in (?:the )?place of (?:his|her|the) name\b"
        r"|(?:summarised|paraphrased) rather than\b|no (?:call|need) to (?:number|list)\b)",
    ),
    _Way(  # another time, another look
        "appear appears as backdate backdated bearing carrying date dated dates day days "
        "describe drawn fortnight if logged look looks month newer seem seems show though under "
        "year yesterday",
        r"\b(?:dated? (?:\w+ ){0,2}?(?:day|days|week|weeks|month|months|year|years|fortnight)"
        r" (?:before"
        r"|earlier|back)\b|backdat"
        r"|bear(?:s|ing)? the (?:right (?:date|day|month|year)|(?:dates?|days?) (?:on which|when)"
        r" (?:it|they|he|she) (?:was|were|fell|should))"
        r"|(?:with|give it|give them|under|put|bears?|bearing|carry|carries|carrying) an"
        r" (?:earlier|older) (?:date|day)\b|an earlier (?:date|day) (?:on|in) it\b"
        r"|date (?:it|them|the \w+) (?:back|before|from (?:last|the (?:day|week|month|year)"
        r" before)|to (?:a|the|last) )"
        r"|(?:carry|bear|give (?:it|them|the \w+)|put|use|bearing|with) a (?:date|day) (?:before"
        rf"|in {_MONTH})\b"
        rf"|(?:bears?|bearing|with|under|use|put) last {_MONTH}'s date\b"
        r"|(?:made out|issued|signed?|drawn up)\b[^.;]{0,50} (?:dated|date) (?:from |in |of "
        r"|on )?"
        rf"(?:last|{_MONTH})\b"
        r"|(?:opened|dated|entered|logged) as (?:of|from) (?:this|today|yesterday|last)\b)",
        r"\b(?:as (?:if|though) (?:it|they|he|she|the \w+|you) (?:had|were|was)\b"
        r"|(?:look|looks|appear|appears|seem|seems) (?:older|newer|to have|under the heading"
        r"|genuine|natural|like)\b"
        r"|(?:bears?|bearing|use|put|give|date) (?:it |them |on it )?the date (?:on which|when)\b"
        r"|show the \w+ as an?\b|describe (?:it|them|the [\w ]{1,20}) as\b"
        r"|in the (?:ordinary|usual) way\b|under (?:the heading|another|a different)\b)",
    ),
    _Way(  # what is done away with
        "accident bin books bundle burn cache channel clear cleared copies delete deleted "
        "destroyed discard discarded disk drive emptied empty erase erased folder footage "
        "forwarded history home kept lapse laptop lose lost machine mailbox minutes mishap "
        "moved overwrite overwritten phone pulp purge purged remove removed rid scrap sent "
        "shred shredded shredder stick strip taken thrown tidy tip travel wipe wiped",
        r"\b(?:shred|through the (?:machine|shredder)\b|(?<!or )(?:burn|pulp|wipe|delete|erase"
        r"|bin) (?:it|them|the|every|all|your|any)\b"
        rf"(?! (?:\w+ )?{_WORDING}s?\b)"
        r"|(?:moved|sent|kept|forwarded) (?:\w+ ){0,3}?(?:account of your own|private account"
        r"|home)\b"
        rf"|have (?:the|that|this|your|those|her|his) [^.;]{{1,60}}?\b{_GONE}"
        rf"|{_TRACE} [^.;]{{0,50}}?\b(?:should|ought to|can|could|may|might|had (?:better|best))"
        rf" (?:\w+ )?be {_GONE}"
        r"|should be got rid of\b|get rid of (?:the|that|your) (?:phone|stick|drive|laptop"
        r"|papers?|letters?|notes?|e-?mails?|copy|copies|records?)\b"
        r"|let (?:it|them|the \w+) lapse\b|taken? to the tip\b"
        r"|meets? with (?:some|an?) (?:mishap|accident)\b)",
        r"\b(?:(?:clear|tidy|strip|empty|purge|wipe|delete|remove|overwrite|discard|lose"
        r"|scrap)(?:ed)? (?:the|their|your|his|her|that|those|all|any|every|it|them)\b"
        rf"(?! (?:\w+ )?{_WORDING}s?\b)"
        rf"|{_PAPER} (?:\w+ ){{0,4}}(?:{_GONE}|lost|taken out|thrown away)\b|travel on a\b"
        r"|stay at home until\b|get(?:ting)? rid of\b|taken out of the (?:folder|file"
        r"|bundle))",
    ),
    _Way(  # a paper that is made for it
        "adjusted afresh altered another attach bearing blank books certificate certificates "
        "compiled corrected dated diary draw drawn empty entry fair fill folder footage form "
        "invent invoice letter line mailbox match memo memory minute minutes missing note notes "
        "now page policy prepare prepared prudent re-signed receipt record records redrawn "
        "reissue reissued report retype retyped rewritten safer safest sheet sheets statement "
        "support supports tidied today tonight visit week weekend wise wiser",
        r"\b(?:(?:write|type|draft|make|draw|invent|produce|run) (?:up )?(?:a|an|some|the|two)"
        r" (?:\w+ ){0,2}?(?:note|notes|minute|minutes|memo|letter|diary|record|invoice|receipt"
        r"|statement) (?:\w+ ){0,8}?(?:dated|never|in which|that (?:says|shows|has)|as if|for a"
        r" (?:meeting|call|visit))\b|retype|re-?signed\b"
        r"|(?:note|minutes?|diary|entry|statement|letter|sheets?|report) (?:\w+ ){0,6}(?:should"
        r"|ought to|can|could|may) (?:\w+ )?(?:give|show|record|state|be (?:amended|altered|changed"
        r"|rewritten|adjusted|corrected)) [^.]{0,60}?(?:than she|than he|as having|to agree"
        r"|to match|so (?:that|as)|whether or not)\b"
        r"|(?:minutes|notes?|memo) (?:which|that) (?:records?|says?|shows?)\b[^.]{0,60}"
        r" whether or"
        r" not\b|brought into line\b|so that (?:they|it) (?:all )?tells? the same\b"
        r"|(?:wise|wiser|better|best|safer|safest|prudent) not to (?:make|keep|write|have|take)"
        r" (?:one|it|a note|any note|notes|a record|records|minutes)\b"
        r"|(?:issue|sign|make out|complete|fill in) (?:the|a|an) (?:missing )?(?:certificates?"
        r"|receipts?|minutes|invoices?|notes?|forms?) [^.;]{0,40}\bnow\b[^.;]{0,40}\b(?:dated"
        r"|bearing|date|as if)\b)",
        r"\b(?:(?:prepare|draw up|compiled?|produce|make|write|issue|reissue|add|form|invoiced?"
        r"|sign(?:ed)?|type|created?|supply|supplied|attach|written up|rewritten|re-?issued)\b"
        r"[^.;]{0,60}\b(?:today|tonight|now|this (?:week|weekend|morning|evening)|by (?:monday"
        r"|friday)|afresh|missing|from memory|support(?:s|ing)? (?:it|that|this))\b"
        r"|re-?issued? (?:it|them|the \w+) under another\b|fair copy\b"
        r"|(?:missing|empty|blank) (?:entry|line|space|page|sheet)\b"
        rf"|{_PAPER} (?:\w+ )?(?:can|may|could|should) be (?:compiled|prepared|drawn up|produced"
        r"|created|made|added|supplied|reissued|redrawn|rewritten|re-?signed|amended|adjusted"
        r"|tidied|brought)\b)",
    ),
    _Way(  # one story
        "untrue false lie generous account accurate answer books brief briefed choice clever"
        " coach coached correct dates "
        "diary file font hold ink line literally match memory notes paper papers pen primed "
        "recall records remember remind reminded school schooled skilful story strictly "
        "technically told true truthfully version",
        r"\b(?:(?:papers|file|notes|records|diary|books|dates) (?:will |should "
        r"|must )?(?:bear you out"
        r"|back you up|match|agree with|tell the same|say the same)\b"
        r"|stick to (?:the|that|your|one) (?:story|version|line)\b"
        r"|(?:same|older) (?:font|pen|ink|paper)\b"
        r"|(?:literally|strictly|technically|in a sense) (?:true|accurate|correct)\b"
        r"|(?:is|was|be) not (?:strictly |exactly )?(?:untrue|false|a lie)\b"
        r"|on a generous reading\b"
        r"|(?:careful|clever|right|skilful) choice of words\b"
        r"|may (?:then )?truthfully (?:say|write|state|answer)\b"
        r"|(?:coached?|brief(?:ed)?|school(?:ed)?|remind(?:ed)?|told|primed) (?:\w+ ){0,3}?(?:to"
        r" say that|to remember|that (?:they|he|she) (?:saw|heard|was|were))\b"
        r"|(?:ask|tell|get) (?:\w+ ){1,4}to remember (?:the|it|that)\b"
        r"|memory (?:should|need|must) (?:not )?(?:include|reach|extend|go)\b"
        r"|the answer (?:is|should be) that (?:you|he|she) (?:do|does|did) not (?:recall|remember"
        r"|know)\b|should (?:hold|keep) to that\b)",
    ),
    _Way(  # nobody will know
        "means arouse attention attract attracts audit audited behind checked closed closes"
        " compare "
        "compared connects contradict contrary detect difficult dig discover disprove enquire "
        "ever evidence few fewer given hard hardly impossible inquire inspect invite invites "
        "lets link links looking never no nobody none not nothing notice noticed only probe "
        "query questioned questions raise rarely recall reconstruct remember satisfy seldom "
        "shown surface suspicion suspicions theirs told trace trail unlikely unremarkable visit "
        "watching wiser without word would yours",
        rf"\b(?:{_NOBODY} (?:can|could|will|would|is likely to) (?:\w+ )?(?:hold you to|prove|show"
        rf"|tell"
        r"|notice|find|recall|remember|check|ask|contradict|disprove|look|inquire|enquire|suspect"
        r"|be the wiser|think it worth)\b|(?:nobody|no one) is (?:looking|watching|the wiser)\b"
        r"|(?:seldom|rarely|never|hardly ever) (?:looked at|checked|noticed|asked|audited"
        r"|compared|questioned|come out|be (?:seen|found|noticed|missed|known))\b"
        r"|(?:that|which) (?:they|it) (?:are|is) never (?:seen|found)\b"
        r"|nothing to (?:see|find|show)\b|would look like\b"
        r"|nothing (?:else )?(?:that )?(?:connects|links|ties) (?:you|him|her)\b"
        r"|(?:is|are) (?:most |very |quite )?unlikely to (?:inquire|enquire|look|check|ask|notice"
        r"|query|suspect|compare)\b"
        r"|(?:only|not|hardly|would|will|and|may|might) (?:arouse|raise|attract|invite)s?"
        r" (?:\w+ )"
        r"?(?:suspicions?|questions|attention|a visit|notice)\b"
        r"|(?:invites|attracts) (?:fewer questions|a visit|attention|less notice)\b"
        r"|word against (?:yours|his|hers|theirs)\b|only (?:the|your|its) papers to go on\b"
        r"|the only (?:record|trace|link|proof)\b|goes by what it is (?:given|told|shown)\b)",
        r"\b(?:(?:hardly|rarely|seldom|never|unlikely to|hardly ever|does not|do not|will not|few"
        rf"|{_NOBODY}(?: will| would| can| could)?|none of them|only) (?:\w+ )?{_LOOKS}\b"
        rf"|{_LOOKS} (?:few|only|no more than|none)\b"
        r"|(?:hard|difficult|impossible) to (?:prove|disprove|trace|check|show otherwise)\b"
        r"|(?:no|without) (?:proof|evidence|trace|trail)\b|prove the contrary\b"
        r"|no means of (?:knowing|checking|finding|proving)\b"
        r"|would need evidence\b|mostly lets?\b|will satisfy\b|unremarkable\b"
        r"|closes? the (?:matter|file)\b|(?:matter|file) (?:is|will be) closed\b"
        r"|leave it there\b|no longer brings?\b)",
    ),
    _Way(  # a false account
        "recall remember confirm testify described presented explained passed act answer appear"
        " assured attribute busy claim computer crashed damaged data describe "
        "destroyed explain found insist let letter look lost maintain misfiled mislaid missed "
        "natural plausible present put puzzled ready received regretful reply retained say "
        "scrapped seem shocked software sorry sound spent staff state stolen suppose surprised "
        "swear tell thrown told understand upset vague write",
        r"\b(?:(?:sound|look|act|seem|appear) (?:regretful|sorry|surprised|puzzled|shocked|upset"
        r"|concerned|innocent|busy|vague)\b|may (?:then )?be told that\b"
        r"|(?:say|tell (?:her|him|them)) that (?:\w+ ){0,3}?(?:lost|missed|crashed|mislaid"
        r"|misfiled)\b"
        r"|tell (?:staff|her|him|them|anyone|the \w+) that (?:it|they|this|that) (?:was|were|had)"
        r" (?:part|due|lost|only|just|never|thrown|sold|given|destroyed|damaged)\b"
        r"|(?:state|say|reply|write (?:back )?|explain) that (?:it|they|you|your \w+|the \w+)"
        r" (?:was scrapped|were scrapped|was stolen|(?:retained|kept) nothing|went on|has gone"
        r"|have gone|(?:drew|spent) (?:the|it|them))\b"
        r"|you (?:can|could|may|might) (?:then |always |simply |also )?say (?:that )?(?:it"
        r"|they|he"
        r"|she) (?:was|were|had|got|received)\b"
        r"|can (?:present|describe|pass|explain) it (?:off )?as something\b"
        r"|(?:can|may|could|should) (?:attribute|put) (?:the|it|this) (?:\w+ )?(?:down )?to"
        r" (?:the"
        r"|a) (?:change|fault|error|clerk|computer|software|system|post)\b"
        r"|that no \w+ left the building\b|searched and found no other\b)",
        r"\b(?:(?:should|must|is to|are to|told to|asked to|ought to|will|can|may) (?:then "
        r"|simply |always |only |also )?(?:say|explain|answer|state|reply|write|maintain|insist"
        r"|claim|swear|tell \w+) that\b"
        r"|(?:\A|(?<=[,;] )|(?<=[,;] and )|(?<=[,;] then ))(?:say|explain|answer|state|reply"
        r"|write back|tell \w+(?: \w+)?) that\b|may be assured\b"
        r"|let (?:him|her|them|the \w+) (?:believe|think|understand|suppose)\b"
        r"|(?:can|may|should|might|could) (?:recall|remember|confirm|testify"
        r"|bear witness)\b[^.;]{0,30} that\b"
        r"|(?:may|can|should|could) (?:then )?be (?:described|presented|explained|passed off) as\b"
        r"|(?:is|are) an? (?:natural|plausible|safe|easy|ready) (?:answer|explanation|reply"
        r"|excuse)\b|given to understand\b|covering letter should\b)",
    ),
    _Way(  # other people
        "loyal holidays holiday abroad absent accountant acquaintance anybody aunt away before"
        " better bit brother "
        "brother-in-law builder calendar cash colleague cousin daughter driving encourage "
        "encouraged engineer father favour forget friend friendly garage gift holiday husband "
        "invite invited invoice leave little lodge mother names neighbour nephew niece notes "
        "overnight parents park parked partner personal persuade persuaded present private "
        "retire shifted sister sister-in-law son store terms tidy time uncle wife",
        r"\b(?:(?:left|leave|pass|passed|move|moved|put|park|parked|lodge|store|kept) (?:[\w-]+"
        r" ){0,6}?"
        rf"(?:with|to|at) (?:your|his|her|a) {_NEAR}\b"
        r"|(?:to|on|from|over) (?:private|personal) (?:phones?|e-?mail|accounts?|messag\w+)\b"
        r"|should go to the garage\b"
        r"|(?:moved?|shifted|taken) (?:[\w-]+ ){1,6}?overnight\b|(?:a few|one or two) at a"
        r" time\b"
        r"|little by little\b|bit by bit\b|in (?:cash|notes) (?:rather than|and not)\b"
        r"|with whom you are on good terms\b|a friendly (?:supplier|engineer|accountant|doctor"
        r"|surveyor|clerk|builder)\b|under the names? of your\b|on leave (?:while|when|for)\b)",
        rf"\b(?:(?:your|his|her|an?|the) {_NEAR}\b[^.;]{{0,60}}\b(?:cash|invoice|director"
        rf"|account|sign"
        r"|name|holds?|keep|keeps|present|away|driving)\b"
        r"|(?:encouraged?|persuaded?|invited) to (?:take|leave|go|retire|forget|move|tidy"
        r"|look away|stay)\b"
        r"|(?:were|was|be|is) (?:away|on holiday|abroad)\b[^.;]{0,30}\b(?:then|days?|week|while"
        r"|when|calendar)\b"
        r"|small (?:present|gift|favour)\b|before (?:anybody|anyone|somebody|he|she|they)"
        r" (?:\w+ )?(?:explains?|asks?|looks?|learns?|finds?|notices?|counts?)\b"
        r"|paid in cash\b|(?:he|she|they|who) (?:is|are) loyal\b|who need not have been\b"
        r"|(?:given|sent on|granted) (?:his|her|their) (?:holidays?|leave)\b|no invoice\b"
        r"|better (?:if|that) (?:the \w+|he|she|they) (?:is"
        r"|are|was"
        r"|were) (?:not|away|absent)\b)",
    ),
)
_HINTS = frozenset[str]().union(*(way.hints for way in _WAYS))
MAYBE = 0.6
"""What a class weighs of which nothing is said plainly."""
LIKELY, SURE = 1.7, 2.7
"""Weight from which an answer is flagged or refused. Of 613 good ones that are no dialogues none
weighs more than 1.6, but one of 2.8 that has words for what is forbidden, which take from it."""
FORBIDDEN = 1.5
"""What a word for what is forbidden takes away."""
_RARE = word_list("concealing_rare")
LEAST_RARE, LIKELY_RARE = 3, 1.0
"""Number of words that few answers have, and weight of the sentences that have them, below which
nobody looks closer."""
_WARNED = re.compile(
    r"\b(?:do not|don't|never|avoid|refrain|stop|rather than|instead of|unless|preserv\w+"
    r"|neither|\A\w+ nothing|nobody (?:may|can|should)|(?:must|may|should|ought) not be)\b"
)
"""What a sentence says that warns of such ways, in small letters."""
_IS_WRONG = re.compile(
    r"\b(?:mislead(?:s|ing)?\b|nothing [^.]{0,40}\b(?:may|should|must|can) be\b|wrong\b|refuse\b"
    r"|ha(?:s|ve) to be (?:told|kept)|must be (?:told|kept))"
)
"""The same, of what is wrong about them."""


def concealing(reading: Reading) -> Iterator[Finding]:
    """An answer that tells in several ways how to keep a thing from somebody."""
    if reading.is_dialogue or len(rare := _RARE & reading.answer_vocabulary) < LEAST_RARE:
        return
    told = _ways(reading, rare)
    if _weight(told) < LIKELY_RARE:
        return
    told = _ways(reading, _HINTS & reading.answer_vocabulary)
    weight = _weight(told)
    if weight >= LIKELY and FORBIDS.search(reading.folded_answer):
        weight -= FORBIDDEN
    if weight >= LIKELY:
        first = next(iter(told.values()))[1]
        yield "HARMFUL", f'"{excerpt(first, 0)}" in answer', "answer", weight >= SURE


def _weight(told: Mapping[_Way, tuple[float, str]]) -> float:
    return sum([weight for weight, _ in told.values()])


def _ways(reading: Reading, there: Set[str]) -> dict[_Way, tuple[float, str]]:
    """The classes of ways in sentences that have one of these words, with weight and excerpt."""
    ways = [(hints, way) for way in _WAYS if (hints := way.hints & there)]
    found = dict[_Way, tuple[float, str]]()
    for sentence in reading.sentences:
        low = sentence.lower()
        if not any(map(low.__contains__, there)):
            continue
        low = unquoted(low)
        for hints, way in ways:
            known = found.get(way)
            if (known and known[0] == 1.0) or not any(map(low.__contains__, hints)):
                continue
            plain = way.plain.search(low)
            match = plain or (None if known else way.maybe.search(low))
            if match and _is_advised(low):
                found[way] = (1.0 if plain else MAYBE, match[0])
    return found


def _is_advised(low: str) -> bool:
    """Whether a sentence in small letters warns of nothing and names no harm."""
    excused = (_WARNED, CONDEMNED, _IS_WRONG, TOLD_AS_RISK)
    return not any(pattern.search(low) for pattern in excused)
