"""How the Compose tab puts its scripts on the page."""


def mount(module: str, function: str, *arguments: str) -> str:
    """Write the script that lets a function of a static module fill a gr.HTML, with arguments in JavaScript."""
    given = ", ".join(("element", "props", "watch", *arguments))
    return f"import(new URL('room/{module}', document.baseURI)).then((m) => m.{function}({given}));"
