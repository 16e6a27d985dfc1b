"""Checked tree -> one sentence in Korean or English."""

from __future__ import annotations

from typing import Literal

from flows.segments.amounts import amount_en, amount_ko, instant, span_en, span_ko
from flows.segments.expression import AllOf, AnyOf, Leaf, NotOf, Point, Range, RecordsLeaf, Span, Tree
from flows.segments.field import Field
from flows.segments.korean import joined, object_, subject, topic, toward

Language = Literal["ko", "en"]

_SHOWN_STRINGS = 5


def sentence(tree: Tree, language: Language, currency: str = "KRW") -> str:
    """What the tree says; money is in `currency` (ISO 4217). Not ended by a full stop."""
    return _Korean(currency).say(tree) if language == "ko" else _English(currency).say(tree)


class _Words:
    """What both languages share: groups, and when they need parentheses."""

    everyone: str
    anything: str

    def __init__(self, currency: str, inside_records: bool = False) -> None:
        self.currency = currency
        self.all = self.anything if inside_records else self.everyone

    def say(self, tree: Tree, nested: bool = False) -> str:
        match tree:
            case AllOf(()):
                return self.all
            case AllOf((part,)) | AnyOf((part,)):
                return self.say(part, nested)
            case AllOf(parts) | AnyOf(parts):
                said = self.joined([self.say(part, True) for part in parts], isinstance(tree, AllOf))
                return f"({said})" if nested else said
            case NotOf(part):
                return self.negation(self.say(part))
            case Leaf():
                return self.leaf(tree)
            case RecordsLeaf(field, op, where):
                return self.records(field, op, type(self)(self.currency, True).say(where))

    def joined(self, said: list[str], every: bool) -> str:
        raise NotImplementedError

    def negation(self, said: str) -> str:
        raise NotImplementedError

    def leaf(self, leaf: Leaf) -> str:
        raise NotImplementedError

    def records(self, field: Field, op: str, where: str) -> str:
        raise NotImplementedError


class _Korean(_Words):
    everyone = "모든 방문자"
    anything = "무엇이든 해당"

    def joined(self, said: list[str], every: bool) -> str:
        return joined(said, "고" if every else "거나")

    def negation(self, said: str) -> str:
        return f"({said})에 해당하지 않음"

    def leaf(self, leaf: Leaf) -> str:
        label, field = leaf.field.ko, leaf.field
        if leaf.op in ("is_set", "is_not_set"):
            what = subject(label) if field.type in ("list", "records") else f"{label} 값이"
            return f"{what} {'있음' if leaf.op == 'is_set' else '없음'}"
        match leaf.value:
            case bool(truth):
                assert field.statements is not None
                return field.statements[0 if truth else 1]
            case Range(start, end):
                return f"{subject(label)} {self.amount(field, start)} 이상 {self.amount(field, end)} 미만"
            case int(number) | float(number):
                amount = self.amount(field, number)
                said = f"{subject(amount)} 아님" if leaf.op == "!=" else _NUMBER_KO[leaf.op].format(amount)
                return f"{subject(label)} {said}"
            case Span() as span if leaf.op == "more_than_ago":
                return f"{label} 후 {span_ko(span)} 넘게 지남"
            case Span() as span:
                return f"{subject(label)} {_SPAN_KO[leaf.op].format(span_ko(span))}"
            case Point() as point:
                return f"{subject(label)} {instant(point)} {'전' if leaf.op == 'before' else '이후'}"
            case None:
                return f"{label} 기록이 없음"
            case str(text):
                return self.text(subject(label), leaf.op, _said(field, (text,), "ko"))
            case tuple(texts) if field.type == "list":
                return self.listed(label, leaf.op, _said(field, texts, "ko"), len(texts) > 1)
            case tuple(texts):
                return f"{subject(label)} {_said(field, texts, 'ko')} 중 {_AMONG_KO[leaf.op]}"

    def amount(self, field: Field, number: int | float) -> str:
        return amount_ko(number, field.unit, self.currency)

    def text(self, label: str, op: str, said: str) -> str:
        match op:
            case "is":
                return f"{label} {said}임"
            case "is_not":
                return f"{label} {subject(said)} 아님"
            case "contains":
                return f"{label} {object_(said)} 포함"
        return f"{label} {toward(said)} 시작"

    def listed(self, label: str, op: str, said: str, several: bool) -> str:
        match op:
            case "contains_any":
                return f"{label}에 {said} 중 하나 이상 있음" if several else f"{label}에 {subject(said)} 있음"
            case "contains_all":
                return f"{label}에 {subject(said)} 모두 있음" if several else f"{label}에 {subject(said)} 있음"
        return f"{subject(label)} 있으나 그중 {f'{said} 중 어느 것도' if several else topic(said)} 없음"

    def records(self, field: Field, op: str, where: str) -> str:
        if op == "some":
            return f"{field.ko} 중 ({where})에 해당하는 것이 있음"
        return f"{subject(field.ko)} 있으나 그중 ({where})에 해당하는 것은 없음"


