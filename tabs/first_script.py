"""The script that runs before all others of the page: it decides the language, and translates what Gradio writes.

Gradio puts what an app has for the head there when it draws the page, and visitors would see it in English first.
"""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEAD = b"<head>"
SCRIPT = b'<script type="module" src="room/translate.js"></script>'


class FirstScript:
    """Puts the script into the page's markup."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app whose page comes in one piece."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and the page back with the script."""
        held: list[Message] = []

        async def with_script(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            body = message.get("body", b"")
            if held and HEAD in body and not message.get("more_body"):
                body = body.replace(HEAD, HEAD + SCRIPT, 1)
                MutableHeaders(scope=held[0])["content-length"] = str(len(body))
            while held:
                await send(held.pop())
            await send({**message, "body": body})

        is_page = scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET"
        await self._app(scope, receive, with_script if is_page else send)
