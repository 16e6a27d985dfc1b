"""Sites, keys and segments as kept in ClickHouse."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from sql.keys import create_key, find_key, key_hash, list_keys, revoke_key
from sql.migrate import migrate
from sql.segments import (
    create_segment,
    delete_segment,
    get_segment,
    list_segments,
    segment_history,
    update_segment,
)
from sql.sites import SiteError, add_site, get_site, list_sites, update_site
from sql.store import Store

NOW = 1_767_225_600_000


@pytest.fixture(scope="module")
def store(clickhouse_url: str) -> Iterator[Store]:
    store = Store(clickhouse_url, f"definitions_{uuid.uuid4().hex[:8]}")
    migrate(store, NOW)
    yield store
    store.command(f"DROP DATABASE {store.database} SYNC")
    store.close()


@pytest.fixture
def site_id(store: Store) -> str:
    site_id = f"s{uuid.uuid4().hex[:10]}"
    add_site(store, site_id, "가게", "KRW", "Asia/Seoul", NOW)
    return site_id


def test_a_site_is_added_listed_and_changed(store: Store, site_id: str) -> None:
    site = get_site(store, site_id)
    assert site is not None
    assert (site.name, site.currency, site.timezone, site.created_at) == ("가게", "KRW", "Asia/Seoul", NOW)
    update_site(store, site_id, NOW, name="새 가게")
    changed = update_site(store, site_id, NOW, timezone="Europe/Berlin")
    assert get_site(store, site_id) == changed
    assert (changed.name, changed.currency, changed.timezone) == ("새 가게", "KRW", "Europe/Berlin")
    assert changed in list_sites(store)


def test_a_site_is_added_once(store: Store, site_id: str) -> None:
    with pytest.raises(SiteError, match="exists already"):
        add_site(store, site_id, "Other", "KRW", "Asia/Seoul", NOW)


@pytest.mark.parametrize(
    ("site_id", "name", "currency", "timezone"),
    [
        ("", "n", "KRW", "UTC"),
        ("Large", "n", "KRW", "UTC"),
        ("a/b", "n", "KRW", "UTC"),
        ("a" * 65, "n", "KRW", "UTC"),
        ("ok", "", "KRW", "UTC"),
        ("ok", "n", "won", "UTC"),
        ("ok", "n", "KRW", "Asia/Nowhere"),
        ("ok", "n", "KRW", "../etc/passwd"),
        ("ok", "n", "KRW", ""),
    ],
)
def test_a_malformed_site_is_refused(store: Store, site_id: str, name: str, currency: str, timezone: str) -> None:
    with pytest.raises(SiteError):
        add_site(store, site_id, name, currency, timezone, NOW)


def test_changing_an_unknown_site_is_refused(store: Store) -> None:
    with pytest.raises(SiteError, match="no site"):
        update_site(store, "nowhere", NOW, name="x")


def test_a_key_is_found_by_its_hash_until_it_is_revoked(store: Store, site_id: str) -> None:
    key, entry = create_key(store, site_id, "write", NOW)
    assert key.startswith("snm_w_")
    assert len(key) == 46
    holder = find_key(store, key_hash(key))
    assert holder is not None
    assert (holder.site_id, holder.kind, holder.currency, holder.timezone) == (site_id, "write", "KRW", "Asia/Seoul")
    assert list_keys(store, site_id) == [entry]
    assert not revoke_key(store, "another-site", entry.key_id, NOW)
    assert revoke_key(store, site_id, entry.key_id, NOW)
    assert revoke_key(store, site_id, entry.key_id, NOW + 5)
    assert find_key(store, key_hash(key)) is None
    assert [one.revoked_at for one in list_keys(store, site_id)] == [NOW]


def test_every_key_is_another_one(store: Store, site_id: str) -> None:
    keys = {create_key(store, site_id, "secret", NOW)[0] for _ in range(5)}
    assert len(keys) == 5
    assert all(key.startswith("snm_s_") for key in keys)
    assert len({entry.key_id for entry in list_keys(store, site_id)}) == 5


def test_no_table_holds_a_key(store: Store, site_id: str) -> None:
    key, _ = create_key(store, site_id, "secret", NOW)
    columns = store.rows_of("SELECT * EXCEPT (key_hash), toString(key_hash) FROM site_keys")
    assert columns
    assert all(key not in str(row) and key[6:] not in str(row) for row in columns)


def test_a_segment_keeps_its_history(store: Store, site_id: str) -> None:
    expression = {"field": "referrer", "op": "contains", "value": "네이버 '\"\\"}
    first = create_segment(store, site_id, "가", expression, NOW)
    assert get_segment(store, site_id, first.segment_id) == first
    second = update_segment(store, site_id, first.segment_id, "나", {"all": []}, NOW + 1)
    assert second is not None
    assert (second.version, second.created_at) == (2, NOW + 1)
    assert list_segments(store, site_id) == [second]
    assert delete_segment(store, site_id, first.segment_id, NOW + 2)
    assert get_segment(store, site_id, first.segment_id) is None
    assert list_segments(store, site_id) == []
    history = segment_history(store, site_id, first.segment_id)
    assert history[1:] == [second, first]
    assert history[0].deleted


def test_a_segment_of_another_site_is_not_there(store: Store, site_id: str) -> None:
    segment = create_segment(store, site_id, "n", {"all": []}, NOW)
    assert get_segment(store, "another-site", segment.segment_id) is None
    assert update_segment(store, "another-site", segment.segment_id, "n", {"all": []}, NOW) is None
    assert not delete_segment(store, "another-site", segment.segment_id, NOW)
    assert segment_history(store, "another-site", segment.segment_id) == []
