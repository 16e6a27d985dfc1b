"""Lines are counted once, and right."""

import random

import pytest

from ingest.log.line_count import LineCount


class Text:
    """A text that remembers how much of it was looked at."""

    def __init__(self, text: bytes) -> None:
        self.text, self.looked_at = text, 0

    def newlines(self, begin: int, end: int) -> int:
        self.looked_at += end - begin
        return self.text.count(b"\n", begin, end)


@pytest.mark.parametrize("seed", range(10))
def test_counts_are_right_in_whatever_order_they_are_asked_for(seed: int) -> None:
    chance = random.Random(seed)
    text = Text(bytes(chance.choice(b"ab\n") for _ in range(2_000)))
    lines = LineCount(text.newlines)
    for _ in range(200):
        begin, end = sorted((chance.randrange(2_001), chance.randrange(2_001)))
        assert lines.between(begin, end) == text.text.count(b"\n", begin, end)


def test_a_backlog_that_grows_and_is_worked_off_is_looked_at_about_once() -> None:
    text = Text(b"line\n" * 100_000)
    lines = LineCount(text.newlines)
    done = 0
    for end in range(5_000, 500_001, 5_000):
        lines.between(done, end)
        if end > 250_000:
            done += 5_000
    assert text.looked_at == 500_000
    for done in range(250_000, 500_001, 1_250):
        assert lines.between(done, 500_000) == (500_000 - done) // 5
    assert text.looked_at < 2 * len(text.text)
