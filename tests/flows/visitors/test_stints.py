"""A visitor's time line, cut at his logins and logouts: in whatever order they come, as if all had been known."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.visitors.limits import HORIZON
from flows.visitors.stints import NOBODY, Stint, Tie, TimeLine, cut

A, B = 1, 2  # members
STEP = HORIZON // 9  # so that a time line of a few events reaches beyond the horizon

Seen = tuple[int, bytes, int, bool]  # time, event id, member, logout

seen = st.lists(
    st.tuples(
        st.integers(1, 12).map(lambda day: day * STEP),
        st.sampled_from([(NOBODY, False), (NOBODY, False), (NOBODY, True), (A, False), (A, True), (B, False)]),
    ),
    min_size=1,
    max_size=9,
)


def ties(events: list[Seen]) -> list[Tie]:
    found = []
    for at, event_id, member, logout in events:
        if logout or member != NOBODY:
            found.append(Tie(at, not logout, event_id, NOBODY if logout else member))
    return found


def told(stints: list[Stint]) -> list[tuple[int, ...]]:
    return [(s.begin, s.member, s.end, s.login_at, s.logout_at) for s in stints]


def stretches(*events: tuple[int, int, bool]) -> list[tuple[int, int]]:
    """(begin, member) of the stints that (time, member, logout) make."""
    numbered = [(at, bytes([65 + i]), member, logout) for i, (at, member, logout) in enumerate(events)]
    return [(stint.begin, stint.member) for stint in cut(ties(numbered))]


@settings(max_examples=600, deadline=None)
@given(seen, st.randoms(use_true_random=False))
def test_a_time_line_is_cut_as_its_ties_say_or_says_that_it_must_be_made_again(drawn, chance):
    events = [
        (at, bytes([chance.randrange(65, 90), i]), member, logout) for i, (at, (member, logout)) in enumerate(drawn)
    ]
    chance.shuffle(events)
    line = TimeLine([Stint()])
    for count, (at, _, member, logout) in enumerate(events, start=1):
        placed = line.place(at, member, logout=logout)
        if line.late:
            return
        known = cut(ties(events[:count]))
        with_events = [s for s in known if any(s is at_of(known, event[0]) for event in events[:count])]
        assert told(line.stints) == told(with_events)
        assert placed in line.stints
        assert placed.begin == at_of(known, at).begin


def at_of(stints: list[Stint], at: int) -> Stint:
    return next(stint for stint in reversed(stints) if stint.begin <= at)


@settings(max_examples=500, deadline=None)
@given(seen)
def test_ties_in_order_never_make_anything_again(drawn):
    """But where members share a millisecond, or what was nobody's for more than the horizon turns out to be the one's before it."""
    events = sorted({at: (at, b"", member, logout) for at, (member, logout) in drawn}.values())
    line = TimeLine([Stint()])
    for at, _, member, logout in events:
        before = line.stints[-1]
        line.place(at, member, logout=logout)
        if line.late:
            assert len(line.stints[-1].united) == 1
            assert before.last_seen - before.first_seen > HORIZON or before.united
            return


def test_what_was_before_the_first_login_is_the_members_too():
    assert stretches((50, A, False)) == [(0, A)]


def test_another_member_begins_at_his_login():
    assert stretches((50, A, False), (70, B, False)) == [(0, A), (70, B)]


def test_after_a_logout_it_is_nobodys_until_the_next_login_says_whose():
    assert stretches((50, A, False), (60, NOBODY, True)) == [(0, A), (61, NOBODY)]
    assert stretches((50, A, False), (60, NOBODY, True), (70, B, False)) == [(0, A), (61, B)]


def test_the_same_member_again_was_never_away():
    assert stretches((50, A, False), (60, NOBODY, True), (70, A, False)) == [(0, A)]


def test_a_logout_of_nobody_cuts_nothing():
    assert stretches((40, NOBODY, True), (50, A, False)) == [(0, A)]


def test_in_one_millisecond_a_login_outranks_a_logout_and_the_greatest_event_id_the_others():
    assert stretches((50, A, False), (60, A, False), (60, NOBODY, True)) == [(0, A)]
    assert stretches((50, A, False), (60, B, False), (60, A, False)) == [(0, A)]
    assert stretches((50, A, False), (60, A, False), (60, B, False)) == [(0, A), (60, B)]


def test_a_logouts_own_member_ties_nothing():
    line = TimeLine([Stint()])
    assert line.place(5, A, logout=True).member == NOBODY
