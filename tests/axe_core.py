"""The accessibility checker axe-core (MPL-2.0): one file for the browser, fetched into the virtual environment.

`python tests/axe_core.py` fetches it; `make test` does so once.
"""

import hashlib
import io
import sys
import tarfile
import urllib.request
from pathlib import Path

from playwright.sync_api import Page

VERSION = "4.14.1"
SHA256 = "e6b0ce02b84d892e2e33e403485e7f3d6c29e2be6df65daf44d89ba564139745"
ADDRESS = f"https://registry.npmjs.org/axe-core/-/axe-core-{VERSION}.tgz"
SCRIPT = Path(sys.prefix) / "share" / f"axe-core-{VERSION}.min.js"

# The rules of WCAG 2.2, levels A and AA.
RUN = """async (selector) => {
  const found = await axe.run(selector, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
  return found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(" ")}`);
}"""


def serious(page: Page, selector: str = "html") -> list[str]:
    """What axe-core finds serious or critical in a part of a page."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=SCRIPT)
    return list(page.evaluate(RUN, selector))


def fetch() -> None:
    """Fetch the package and keep its script; another package than the pinned one is refused."""
    with urllib.request.urlopen(ADDRESS, timeout=60) as response:
        package = response.read()
    if hashlib.sha256(package).hexdigest() != SHA256:
        sys.exit(f"{ADDRESS} is not the package with SHA-256 {SHA256}: nothing was kept")
    with tarfile.open(fileobj=io.BytesIO(package)) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        SCRIPT.parent.mkdir(exist_ok=True)
        SCRIPT.write_bytes(script.read())


if __name__ == "__main__":
    fetch()
