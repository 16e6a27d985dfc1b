"""A process that sends hooks until it is killed: `python -m tests.api.dispatch.process URL DATABASE DIRECTORY`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from api.dispatch.dispatcher import Dispatcher
from api.metrics import Metrics
from ingest.log import FileLog
from sql.store import Store
from tests.api.conftest import NOW
from tests.api.dispatch.stage import LOCAL, QUICK

if __name__ == "__main__":
    url, database, directory = sys.argv[1:]
    dispatcher = Dispatcher(
        Store(url, database), FileLog(Path(directory)), lambda: NOW, Metrics(), allowed=LOCAL, rhythm=QUICK
    )
    dispatcher.start()
    threading.Event().wait(120)