class _English(_Words):
    everyone = "every visitor"
    anything = "anything"

    def joined(self, said: list[str], every: bool) -> str:
        return (" and " if every else " or ").join(said)

    def negation(self, said: str) -> str:
        return f"not ({said})"

    def leaf(self, leaf: Leaf) -> str:
        label, field = leaf.field.en, leaf.field
        if leaf.op in ("is_set", "is_not_set"):
            if field.type in ("list", "records"):
                return f"has {label}" if leaf.op == "is_set" else f"has no {label}"
            return f"{label} {leaf.op.replace('_', ' ')}"
        match leaf.value:
            case bool(truth):
                assert field.statements is not None
                return field.statements[2 if truth else 3]
            case Range(start, end):
                return f"{label} from {self.amount(field, start)} to under {self.amount(field, end)}"
            case int(number) | float(number):
                return f"{label} {_NUMBER_EN[leaf.op]} {self.amount(field, number)}"
            case Span() as span:
                return f"{label} {_SPAN_EN[leaf.op].format(span_en(span))}"
            case Point() as point:
                return f"{label} {'before' if leaf.op == 'before' else 'at or after'} {instant(point)}"
            case None:
                return f"{label} never"
            case str(text):
                return f"{label} {leaf.op.replace('_', ' ')} {_said(field, (text,), 'en')}"
            case tuple(texts):
                several = len(texts) > 1
                return f"{label} {(_TEXTS_EN if several else _TEXT_EN)[leaf.op]} {_said(field, texts, 'en')}"

    def amount(self, field: Field, number: int | float) -> str:
        return amount_en(number, field.unit, self.currency)

    def records(self, field: Field, op: str, where: str) -> str:
        if op == "some":
            return f"{field.en} include one where ({where})"
        return f"{field.en} are not empty and include none where ({where})"


_NUMBER_KO = {"=": "정확히 {}", ">": "{} 초과", ">=": "{} 이상", "<": "{} 미만", "<=": "{} 이하"}
_NUMBER_EN = {"=": "exactly", "!=": "not", ">": "more than", ">=": "at least", "<": "under", "<=": "at most"}
_SPAN_KO = {"within_last": "최근 {} 이내", "in_next": "앞으로 {} 이내"}
_SPAN_EN = {"within_last": "within the last {}", "more_than_ago": "more than {} ago", "in_next": "in the next {}"}
_AMONG_KO = {"in": "하나임", "not_in": "어느 것도 아님"}
_TEXTS_EN = {
    "in": "is one of",
    "not_in": "is none of",
    "contains_any": "include any of",
    "contains_all": "include all of",
    "contains_none": "are not empty and include none of",
}
_TEXT_EN = {
    "in": "is",
    "not_in": "is not",
    "contains_any": "include",
    "contains_all": "include",
    "contains_none": "are not empty and do not include",
}


def _said(field: Field, texts: tuple[str, ...], language: Language) -> str:
    """Quoted texts, or the labels of choices; of many only the first, and how many more."""
    labels = {choice.value: choice.ko if language == "ko" else choice.en for choice in field.choices}
    said = [labels.get(text) or f"'{text}'" for text in texts[:_SHOWN_STRINGS]]
    listed, more = ", ".join(said), len(texts) - len(said)
    if not more:
        return listed
    return f"{listed} 외 {more:,}개" if language == "ko" else f"{listed}, {more:,} more"
