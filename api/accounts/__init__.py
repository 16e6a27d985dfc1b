"""Accounts of people: passwords, sessions, roles, audit. Keys of machines are api/keyring.py."""
