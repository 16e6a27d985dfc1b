"""The snippet that a shop puts into its pages: JavaScript sources in this directory, and the one script served of them."""

from ingest.tracker.script import Script, script

__all__ = ["Script", "script"]
