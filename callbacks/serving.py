"""Commands that stay: the web server, the scheduler, and both in one for the embedded default."""

import multiprocessing
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import uvicorn

from callbacks import analyst_page, assessment_page, downloads, glossary_page, kpi_page, sources_page
from callbacks.commands import open_store
from callbacks.web import build_web
from data.instants import utc_now
from data.people import SAMPLE_ACCOUNTS
from data.settings import SettingsError, load_settings
from data.store import Store
from data.worker import run_worker

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(options: Namespace) -> int:
    """The web server; with several workers each is a process of its own."""
    store = open_store(options)
    _check_host(store, options.host)
    _greet(store, options)
    store.close()
    if options.workers > 1:
        os.environ |= {"LINLI_INSTANCE": str(options.instance), "LINLI_HOST": options.host}
        uvicorn.run(
            "callbacks.serving:web_of_environment", factory=True, host=options.host, port=options.port,
            workers=options.workers, **SERVER,
        )  # fmt: skip
        return 0
    uvicorn.run(_web(options.instance, options.host), host=options.host, port=options.port, **SERVER)
    return 0


SERVER: dict = {
    "log_level": "warning",
    "server_header": False,
    "timeout_graceful_shutdown": 5,
    "access_log": False,
}


PAGES = (kpi_page, assessment_page, analyst_page, sources_page, glossary_page, downloads)


def web_of_environment():
    """The web application of the instance named by the environment: how a worker process starts."""
    return _web(Path(os.environ["LINLI_INSTANCE"]), os.environ["LINLI_HOST"])


def _web(folder: Path, host: str):
    return build_web(Store(load_settings(folder)), clock=utc_now, host=host, pages=PAGES)


def worker(options: Namespace) -> int:
    """The scheduler, until it is told to stop."""
    store = open_store(options)
    run_worker(store, store.settings, clock=utc_now, demo=False)
    return 0


def demo(options: Namespace) -> int:
    """Web server with a scheduler process beside it; Ctrl-C ends both."""
    store = open_store(options)
    _check_host(store, options.host)
    store.close()
    context = multiprocessing.get_context("spawn")
    scheduler = context.Process(target=_demo_worker, args=(str(options.instance),), daemon=True)
    scheduler.start()
    try:
        return serve(Namespace(**{**vars(options), "workers": 1}))
    finally:
        scheduler.terminate()
        scheduler.join(10)


def _demo_worker(folder: str) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings = load_settings(Path(folder))
    run_worker(Store(settings), settings, clock=utc_now, demo=settings.sample)


def _end_with_parent() -> None:
    """A server that is killed cannot end its scheduler: the scheduler watches, and ends itself."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os.kill(os.getpid(), signal.SIGTERM)


def _check_host(store: Store, host: str) -> None:
    if store.settings.sample and host not in LOOPBACK:
        raise SettingsError(
            f"--host: got {host}; expected a loopback address for a sample city and its open accounts"
        )


def _greet(store: Store, options: Namespace) -> None:
    print(f"Linli 邻里 · {store.settings.name} · http://{options.host}:{options.port}")
    if store.settings.sample:
        print("Accounts of the sample city (name / password / role):")
        for account in SAMPLE_ACCOUNTS:
            print(f"  {account.name:12} {account.password:20} {account.role}")
    sys.stdout.flush()


COMMANDS: dict[str, Callable[[Namespace], int]] = {"serve": serve, "worker": worker, "demo": demo}
