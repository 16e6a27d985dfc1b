"""Pages as they are sent: headers, assets, texts, forms, and where they lead."""

# ruff: noqa: F811  (fixtures are named as they are where they come from)

from __future__ import annotations

import gzip
import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

import api.pages
from api.accounts.access import COOKIE
from api.pages.assets import assets
from api.pages.frame import LONGEST_PATH, PAGES, PageKind, safe_path
from api.pages.headers import POLICY
from api.pages.texts import COMMON, FRAME, LANGUAGES, preferred, text, texts
from sql.store import StoreUnavailable
from tests.api.accounts.conftest import Hires, Person, hire  # noqa: F401  (fixtures are found by their names here)
from tests.api.conftest import Shop, World, shop, store, world  # noqa: F401

FOLDER = Path(api.pages.__file__).parent
TEMPLATES = sorted((FOLDER / "templates").glob("*.html"))
SCRIPTS = sorted((FOLDER / "static").rglob("*.js"))
OWN_FORM = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
EVIL = """"><script>alert(1)</script>\u202e'&"""


class Parsed(HTMLParser):
    """All tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def page(someone: Person, path: str = "/", **headers: str) -> httpx.Response:
    return someone.call("GET", path, headers=headers)


def post(world: World, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
    answer = world.client.post(path, data=form, headers={**OWN_FORM, **headers})
    world.client.forget_cookies()
    return answer


@pytest.fixture
def kim(hire: Hires, shop: Shop) -> Person:
    someone = hire(**{shop.site_id: "editor"})
    someone.sign_in()
    return someone


def test_every_page_is_sent_with_strict_headers(world: World, kim: Person) -> None:
    for answer in (world.client.get("/login"), page(kim), post(world, "/login", {"email": "", "password": ""})):
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY


def test_pages_have_no_script_or_style_of_their_own_and_name_no_other_host(world: World, kim: Person) -> None:
    paths = [kind.path.replace("{person_id:path}", "visitor:a%2F%3Fb") for kind in PAGES]
    for sent in (world.client.get("/login").text, *(page(kim, path).text for path in paths)):
        for tag, attributes in Parsed(sent).tags:
            assert tag != "style"
            assert tag != "script" or (attributes.get("src") or "").startswith("/assets/")
            assert not [name for name in attributes if name == "style" or name.startswith("on")]
            for name in ("href", "src", "action"):
                assert re.match(r"/(?!/)|#|$", attributes.get(name) or ""), attributes


def test_the_reference_of_the_api_comes_from_here(world: World) -> None:
    sent = Parsed(world.client.get("/docs").text)
    files = [told for _, attributes in sent.tags for name in ("href", "src") if (told := attributes.get(name))]
    assert len(files) >= 3
    for file in files:
        assert re.match(r"/(?!/)", file)
        assert world.client.get(file).status_code == 200


def test_who_is_not_signed_in_is_led_to_the_door_and_back(world: World, shop: Shop, hire: Hires) -> None:
    assert world.client.get("/").headers["location"] == "/login"
    answer = world.client.get(f"/?site={shop.site_id}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next=/%3Fsite%3D{shop.site_id}")
    lee = hire(**{shop.site_id: "viewer"})
    form = {"email": lee.email, "password": "correct horse battery", "next": f"/?site={shop.site_id}"}
    answer = post(world, "/login", form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/?site={shop.site_id}")
    lee.token = answer.cookies[COOKIE]
    assert page(lee).status_code == 200
    assert page(lee, "/login").headers["location"] == "/"


@pytest.mark.parametrize(
    "next_", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\nb", ""]
)
def test_nobody_is_led_elsewhere(next_: str) -> None:
    assert safe_path(next_) == "/"


def test_an_address_full_of_conditions_is_gone_on_to() -> None:
    names = quote(json.dumps([f"상품 {n}" for n in range(300)], ensure_ascii=False))
    assert len(names) > 10_000
    assert safe_path(f"/segments/new?expression={names}") == f"/segments/new?expression={names}"
    assert safe_path("/?q=" + "x" * LONGEST_PATH) == "/"


def test_a_page_of_ours_is_gone_on_to() -> None:
    assert safe_path("/?site=a&b=%2F%2Fc") == "/?site=a&b=%2F%2Fc"


def test_a_wrong_password_and_a_missing_one_are_told_and_the_email_stays(world: World, kim: Person) -> None:
    answer = post(world, "/login", {"email": kim.email, "password": "not the password"}, **{"Accept-Language": "en"})
    assert answer.status_code == 401
    assert text("en", "login.wrong") in answer.text
    assert f'value="{kim.email}"' in answer.text
    assert "not the password" not in answer.text
    answer = post(world, "/login", {"email": kim.email, "password": ""})
    assert (answer.status_code, text("ko", "login.missing") in answer.text) == (422, True)
    for _ in range(6):
        answer = post(world, "/login", {"email": "who@shop.example", "password": "x"})
    answer = post(world, "/login", {"email": "who@shop.example", "password": "x"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert "2초" in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Origin": "http://sonnim.test"}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
    ],
)
def test_forms_of_other_pages_are_refused(world: World, headers: dict[str, str], status: int) -> None:
    for path in ("/login", "/logout", "/language"):
        answer = world.client.post(path, data={"language": "en"}, headers=headers)
        assert answer.status_code == (status if status == 403 or path != "/login" else 422), path


def test_a_form_that_is_none_is_refused(world: World) -> None:
    for body in (b"\xff\xfe", b"&".join([b"a=1"] * 30)):
        assert world.client.post("/login", content=body, headers=OWN_FORM).status_code == 400
    assert world.client.post("/login", content=b"a" * 200_000, headers=OWN_FORM).status_code == 413


def test_signing_out_ends_the_session(world: World, kim: Person) -> None:
    answer = post(world, "/logout", {}, Cookie=f"{COOKIE}={kim.token}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert page(kim).status_code == 303


def test_the_language_of_a_user_is_kept_with_him_and_of_others_in_the_browser(world: World, kim: Person) -> None:
    assert '<html lang="ko"' in page(kim, **{"Accept-Language": "en"}).text
    form = {"language": "en", "next": "//evil.example"}
    answer = post(world, "/language", form, Cookie=f"{COOKIE}={kim.token}")
    assert (answer.headers["location"], answer.cookies["sonnim_language"]) == ("/", "en")
    assert '<html lang="en"' in page(kim, **{"Accept-Language": "ko"}).text
    assert '<html lang="en"' in world.client.get("/login", headers={"Cookie": "sonnim_language=en"}).text
    world.client.forget_cookies()


@pytest.mark.parametrize(
    ("told", "chosen", "found"),
    [
        ("", "", "ko"), ("en-US,en;q=0.9,ko;q=0.8", "", "en"), ("fr,de", "", "ko"), ("fr,en;q=0.5", "", "en"),
        ("ko-KR", "en", "en"), ("en", "fr", "en"),
    ],
)  # fmt: skip
def test_the_language_of_who_is_not_signed_in(told: str, chosen: str, found: str) -> None:
    assert preferred(told, chosen) == found


def test_the_site_that_was_asked_for_is_shown_next_time_and_a_foreign_one_never(
    world: World,
    shop: Shop,
    hire: Hires,
) -> None:
    other, foreign = world.shop(), world.shop()
    kim = hire(**{shop.site_id: "viewer", other.site_id: "admin"})
    kim.sign_in()
    ids = sorted([shop.site_id, other.site_id])
    assert f'data-site="{ids[0]}"' in page(kim).text
    answer = page(kim, f"/?site={ids[1]}")
    assert (f'data-site="{ids[1]}"' in answer.text, answer.cookies["sonnim_site"]) == (True, ids[1])
    answer = page(kim, f"/?site={foreign.site_id}")
    assert foreign.site_id not in answer.text
    assert "sonnim_site" not in answer.cookies


def test_who_has_no_site_is_told_so(hire: Hires) -> None:
    kim = hire()
    kim.sign_in()
    answer = page(kim)
    assert answer.status_code == 200
    assert text("ko", "no_site.title") in answer.text


def test_what_people_wrote_is_text(world: World, hire: Hires) -> None:
    from sql.sites import add_site
    from tests.api.conftest import NOW

    add_site(world.store, "evil", EVIL, "KRW", "Asia/Seoul", NOW)
    kim = hire(evil="viewer")
    kim.sign_in()
    texts_sent = [page(kim).text, post(world, "/login", {"email": EVIL, "password": "x", "next": EVIL}).text]
    for sent in texts_sent:
        assert "<script>alert" not in sent
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in sent
        assert [dict(attrs) for tag, attrs in Parsed(sent).tags if tag == "script" and "src" not in attrs] == []


def test_while_clickhouse_is_away_pages_say_so(kim: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    kim.world.clock.now += 60_000

    def away(*_: Any, **__: Any) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr("api.accounts.doorkeeper.find_session", away)
    monkeypatch.setattr("api.accounts.doorkeeper.find_user", away)
    stranger = Person(kim.world, "", kim.email, "another")
    for path in ("/", "/login"):
        answer = page(stranger, path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert text("ko", "away.title") in answer.text
    answer = post(kim.world, "/login", {"email": kim.email, "password": "x"})
    assert (answer.status_code, text("ko", "login.away") in answer.text) == (503, True)
    answer = post(kim.world, "/logout", {}, Cookie=f"{COOKIE}=another")
    assert (answer.status_code, text("ko", "away.title") in answer.text) == (503, True)
    answer = post(kim.world, "/language", {"language": "en", "next": "/report"}, Cookie=f"{COOKIE}=another")
    assert (answer.headers["location"], answer.cookies["sonnim_language"]) == ("/report", "en")


def test_assets_are_kept_for_ever_under_their_version(world: World) -> None:
    url = assets().url("base.css")
    answer = world.client.get(url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.content == (FOLDER / "static" / "base.css").read_bytes()
    old = world.client.get("/assets/0123456789abcdef/base.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    for path in ("nothing.css", "..%2froutes.py", "%2e%2e%2froutes.py", "vendor/VERSIONS.md", "vendor%2f..%2fbase.css"):
        assert world.client.get(f"/assets/{assets().version}/{path}").status_code == 404


def test_every_asset_is_whole() -> None:
    for path, one in assets().files.items():
        assert (gzip.decompress(one.gzipped) if one.gzipped else one.content) == one.content
        if path.endswith(".css"):
            for name in re.findall(rb"url\((.+?)\)", one.content):
                assert posixpath.normpath(posixpath.join(posixpath.dirname(path), name.decode())) in assets().files, (
                    path,
                    name,
                )
        if path.endswith(".js"):
            for name in re.findall(rb"""(?:import|export|\})[^"'\n]*?\bfrom ?["'](.+?)["']""", one.content):
                assert name.startswith((b"./", b"../")), (path, name)
                assert posixpath.normpath(posixpath.join(posixpath.dirname(path), name.decode())) in assets().files, (
                    path,
                    name,
                )


def test_every_vendored_file_is_told_with_version_and_license() -> None:
    told = (FOLDER / "vendor" / "VERSIONS.md").read_text()
    for path in (FOLDER / "vendor").iterdir():
        assert path.name == "VERSIONS.md" or f"`{path.name}`" in told, path.name


def test_catalogues_have_the_same_names_and_the_same_values_in_them() -> None:
    one, *others = (texts(language) for language in LANGUAGES)
    for other in others:
        assert list(one) == list(other)
        for file, named in one.items():
            assert list(named) == list(other[file]), file
            for name in named:
                values = [set(re.findall(r"\{\w+\}", told[file][name])) for told in (one, other)]
                assert values[0] == values[1], (file, name)


def test_a_page_has_no_text_of_the_name_of_a_common_one() -> None:
    for file, named in texts("ko").items():
        assert file in (COMMON, FRAME, "login") or not named.keys() & texts("ko")[COMMON].keys(), file


def test_every_text_of_templates_is_used_and_every_one_that_is_used_is_there() -> None:
    used = {name for path in TEMPLATES for name in re.findall(r"""\bt\(["']([\w.]+)["']""", path.read_text())}
    used |= {name for name in texts("ko")[FRAME] if re.match(r"(nav|role|theme)\.", name)}
    used |= set(re.findall(r'"(login\.\w+)"', (FOLDER / "routes.py").read_text()))
    used -= {"nav.", "role.", "theme.", "login.html"}
    assert used == {*texts("ko")[FRAME], *(f"login.{name}" for name in texts("ko")["login"])}


def scripts_of(page: str) -> str:
    """The page's scripts, and what they import, one after the other."""
    found: dict[Path, str] = {}
    waiting = [FOLDER / "static" / page / "main.js", FOLDER / "static" / "status.js", FOLDER / "static" / "controls.js"]
    while waiting:
        path = waiting.pop().resolve()
        if path in found or path.is_relative_to(FOLDER / "static" / "vendor") or not path.exists():
            continue
        found[path] = path.read_text()
        waiting += [path.parent / name for name in re.findall(r"""from ["'](\..+?)["']""", found[path])]
    return "\n".join(found.values())


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.name)
def test_scripts_use_every_text_of_their_page_and_no_other(kind: PageKind) -> None:
    code = scripts_of(kind.name)
    there = {**texts("ko")[COMMON], **texts("ko")[kind.name]}
    named = set(re.findall(r"""\b(?:text|counted)\((?:[^()"'`]*, )?["'`]([\w.]+)["'`]""", code))
    assert {name for name in named if name not in there and f"{name}.other" not in there} == set()
    for name in texts("ko")[kind.name].keys() - {"title"}:
        assert any(re.search(rf"""["'`]{re.escape(part)}["'`$]""", code) for part in parts_of(name)), name


def parts_of(name: str) -> list[str]:
    """How scripts may write a name: whole, or its beginning with the rest put on (`reason.${reason}`)."""
    pieces = name.split(".")
    return [
        name,
        name.removesuffix("_detail"),
        *(".".join(pieces[:count]) + end for count in range(1, len(pieces)) for end in (".", "")),
    ]


def test_every_common_text_is_used_somewhere() -> None:
    code = "\n".join(path.read_text() for path in SCRIPTS)
    for name in texts("ko")[COMMON]:
        assert any(re.search(rf"""["'`]{re.escape(part)}["'`$]""", code) for part in parts_of(name)), name


def test_no_template_has_words_of_its_own() -> None:
    for path in TEMPLATES:
        markup = r"""\{[%{#].*?[%}#]\}|<[^>]*>|[\w-]+="[^"]*["]"""
        bare = re.sub(markup, "", path.read_text(), flags=re.DOTALL)
        assert re.findall(r"[A-Za-z가-힣]+", bare) == [], path.name


def test_no_script_puts_markup_into_a_page() -> None:
    for path in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|eval\(", path.read_text()
        )
