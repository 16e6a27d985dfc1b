"""The receiver of docs/hooks.md works as it stands there."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from api.dispatch.transition import webhook_id
from tests.api.dispatch.stage import Stage, until
from tests.conftest import free_port

PAGE = Path(__file__).parents[3] / "docs" / "hooks.md"


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def test_the_receiver_of_the_page_verifies_and_tells_each_event_once(stage: Stage, tmp_path: Path) -> None:
    codes = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(codes) == 1
    assert 15 <= len([line for line in codes[0].splitlines() if line.strip()]) <= 22
    (tmp_path / "receiver.py").write_text(codes[0])
    port = free_port()
    hook = stage.hook(f"http://127.0.0.1:{port}/")
    stranger = stage.hook(f"http://127.0.0.1:{port}/", ("segment.exited",))
    environment = {**os.environ, "HOOK_SECRET": hook.secret, "PORT": str(port)}
    command = [sys.executable, str(tmp_path / "receiver.py")]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        until(lambda: answers(port))
        stage.clock.now = int(time.time() * 1000)
        dispatcher = stage.dispatcher()
        lines = stage.happen(2)
        until(lambda: stage.statuses(hook) == ["delivered"] * 2)
        first = webhook_id(lines[0]["id"], hook.hook_id)
        which = {"from_status": "delivered", "webhook_id": first}
        dispatcher._ledger.change(stage.site_id, hook.hook_id, "waiting", "replayed", stage.clock.now, **which)
        until(lambda: stage.statuses(hook) == ["delivered"] * 2 and stage.deliveries(hook)[0].reason == "")
        stage.happen(type="exited")
        until(lambda: [one.last_status for one in stage.deliveries(stranger)] == [401])
    finally:
        process.kill()
        told = process.communicate()[0]
    assert sorted(line.partition(" ")[0] for line in told.splitlines()) == ["segment.entered"] * 2 + ["segment.exited"]
