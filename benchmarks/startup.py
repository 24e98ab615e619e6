"""Start-up time and resident memory of the app: seconds to the first HTTP 200, megabytes with all models loaded."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent
RESULT = ROOT / "benchmarks" / "results" / "startup.json"


def answer(url: str) -> bytes | None:
    """Body of a 200 answer, or None while there is none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.read() if response.status == 200 else None
    except (urllib.error.URLError, TimeoutError):
        return None


def resident_mb(pid: int) -> float:
    """Resident set of a process in megabytes (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def measure() -> dict[str, float | int | None]:
    """Start the app in a fresh process and folder, wait for the page and for its models, and take both figures."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "GRADIO_TEMP_DIR": folder,
            "DATABASE_URL": f"sqlite:///{folder}/ratings.db",
        }
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
        try:
            while answer(f"http://127.0.0.1:{port}/") is None:
                time.sleep(0.02)
            first = time.perf_counter() - start
            while b'"ready"' not in (answer(f"http://127.0.0.1:{port}/healthz") or b""):
                time.sleep(0.05)
            ready = time.perf_counter() - start
            resident = resident_mb(process.pid)
        finally:
            process.terminate()
            process.wait()
    return {
        "first_200_s": round(first, 2),
        "models_ready_s": round(ready, 2),
        "resident_mb": round(resident),
        "cores": os.cpu_count(),
    }


if __name__ == "__main__":
    measure()  # once to warm the disk cache: the figure is for a warm machine
    result = measure()
    print(json.dumps(result))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
