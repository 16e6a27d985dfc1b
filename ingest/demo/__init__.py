"""Openly synthetic traffic of a shop that does not exist, to see the product alive before a real shop sends anything."""

from ingest.demo.members import member_data
from ingest.demo.shop import DemoShop

__all__ = ["DemoShop", "member_data"]
