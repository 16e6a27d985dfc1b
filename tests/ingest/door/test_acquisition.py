"""Where visits come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.door.acquisition import acquisition
from ingest.vocabulary import CHANNELS

HERE = "https://www.shop.example/product/1"


@pytest.mark.parametrize(
    ("url", "referrer", "channel", "keyword"),
    [
        (HERE, "", "direct", ""),
        (HERE, "https://m.shop.example/cart", "internal", ""),
        (HERE, "https://other.example/", "referral", ""),
        (HERE, "https://search.naver.com/search.naver?query=%EB%8B%88%ED%8A%B8&sm=top", "organic_search", "니트"),
        (HERE, "https://m.search.naver.com/search.naver?query=knit", "organic_search", "knit"),
        (HERE, "https://search.daum.net/search?w=tot&q=%EC%BD%94%ED%8A%B8", "organic_search", "코트"),
        (HERE, "https://www.google.co.kr/", "organic_search", ""),
        (HERE, "https://www.bing.com/search?q=coat", "organic_search", "coat"),
        (HERE, "https://search.zum.com/search.zum?query=coat", "organic_search", "coat"),
        (HERE, "https://kr.search.yahoo.com/search?p=coat", "organic_search", "coat"),
        (HERE, "https://blog.naver.com/someone/1", "social", ""),
        (HERE, "https://l.instagram.com/", "social", ""),
        (HERE, "https://t.co/abc", "social", ""),
        (HERE, "https://mail.naver.com/", "email", ""),
        (HERE, "https://shopping.naver.com/", "referral", ""),
        (HERE, "https://notgoogle.example/", "referral", ""),
        (HERE, "android-app://com.some.app", "referral", ""),
        (HERE + "?n_media=1&n_query=knit&n_ad=x", "https://search.naver.com/search.naver?query=k", "paid_search", "k"),
        (HERE + "?n_query=knit&n_ad=x", "", "paid_search", "knit"),
        (HERE + "?gclid=abc", "https://www.google.com/", "paid_search", ""),
        (HERE + "?fbclid=abc", "", "social", ""),
        (HERE + "?utm_source=naver&utm_medium=cpc", "", "paid_search", ""),
        (HERE + "?utm_source=facebook&utm_medium=cpc", "", "social", ""),
        (HERE + "?utm_source=kakao&utm_medium=alimtalk", "", "message", ""),
        (HERE + "?utm_source=crm&utm_medium=SMS", "", "message", ""),
        (HERE + "?utm_source=news&utm_medium=email", "https://www.google.com/", "email", ""),
        (HERE + "?utm_source=partner&utm_medium=banner", "", "referral", ""),
        (HERE + "?utm_source=google&utm_medium=organic", "", "organic_search", ""),
        ("/relative/path?utm_source=instagram", "", "social", ""),
        ("http://[broken", "http://[broken", "referral", ""),
    ],
)
def test_channel_and_keyword_follow_from_url_and_referrer(url: str, referrer: str, channel: str, keyword: str) -> None:
    found = acquisition(url, referrer)
    assert (found.channel, found.search_keyword) == (channel, keyword)


def test_utm_fields_are_taken_from_the_url() -> None:
    url = HERE + "?utm_source=a&utm_medium=b&utm_campaign=%EA%B0%80%EC%9D%84&utm_term=d&utm_content=e&utm_source=z"
    assert acquisition(url, "").utm == ("a", "b", "가을", "d", "e")


@given(st.text() | st.sampled_from([HERE, "https://"]), st.text(), st.text(max_size=5), st.text(max_size=5))
def test_any_texts_have_a_known_channel(url: str, referrer: str, source: str, medium: str) -> None:
    assert acquisition(url, referrer, source, medium).channel in CHANNELS
