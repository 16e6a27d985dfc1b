"""Other names under which events and fields arrive, and ours for them.

Sources: Segment's ecommerce spec v2, Meta's standard events, GA4's parameters, and the columns of the public click logs
of REES46, RetailRocket and OTTO. Canonical field names map to themselves, so one look-up answers "known?" and "which?".
"""

from typing import Final

SEGMENT_EVENTS: Final[dict[str, str]] = {
    "Products Searched": "search",
    "Product List Viewed": "view_item_list",
    "Product List Filtered": "view_item_list",
    "Product Viewed": "view_item",
    "Product Added": "add_to_cart",
    "Product Removed": "remove_from_cart",
    "Cart Viewed": "view_cart",
    "Checkout Started": "begin_checkout",
    "Order Completed": "purchase",
    "Order Refunded": "refund",
    "Order Cancelled": "refund",
    "Signed In": "identify",
    "Signed Out": "logout",
}
META_EVENTS: Final[dict[str, str]] = {
    "PageView": "page_view",
    "ViewContent": "view_item",
    "Search": "search",
    "AddToCart": "add_to_cart",
    "InitiateCheckout": "begin_checkout",
    "Purchase": "purchase",
}
LOG_EVENTS: Final[dict[str, str]] = {
    # REES46
    "view": "view_item",
    "cart": "add_to_cart",
    # RetailRocket
    "addtocart": "add_to_cart",
    "transaction": "purchase",
    # OTTO
    "clicks": "view_item",
    "carts": "add_to_cart",
    "orders": "purchase",
}
GA4_EVENTS: Final[dict[str, str]] = {
    "view_search_results": "search",
    "login": "identify",
}
EVENT_ALIASES: Final[dict[str, str]] = {**SEGMENT_EVENTS, **META_EVENTS, **LOG_EVENTS, **GA4_EVENTS}

_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("event", "event_name", "eventName"),
    "event_id": ("id", "eventId", "messageId", "message_id", "eventID"),
    "visitor_id": ("visitorId", "anonymousId", "anonymous_id", "client_id", "clientId", "visitorid"),
    "member_id": ("memberId", "userId", "user_id"),
    "occurred_at": ("occurredAt", "timestamp", "originalTimestamp", "ts", "event_time"),
    "sent_at": ("sentAt",),
    "pageview": (),
    "url": ("page_location", "event_source_url"),
    "title": ("page_title",),
    "referrer": ("page_referrer",),
    "search_keyword": (),
    "search_term": ("searchTerm", "search_string", "query"),
    "utm_source": (),
    "utm_medium": (),
    "utm_campaign": (),
    "utm_term": (),
    "utm_content": (),
    "user_agent": ("userAgent",),
    "ip": (),
    "locale": (),
    "environment": (),
    "os": (),
    "browser": (),
    "app_version": ("appVersion",),
    "transaction_id": ("transactionId", "transactionid", "order_id", "orderId"),
    "value": (),
    "currency": (),
    "items": ("products", "contents"),
    "page": (),
    "context": (),
    "params": (),
    "properties": (),
}
_ITEM_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "item_id": ("itemId", "itemid", "product_id", "productId", "sku", "aid", "id", "content_id"),
    "item_name": ("itemName", "name", "title"),
    "price": ("item_price", "itemPrice"),
    "quantity": ("qty",),
    "brand": ("item_brand", "itemBrand"),
    "category": ("item_category", "itemCategory"),
    "category2": ("item_category2",),
    "category3": ("item_category3",),
    "category4": ("item_category4",),
    "category5": ("item_category5",),
    "variant": ("item_variant", "itemVariant"),
}
_PAGE_FIELDS: Final[dict[str, tuple[str, ...]]] = {"url": ("location",), "title": (), "referrer": ("referer",)}
_CONTEXT_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "user_agent": ("userAgent",),
    "ip": (),
    "locale": (),
    "environment": (),
    "os": (),
    "browser": (),
    "app_version": ("appVersion",),
    "app": (),
    "page": (),
    "campaign": (),
}


def _by_alias(table: dict[str, tuple[str, ...]]) -> dict[str, str]:
    return {alias: field for field, aliases in table.items() for alias in (field, *aliases)}


#: alias or canonical name -> canonical name
FIELDS: Final = _by_alias(_FIELDS)
ITEM_FIELDS: Final = _by_alias(_ITEM_FIELDS)
PAGE_FIELDS: Final = _by_alias(_PAGE_FIELDS)
CONTEXT_FIELDS: Final = _by_alias(_CONTEXT_FIELDS)
CAMPAIGN_FIELDS: Final = {
    "source": "utm_source",
    "medium": "utm_medium",
    "name": "utm_campaign",
    "term": "utm_term",
    "content": "utm_content",
}

#: Field names that, at the top of an event without `items`, tell its one item; without those an event has itself.
LONE_ITEM_FIELDS: Final = {alias: field for alias, field in ITEM_FIELDS.items() if alias not in FIELDS}
#: Of those, the ones that name the item: without one of them there is no item to make.
LONE_ITEM_IDS: Final = frozenset(alias for alias, field in LONE_ITEM_FIELDS.items() if field == "item_id")
