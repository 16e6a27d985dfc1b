"""The server that ends streams when it is told to stop: uvicorn waits for every answer, and theirs would have no end."""

from __future__ import annotations

import socket

import uvicorn
from fastapi import FastAPI


class Server(uvicorn.Server):
    """uvicorn for an application of `create_app`."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving; streams end first."""
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.streams.close()
        await super().shutdown(sockets)
