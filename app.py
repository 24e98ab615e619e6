"""The Listening Room: front door of the app. Three tabs, the listening-test routes, launch; no logic."""

import os

os.environ.update(GRADIO_ANALYTICS_ENABLED="False", HF_HUB_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1")

import tempfile
import threading
from pathlib import Path

os.environ.setdefault("GRADIO_TEMP_DIR", os.path.join(tempfile.gettempdir(), "listening-room"))

import gradio as gr
import uvicorn
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from listening_test import routes
from tabs import compose, listen, separate

TABS = {"Compose": compose, "Separate": separate, "Listen": listen}
STATIC = Path(compose.__file__).parent / "static"
LARGEST_UPLOAD = "100mb"
# Plain font names: a named web font would be asked for at another host.
THEME = gr.themes.Soft(
    primary_hue="indigo", font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
).set(
    background_fill_primary="*neutral_50",  # Soft's own; set() would bring back plain white
    block_title_background_fill="transparent",
    block_title_background_fill_dark="transparent",
    block_title_padding="0",
    block_title_text_color="*body_text_color",
    block_title_text_color_dark="*body_text_color",
    block_title_text_weight="600",
)


def blocks() -> gr.Blocks:
    """Build the page: a heading and one tab per room."""
    with gr.Blocks(title="The Listening Room", analytics_enabled=False, delete_cache=(3600, 3600)) as page:
        gr.Markdown("# The Listening Room\nNeural music, judged by ears, blind.", elem_classes="masthead")
        with gr.Tabs():
            for name, tab in TABS.items():
                with gr.Tab(name, id=name.lower()):
                    tab.build()
    return page.queue(default_concurrency_limit=2, max_size=32)


def create_app() -> FastAPI:
    """Put the page, its static modules, the listening-test routes and the health route on one server."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    ready = threading.Event()
    threading.Thread(target=lambda: ([tab.warm_up() for tab in TABS.values()], ready.set()), daemon=True).start()

    @app.get("/healthz")
    def health() -> dict[str, str]:
        return {"status": "ok", "models": "ready" if ready.is_set() else "loading"}

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
        max_file_size=LARGEST_UPLOAD,
        theme=THEME,
        css_paths=STATIC / "style.css",
    )


if __name__ == "__main__":
    host = os.environ.get("HOST") or os.environ.get("GRADIO_SERVER_NAME") or "127.0.0.1"
    port = int(os.environ.get("PORT") or os.environ.get("GRADIO_SERVER_PORT") or 7860)
    print(f"The Listening Room: http://{host}:{port}", flush=True)
    uvicorn.run(create_app(), host=host, port=port, log_level="warning")
