"""The HTTP API as the commands call it: JSON in, JSON out, failures as `UserError`."""

from __future__ import annotations

from typing import Any

import httpx

from deploy.errors import UserError

TIMEOUT_SECONDS = 60.0


class ApiClient:
    """One site's view of one API, by a key."""

    def __init__(self, url: str, key: str, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_SECONDS, transport=transport
        )

    def get(self, path: str, params: dict[str, str | int] | None = None) -> dict[str, Any]:
        """The answer's JSON object. Raises `UserError`."""
        return self._asked("GET", path, params=params)

    def post(self, path: str, body: Any) -> dict[str, Any]:
        """The answer's JSON object. Raises `UserError`."""
        return self._asked("POST", path, json=body)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _asked(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **request)
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from None
        except httpx.InvalidURL as error:
            raise UserError(f"{self.url} is no URL: {error}.", "Check --url, or SONNIM_URL.") from None
        if answer.status_code >= 400:
            raise refused(answer)
        body: dict[str, Any] = answer.json()
        return body


def unreachable(url: str, error: Exception) -> UserError:
    """Nobody listens there."""
    return UserError(
        f"The API does not answer at {url} ({error}).", "Start it with `sonnim up`, or name another one by --url."
    )


def refused(answer: httpx.Response) -> UserError:
    """What the API says is wrong, with the places in the input."""
    advice = {
        401: "Give a key in force by --key or SONNIM_KEY; `sonnim key add SITE` makes one.",
        403: "Give the site's secret key: `sonnim key add SITE --kind secret` makes one.",
        503: "Try again in a moment; `sonnim doctor` looks closer.",
    }
    try:
        problem = answer.json()
        detail = str(problem["detail"])
        places = [f"{error['place']}: {error['detail']}" for error in problem.get("errors", [])]
    except (ValueError, KeyError, TypeError):
        detail, places = f"The API answered {answer.status_code}.", []
    told = [place for place in places if place != detail and not place.endswith(detail)]
    return UserError(detail, advice.get(answer.status_code, "\n".join(told)))
