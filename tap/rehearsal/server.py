"""The emulator's process: run MiniStack with additional resource types until standard input closes."""

import asyncio
import os
import shutil
import socket
import sys
import threading


def main() -> None:
    """Listen on a free port of 127.0.0.1, print its number, and serve.

    Arguments are resource types without a handler, which are only recorded. The port goes into GATEWAY_PORT before
    MiniStack is imported, because MiniStack reads it then.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    os.environ["GATEWAY_PORT"] = str(port)
    threading.Thread(target=_end_with_the_caller, daemon=True).start()
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack.app import app

    from tap.rehearsal import corrections, handlers

    client = handlers.callback(f"http://127.0.0.1:{port}")
    handlers.register(client)
    handlers.skip(sys.argv[1:])
    corrections.correct(client)
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.loglevel = "WARNING"
    print(port, flush=True)
    asyncio.run(serve(app, config))


def _end_with_the_caller() -> None:
    """Standard input ends when the caller does, even one that was killed: clean up in its place."""
    sys.stdin.buffer.read()
    shutil.rmtree(os.environ["TMPDIR"], ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
