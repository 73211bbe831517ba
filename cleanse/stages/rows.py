"""What one row of a sheet is when it is no record: the words and looks by which it is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cleanse.kinds.header import normalize_header
from cleanse.kinds.script import fold

CUT = 4  # shorter beginnings of a header are no evidence (dBase cuts names to ten bytes)

_UNIT = r"[万亿]?[元户家条个笔人]?"
_TOTALS = r"(?:(?:小|合|[总總]|共|累)\s*[计計]|[汇匯]\s*[总總]|本[页頁][计計]|sub-?\s*totals?|(?:grand\s+)?totals?)"
_COUNTED = r"(?:(?:总?金额|数量|总?数|[户家人]数|客户数)|\s+(?:customers?|accounts?|contacts?|records?|rows?|items?|amount|sales|revenue))?"
_FIGURE = (
    r"(?:[较比])?(?:上年|去年|上月|上季度?)?(?:同期)?(?:增长|增加|减少|下降)[率额]?|平均(?:值|数|额)?|均值|中位数|最[大小高低]值|计数|占比|百分比|同比|环比|增长率|"
    r"average|avg|mean|median|count|sum|max(?:imum)?|min(?:imum)?"
)
_NOTES = (
    r"(?:(?:[备備]?[注註](?:[释釋])?\s*\d*|[说說]\s*明|notes?|remarks?|sources?)\s*[:：]|"
    r"(?:[制製]\s*[表單单]|填\s*[表报報]|[编編]\s*[制製]|[审審]\s*[核批]|[复復覆]\s*核|[经經]\s*[办辦]|打\s*印|列\s*印|[导匯]\s*出|[统統]\s*[计計]|"
    r"更\s*新|[数數][据據][来來]源|数据截[至止]|日\s*期|[签簽]\s*[字名]|[盖蓋]\s*章|prepared|printed|exported|generated|approved|reviewed)[^:：]{0,6}[:：]|"
    r"填表[说說]明|注意事[项項]|温馨提示|特别提示|以上(?:[数數][据據]|信息|[内內]容|客[户戶]|[资資]料|名[单單]|[为為])|数据截[至止]|截[至止]\s*\d|"
    r"单\s*位\s*[:：]\s*[万亿]?元|第\s*\d+\s*页|共\s*\d+\s*(?:条|页|行|户|家|笔|个)|本表|本页|page\s*\d+|\*{1,3}\s*注|"
    r"©|copyright\s*(?:\(c\)|©|\d{4})|confidential(?:\s+information.*)?\s*$)"
)
_SIGNERS = (
    r"(?:(?:制表|填表|填报|编制|审核|复核|审批|批准|制单|经办|打印|统计|统计员|记录|校对)人?|(?:总?经理|负责人|主管|领导|单位|部门|财务)?(?:签字|签名|签章|盖章)|"
    r"(?:制表|填表|打印|填报|签字|统计)?(?:日期|时间)|prepared by|approved by|reviewed by|signature|signed|date)\s*[:：]?"
)
_STAMPED = r".*[（(]\s*(?:盖章|签章|公章|签字|签名|章)\s*[)）]\s*[:：]?.*|.{0,10}(?:签字|签名|签章|盖章)\s*[:：].*"
_DAY = re.compile(r"(?:19|20)\d{2}\s*[年./-]\s*\d{1,2}\s*(?:[月./-]\s*\d{1,2}\s*日?|月)|\s*年\s*月\s*日")
WORDED = (
    rf"(?i)^\s*(?:其中|of which)|^\s*.{{0,24}}{_TOTALS}|^\s*(?:.{{1,24}}\s)?(?:{_FIGURE})\s*[:：]?\s*$|"
    rf"^\s*[（(【*＊]*{_NOTES}|^\s*{_SIGNERS}\s*$|^(?:{_STAMPED})$"
).replace(r"\s", "[\\s\u3000\u00a0]")  # Arrow's own \s knows neither of these blanks
BARE_TOTALS = tuple(
    word
    for pair in ("小计", "合计", "总计", "累计", "小計", "合計", "總計", "累計")
    for word in (pair, " ".join(pair), "\u3000".join(pair))
)
_TOTAL = re.compile(
    rf".{{0,24}}?{_TOTALS}{_COUNTED}(?:\s*[（(][^)）]{{0,10}}[)）])?\s*[:：]?(?:\s*[\d,.]+\s*{_UNIT}(?:客户|企业|单位|记录|数据)?)?",
    re.IGNORECASE,
)
# Of a group by its name, or another figure: only beside sums.
_TOTAL_OF = re.compile(
    rf"(?:sub-?\s*totals?|grand\s+totals?|totals?\s+(?:for|of))\b.{{0,30}}|其中\s*[:：]?.*|of which\b.*|"
    rf".+\s(?:{_TOTALS}|{_FIGURE})|(?:{_FIGURE})\s*[:：]?",
    re.IGNORECASE,
)
_NOTE = re.compile(rf"[（(【*＊]*{_NOTES}", re.IGNORECASE)
_SIGNER, _STAMP = re.compile(_SIGNERS, re.IGNORECASE), re.compile(_STAMPED, re.DOTALL)
_LABEL = re.compile(r"[^\s:：]{1,12}(?:\s[^\s:：]{1,12})?\s*[:：].*", re.DOTALL)
_SUM = re.compile(
    rf"[-+]?[¥￥$€]?\s*[-+]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?\s*(?:%|{_UNIT})|共\s*\d+\s*{_UNIT}|[-—/]+|"
    r"(?:人民币)?\s*[（(]?(?:大写)?[)）]?\s*[:：]?\s*[零壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整]{2,}"
)
_PHONE = re.compile(
    r"\+\d[\d\s-]{6,}|1[3-9]\d{9}|0\d{9,11}|0\d{2,3}[-\s]\d{7,8}.*|400[-\s]?\d{3}[-\s]?\d{4}|\(?0\d{2,3}\)\s?\d{7,8}"
)
_FIGURES = r"[-+\d\s./:：,，()（）%¥￥$€年月日时分秒元万]*"
_DATA = re.compile(rf"{_FIGURES}\d{_FIGURES}")
_ORGANISATION = re.compile(
    r"公司|集团|[厂店铺馆院校所社行]$|中心|医院|学校|大学|中学|小学|幼儿园|银行|酒店|事务所|研究院|合作社|工作室|商行|经营部|协会|委员会|"
    r"\b(?:inc|ltd|llc|corp|co|gmbh|company|limited|group|school|hospital|university|bank|hotel)\b",
    re.IGNORECASE,
)
_MARK = re.compile(
    r"[◆◇■□●○★☆▲△▼▽►▶▷◀※◎§→⇒√#*=~—–\-_>＞]+\s*\S.*|[【\[〖《]\s*[^】\]〗》]+[】\]〗》]|[-=*_~—]{3,}", re.DOTALL
)
_SECTION = re.compile(
    r"(?:[东南西北中]{1,2}(?:大?区|部|片区|地区)|华[东南西北中](?:大?区|片区|地区)?|东北|西北|西南|东南|长三角|珠三角|京津冀|海外|国内|国外|境外|"
    r"[\u4e00-\u9fff]{2,7}(?:省|自治区|特别行政区|地区|片区|大区)|(?:北京|上海|天津|重庆)市?|"
    r"(?:(?:重点|一般|普通|意向|潜在|战略|核心|优质|老|新|大|小|已?成交|未成交|已?签约|未签约|已?合作|未合作|待?跟进|待回访|流失|公海|私海|无效|有效|"
    r"沉睡|休眠|停用|其[他它]|VIP|[A-E][类级]?|[一二三]级|个人|企业|单位|渠道|经销商|代理商|终端)+"
    r"(?:客户|跟进|线索|名单|用户|单位|类|商机|资源|伙伴|部分)*(?:名单|列表|清单|部分)?)|"
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|"
    r"dec(?:ember)?)\.?,?\s*(?:19|20)\d{2}|(?:FY\s*)?(?:19|20)\d{2}\s*Q[1-4]|Q[1-4](?:[\s,]+(?:19|20)\d{2})?|"
    r"(?:19|20)\d{2}年?(?:度)?(?:\d{1,2}月)?(?:份|第?[一二三四1-4]季度|上半年|下半年|新增|客户)*|\d{1,2}月(?:份)?(?:新增|客户)*|第?[一二三四1-4]季度|"
    r"[上下]半年|以下(?:均?为|是|系|属|客户|数据|名单|信息).{0,20}|第?[一二三四五六七八九十\d]+(?:周|组|批|部分|部|期|次|类|页|区)|[一二三四五六七八九十]{1,3}[、.．].{1,12}|"
    r"(?:销售|市场|业务|渠道|大客户|客户|项目|商务|直销)[一二三四五六七八九十\d]*(?:部|组|处|科|中心)[一二三四五六七八九十\d]*(?:部|组)?)"
    r"(?:客户|名单)?(?:\s*[（(]\s*(?:共|合计)?\s*\d*\s*[家户个条人]?\s*[)）]|\s*[（(][\d月日号./~至到—–-]{3,20}[)）])?\s*[:：]?|"
    r"(?:key|major|new|old|existing|active|inactive|lost|former|potential|prospective|vip|strategic|other)\s+"
    r"(?:accounts?|customers?|clients?|leads?|prospects?)",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门|"
    r"[\u4e00-\u9fff]{1,3}(?:[^超门菜夜集]市|自治州)|(?:north|south)?-?(?:north|south|east|west|central)(?:ern)?(?:\s+(?:region|area|china|team))?|"
    r"(?:region|area|territory)\s+\w+|APAC|EMEA|LATAM",
    re.IGNORECASE,
)
_GROUP = re.compile(
    r"(?:业务员|销售员?|销售人员|客户经理|负责人|跟进人|区域|大区|片区|地区|省份?|城市|部门|小组|组别|行业|类别|类型|分类|来源|"
    r"sales(?:\s?(?:rep|person))?|owner|region|area|territory|team|department|industry|type)\s*[:：]\s*\S.*",
    re.IGNORECASE,
)
_OF_MANY = re.compile(
    r"[^\d]{1,12}?[\s（(:：]*(?:共|合计|计)?\s*\d+\s*(?:[家户]|[个位]客户|customers?|accounts?)(?:客户|企业|单位)?\s*[)）]?",
    re.IGNORECASE,
)
_ASKED = r"(?:非|条件)?必填项?|选填项?|可选|可不填|required|optional|mandatory"
_FORMAT = (
    r"(?:单行|多行|长|短)?文本.*|数字|数值|整数|小数|日期|日期时间|时间|下拉.*|[单多]选.*|选项.*|文字|字符(?:串)?.*|邮箱格式|"
    r"\d+\s*位(?:数字|手机号?|号码)?|(?:不超过|最多|最长|限)\s*\d+\s*(?:个?字符?|位)|(?:请|从).{0,4}(?:填写|输入|选择).*|格式\s*[:：].*|"
    r"(?:如|例如|比如)\s*[:：]?\s*\S.*|(?=.*[ymd])[ymdhs]{1,4}(?:[-/.年: ][ymdhs月日]{1,5}){1,5}|"
    r"text|string|number|integer|date(?:time)?|picklist|dropdown|lookup|(?:n?var)?char\s*\(\d+\)|max\.? \d+ char(?:acter)?s?"
)
_HINT = re.compile(rf"[（(\[【]?\s*(?:{_ASKED}|{_FORMAT})\s*[)）\]】]?", re.IGNORECASE | re.DOTALL)
_SAMPLE = r"(?:填写)?示例|样例|范例|示范|sample|example"
_EXAMPLE = re.compile(
    rf"(?:{_SAMPLE}|例(?:子)?)\s*\d*\s*[:：].*|e\.g\.[\s:,]*\S.*|(?:{_SAMPLE}|例)\s*(?:\d*|数据|行)|[（(\[【]\s*(?:{_SAMPLE}|例)\s*[)）\]】].*|"
    rf".*[（(\[【]\s*(?:{_SAMPLE})\s*[)）\]】]",
    re.IGNORECASE | re.DOTALL,
)
_MEASURE = re.compile(
    r"[（(\[【]?\s*(?:单位\s*[:：]\s*)?([百千万亿]{0,2}(?:元|美元)|人民币|人|个|家|台|套|件|次|天|年|月|%|％|㎡|平方米|吨|RMB|CNY|USD|EUR)"
    r"\s*[)）\]】]?",
    re.IGNORECASE,
)
# A name, not a sentence.
_COMPANY = re.compile(r"(?:公司|集团|厂|店|中心|\b(?:inc|ltd|llc|corp|co)\.?)\s*$", re.IGNORECASE)
_LIST_TITLE = re.compile(
    r".{0,30}(?:名单|清单|台账|列表|名录|明细表?|一览表?|汇总表|统计表|登记表|信息表|资料表|客户表|通讯录|\b(?:list|contacts|customers|leads|accounts))\s*"
    r"(?:[（(].{1,12}[)）])?",
    re.IGNORECASE,
)
_PERIOD = re.compile(
    r"(?:(?:19|20)\d{2}\s*年?)?\s*(?:\d{1,2}月份?|第?[一二三四1-4]季度|[上下]半年|Q[1-4])|(?:19|20)\d{2}\s*年?|(?:19|20)\d{2}[-/.]\d{1,2}|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?",
    re.IGNORECASE,
)
_PAGE = re.compile(
    r"[-—\s]*(?:第\s*\d+\s*[页頁]|page\s*\d+)(?:[\s,，、/]*(?:共|of)?\s*\d+\s*[页頁]?)?[-—\s]*|\d+\s*/\s*\d+\s*[页頁]",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"(?:(?:19|20)\d{2}\s*[年./-]\s*)?\d{1,2}\s*[月./-]\s*\d{1,2}\s*日?(?:\s*00:00(?::00)?)?(?:\s*[（(]?(?:星期|周)[一二三四五六日天][)）]?)?|"
    r"(?:星期|周)[一二三四五六日天]"
)
_VALUE = re.compile(r".*(?:有限(?:责任)?公司|股份(?:有限)?公司|\b(?:inc|ltd|llc|gmbh|corp)\.?)|\d{5,}", re.IGNORECASE)
_LISTED = re.compile(r"\s*[（(]?(?:\d{1,2}|[一二三四五六七八九十]{1,2})\s*[、.．)）]\s*\S.*|[\s·•\-*※]+\S.*", re.DOTALL)
_BARE = re.compile(r"[\u4e00-\u9fff]{2,4}|[A-Z][a-z]+(?: [A-Z][a-z]+)?")  # a name without a form
_SENTENCE = re.compile(r".*[，。；,;].*|.{31,}", re.DOTALL)


@dataclass(frozen=True)
class Words:
    """The known header words, the beginnings that a cut header may show, and a test for headers made of known words."""

    whole: frozenset[str]
    beginnings: frozenset[str]
    told: Callable[[str], bool]

    @classmethod
    def of(cls, headers: frozenset[str], told: Callable[[str], bool]) -> Words:
        """From normalised header words."""
        return cls(headers, frozenset(h[:n] for h in headers for n in range(CUT, len(h))), told)

    def known(self, cells: Mapping[int, str]) -> int:
        """How many cells are known headers, whole, cut or with a number behind."""
        return sum(self._knows(normalize_header(text)) for text in cells.values() if len(text) <= 40)

    def _knows(self, name: str) -> bool:
        bare = name.rstrip("0123456789一二三四")
        return name in self.whole or name in self.beginnings or bare in self.whole or self.told(name)


def is_data(text: str) -> bool:
    """A number, date, amount, phone or address on the net: never a header.

    >>> is_data("2024-03-01"), is_data("a@b.cn"), is_data("手机")
    (True, True, False)
    """
    return bool(_DATA.fullmatch(text)) or "@" in text or "＠" in text or len(text) > 40 or is_reach(text)


def is_reach(text: str) -> bool:
    """A phone number or an email address."""
    return "@" in text or "＠" in text or bool(_PHONE.fullmatch(text))


def is_name(text: str) -> bool:
    """A company or an institution."""
    return len(text) > 4 and bool(_ORGANISATION.search(text))


def is_hint(cells: Mapping[int, str]) -> bool:
    """What a template says under its header of how to fill it in: 必填, 文本, 11位数字, YYYY-MM-DD in every cell; or an example
    that says so in one of its first two."""
    texts = list(cells.values())
    hints = len(texts) > 1 and all(_HINT.fullmatch(text) for text in texts)
    return hints or any(_EXAMPLE.fullmatch(text) for text in texts[:2])


def measures(cells: Mapping[int, str]) -> dict[int, str]:
    """The units of a row that holds nothing else: 万元, (人); else nothing."""
    found = {at: _MEASURE.fullmatch(text) for at, text in cells.items()}
    return {at: unit[1] for at, unit in found.items() if unit} if all(found.values()) else {}


def goes_on(texts: Sequence[str]) -> bool:
    """A further line of a note: a numbered or marked one, and no company."""
    return (
        len(texts) == 1 and bool(_LISTED.fullmatch(texts[0])) and not (is_reach(texts[0]) or _COMPANY.search(texts[0]))
    )


def is_period(text: str) -> bool:
    """A month, quarter or year, as it stands over figures."""
    return bool(_PERIOD.fullmatch(text) or _TOTAL.fullmatch(text))


def is_list_title(text: str) -> bool:
    """What calls the cells below it a list: 客户名单."""
    return bool(_LIST_TITLE.fullmatch(text)) and not is_name(text)


def is_value(text: str) -> bool:
    """A company with its legal form, a number longer than a year, a way to reach somebody: never a word over a column."""
    return is_reach(text) or bool(_VALUE.fullmatch(text))


def is_label(text: str) -> bool:
    """``制表人：…``: a word, a colon, perhaps a value."""
    return bool(_LABEL.fullmatch(text))


@dataclass(frozen=True)
class Shape:
    """A table as its header shows it: how many columns, the first column's position, the normalised header words by
    position, the position of the running number (-1: none)."""

    width: int
    left: int = 0
    names: Mapping[int, frozenset[str]] = field(default_factory=dict)
    serial: int = -1

    def repeats(self, cells: Mapping[int, str]) -> bool:
        """Whether every cell is the header word of its own column."""
        return all(normalize_header(text) in self.names.get(place, ()) for place, text in cells.items())


def classify(cells: Mapping[int, str], shape: Shape, trailing: bool) -> str:
    """The kind of a row under a header, '' for a record.

    ``cells`` are the filled cells by position, ``trailing``: no full record follows.

    >>> classify({0: "小计", 5: "5,599,844.34"}, Shape(8), False), classify({1: "某某有限公司"}, Shape(8), False)
    ('subtotal', '')
    """
    rest = [text for place, text in cells.items() if place != shape.serial]
    number = cells.get(shape.serial, "")
    if number.isdecimal():
        return "" if rest else "blank"
    if len(cells) >= min(2, len(shape.names)) and shape.repeats(cells):
        return "repeated_header"
    texts = list(cells.values())
    if _is_subtotal(texts):
        return "subtotal"
    if len(texts) == 1 and _PAGE.fullmatch(texts[0]):
        return "note"
    at_left = min(cells) <= shape.left + 1
    if shape.width < 3 or not (at_left or trailing):
        return "note" if trailing and _is_note(texts, trailing) else ""
    if _is_note(texts, trailing):
        return "note"
    return "banner" if at_left and len(texts) == 1 and _is_banner(texts[0]) else ""


def _is_subtotal(texts: list[str]) -> bool:
    labels = [t for t in texts if _TOTAL.fullmatch(t) and not is_name(t)]
    rest = [t for t in texts if t not in labels]
    if rest and not labels and _TOTAL_OF.fullmatch(texts[0]):
        labels, rest = texts[:1], texts[1:]
        return bool(rest) and all(map(_is_sum, rest))
    if len(texts) > 2 and texts[1] in BARE_TOTALS:  # behind the group, which is merged down to it
        return all(map(_is_sum, texts[2:]))
    return bool(labels) and texts[0] in labels and all(map(_is_sum, rest))


def _is_sum(text: str) -> bool:
    return bool(_SUM.fullmatch(text)) and not _PHONE.fullmatch(text)


def _is_note(texts: list[str], trailing: bool) -> bool:
    first = texts[0]
    if trailing and is_signature(texts):
        return True
    if _NOTE.match(first) and all(is_label(t) or _NOTE.match(t) or _DATA.fullmatch(t) for t in texts[1:]):
        return not any(is_reach(t) for t in texts[1:])
    if not trailing:
        return False
    if all(is_label(t) for t in texts) and not any(is_reach(t) for t in texts):
        return True
    return len(texts) == 1 and bool(_SENTENCE.fullmatch(first)) and not is_name(first) and not is_reach(first)


def is_signature(texts: list[str]) -> bool:
    """Who made and signed a table, and when: words for that, each perhaps with its value behind it, stamps and days."""
    waiting = False
    for text in texts:
        own = bool(_SIGNER.fullmatch(text) or _STAMP.fullmatch(text) or _DAY.fullmatch(text) or _NOTE.match(text))
        if is_reach(text) or not (own or waiting):
            return False
        waiting = bool(_SIGNER.fullmatch(text))
    return True


def is_bare_name(text: str) -> bool:
    """Two to four Chinese characters, or a capitalised word or two: a person's name, or one short for a company's."""
    return bool(_BARE.fullmatch(text)) and not is_name(text)


def _is_banner(text: str) -> bool:
    if is_name(text) or is_reach(text):
        return False
    return any(pattern.fullmatch(fold(text)) for pattern in (_MARK, _SECTION, _PLACE, _GROUP, _OF_MANY, _DATED))
