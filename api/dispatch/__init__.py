"""Hooks out: reads the log of transitions and tells those who asked (docs/hooks.md). `dispatcher.py` is the way in."""

from api.dispatch.dispatcher import Dispatcher

__all__ = ["Dispatcher"]
