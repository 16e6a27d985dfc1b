"""The snippet in a real Chromium: `shop.py` is the shop's server, `collector.py` the API on another port."""
