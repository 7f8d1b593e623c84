"""A model server that fails in every way on purpose, and writes down every row it worked on.

Run: python faulty_server.py LOG FAULTS, where FAULTS is JSON: {fault: every n-th request}. Prints its port.
"""

import asyncio
import json
import socket
import sys
from pathlib import Path

import uvicorn


WEIGHTS, BIAS = (1.0, -2.0, 0.5, 1.5), 0.3


def label(row):
    """Return the label of a row: a linear rule."""
    return int(sum(w * x for w, x in zip(WEIGHTS, row, strict=True)) > BIAS)


def application(log, faults):
    """Return an ASGI application; ``log`` is a file that gets one line a row worked on."""
    count = 0

    async def app(scope, receive, send):
        nonlocal count
        if scope["type"] != "http":
            return
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        count += 1
        hit = [name for name, every in faults.items() if every and count % every == 0]
        fault = hit[0] if hit else ""
        if fault in ("429", "503"):
            await answer(send, int(fault), {"error": "busy"}, [(b"retry-after", b"0.01")])
            return
        rows = json.loads(body)["instances"]
        for row in rows:
            log.write(json.dumps(row) + "\n")
        log.flush()
        labels = [label(row) for row in rows]
        if fault == "500":
            await answer(send, 500, {"error": "broken"})
        elif fault == "slow":
            await asyncio.sleep(3)
            await answer(send, 200, {"predictions": labels})
        elif fault == "twice":
            await answer(send, 200, {"predictions": labels + labels})
        elif fault == "shape":
            await answer(send, 200, {"predictions": {"0": labels}})
        elif fault == "text":
            await answer(send, 200, "<html>", raw=True)
        else:
            await answer(send, 200, {"predictions": labels})

    return app


async def answer(send, status, content, headers=(), raw=False):
    """Send one answer."""
    body = content.encode() if raw else json.dumps(content).encode()
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    with Path(sys.argv[1]).open("a") as log:
        config = uvicorn.Config(
            application(log, json.loads(sys.argv[2])), log_level="critical", lifespan="off"
        )
        uvicorn.Server(config).run(sockets=[listening])
