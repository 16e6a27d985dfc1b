"""Sessions by `session_id`: the SETs and the USE of a session are said again on the connection of each of its requests."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.clickhouse.errors import Code, error


@dataclass
class Session:
    """A session: what was SET in it, whether a request of it runs, and when it is forgotten (seconds)."""

    statements: list[str]
    busy: bool
    timeout_s: int
    ends_at_s: float


class Sessions:
    """The sessions of a server. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def enter(self, session_id: str, timeout_s: int, must_exist: bool, now_s: float) -> Session:
        """Takes a session for one request; a new one unless `must_exist`. `leave` gives it back.

        Raises QueryError: SESSION_NOT_FOUND, or SESSION_IS_LOCKED while another request of it runs.
        """
        self._forget(now_s)
        session = self._sessions.get(session_id)
        if session is None:
            if must_exist:
                raise error(Code.SESSION_NOT_FOUND, "Session not found.")
            session = self._sessions[session_id] = Session([], False, timeout_s, now_s)
        if session.busy:
            raise error(Code.SESSION_IS_LOCKED, f"Session {session_id} is locked by a concurrent client.")
        session.busy = True
        session.timeout_s = timeout_s
        return session

    def leave(self, session: Session, now_s: float) -> None:
        """Ends a request of a session; its time runs anew."""
        session.busy = False
        session.ends_at_s = now_s + session.timeout_s

    def _forget(self, now_s: float) -> None:
        over = [name for name, session in self._sessions.items() if not session.busy and session.ends_at_s < now_s]
        for name in over:
            del self._sessions[name]
