"""The Listening Room: front door of the app. Three tabs, the listening-test routes, launch; no logic."""

import os
import tempfile

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")
os.environ.setdefault("GRADIO_TEMP_DIR", os.path.join(tempfile.gettempdir(), "listening-room"))

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from listening_test import routes
from models import memory
from tabs import compose, first_script, headers, limits, listen, masthead, separate, theme

TABS = {"Compose": compose, "Separate": separate, "Listen": listen}
STATIC = Path(compose.__file__).parent / "static"
MOST_PAGES = 100  # that a process remembers; whoever used none of its calls for longest is forgotten first


def blocks() -> gr.Blocks:
    """Build the page: a heading and one tab per room."""
    with gr.Blocks(title="The Listening Room", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        masthead.build()
        with gr.Tabs():
            for name, tab in TABS.items():
                with gr.Tab(name, id=name.lower()):
                    tab.build()
    page.state_session_capacity = MOST_PAGES
    return page.queue(default_concurrency_limit=2, max_size=32)


def warm_up() -> str:
    """Load what the first visitors would wait for; what is missing is said here, and again to whoever needs it."""
    state = "ready"
    for name, tab in TABS.items():
        try:
            tab.warm_up()
        except ValueError as error:
            print(f"{name}: {error}", flush=True)
            state = "incomplete"
    return state


def create_app() -> FastAPI:
    """Put the page, its static modules, the listening-test routes and the health route on one server."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    models = ThreadPoolExecutor(1).submit(warm_up)
    for layer in (first_script.FirstScript, limits.Limits, headers.SecurityHeaders):
        app.add_middleware(layer)
    app.get("/healthz")(lambda: {"status": "ok", "models": models.result() if models.done() else "loading"})
    app.include_router(routes.router())
    app.mount("/room", StaticFiles(directory=STATIC))
    return gr.mount_gradio_app(
        app,
        blocks(),
        path="/",
        ssr_mode=False,
        run_history=False,
        footer_links=[],
        show_error=False,
        enable_monitoring=False,
        max_file_size="100mb",
        theme=theme.THEME,
        css_paths=STATIC / "style.css",
    )


if __name__ == "__main__":
    host = os.environ.get("HOST") or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = int(os.environ.get("PORT") or os.environ.get("GRADIO_SERVER_PORT") or 7860)
    print(f"The Listening Room: http://{host}:{port}", flush=True)
    memory.start_returning()
    uvicorn.run(create_app(), host=host, port=port, log_level="warning")
