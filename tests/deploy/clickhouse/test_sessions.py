import pytest

from deploy.clickhouse.errors import QueryError
from deploy.clickhouse.sessions import Sessions


def test_a_session_is_kept_until_its_time_runs_out_after_its_last_request() -> None:
    sessions = Sessions()
    first = sessions.enter("a", 60, False, 0.0)
    first.statements.append("SET max_threads = 1")
    sessions.leave(first, 10.0)
    again = sessions.enter("a", 60, True, 70.0)
    assert again.statements == ["SET max_threads = 1"]
    sessions.leave(again, 70.0)
    with pytest.raises(QueryError) as caught:
        sessions.enter("a", 60, True, 130.1)
    assert caught.value.code == 372


def test_a_session_takes_one_request_at_a_time() -> None:
    sessions = Sessions()
    session = sessions.enter("a", 60, False, 0.0)
    with pytest.raises(QueryError) as caught:
        sessions.enter("a", 60, False, 0.0)
    assert caught.value.code == 373
    sessions.enter("b", 60, False, 0.0)
    sessions.leave(session, 1.0)
    sessions.enter("a", 60, False, 1.0)
