"""Starting and ending what a benchmark needs: arms, proxies, gateways, each its own process."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.demo.children import end, free_port

ROOT = Path(__file__).resolve().parents[1]
REPLY = (
    '{"model":{"name":"Score in use","version":"1","digest":"sha256:'
    + "a" * 64
    + '"},"output":{"score":0.5}}'
)


LAST = ("chrt", "--idle", "0") if shutil.which("chrt") else ("nice", "-n", "19")
"""In a hospital the candidate has a machine of its own; here its appetite must not count."""


@contextmanager
def running(command: list[str], log: Path, *, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the block ends; it is ready when its port takes connections."""
    with log.open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        wait_for_port(port, process, log)
        yield process
    finally:
        end(process, longest_s=20)


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait half a minute at most until the process listens; RuntimeError with its log otherwise."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended: {log.read_text()[-2000:]}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{process.args!r} does not listen")


def python(module: str, *arguments: str) -> list[str]:
    """Write the command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


@contextmanager
def nginx(
    folder: Path, name: str, server: str, *, port: int, priority: tuple[str, ...] = ()
) -> Iterator[int]:
    """Run an nginx of one process; `server` is what stands inside its http block."""
    config = folder / f"{name}.conf"
    config.write_text(
        f"""daemon off; master_process off; worker_processes 1;
pid {folder}/{name}.pid; error_log {folder}/{name}.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 75s;
  client_body_temp_path {folder}/{name}-body; proxy_temp_path {folder}/{name}-proxy;
  fastcgi_temp_path {folder}/{name}-f; uwsgi_temp_path {folder}/{name}-u;
  scgi_temp_path {folder}/{name}-s;
  {server}
}}
"""
    )
    command = [*priority, "nginx", "-p", str(folder), "-c", str(config)]
    with running(command, folder / f"{name}.out", port=port):
        yield port


@contextmanager
def static_arm(folder: Path, name: str) -> Iterator[int]:
    """Run an arm that always gives the same reply; by nginx, which is fast, where there is one."""
    port = free_port()
    if shutil.which("nginx") is None:
        command = python("benchmarks.arm", "healthy", str(port))
        with running(command, folder / f"{name}.log", port=port):
            yield port
        return
    server = (
        f"server {{ listen 127.0.0.1:{port}; "
        f"location / {{ default_type application/json; return 200 '{REPLY}'; }} }}"
    )
    with nginx(folder, name, server, port=port):
        yield port


@contextmanager
def oversized_arm(folder: Path, *, declared: bool) -> Iterator[int]:
    """Run an arm that answers 100 MB, with or without a Content-Length, at the lowest priority.

    nginx sends a file without touching its bytes, so that the arm itself takes little of the
    processors that it shares here with the gateway; our own arm would take one of them whole.
    """
    port = free_port()
    kind = "huge" if declared else "undeclared"
    if shutil.which("nginx") is None:
        command = [*LAST, *python("benchmarks.arm", kind, str(port))]
        with running(command, folder / f"{kind}.log", port=port):
            yield port
        return
    with (folder / "huge.json").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    # A filter that finds nothing makes nginx forget the length. A POST to a file is a 405 to nginx.
    chunked = "" if declared else "sub_filter_types *; sub_filter nothing-like-it '';"
    server = (
        f"server {{ listen 127.0.0.1:{port}; root {folder}; sendfile on; {chunked} "
        "default_type application/json; error_page 405 =200 /huge.json; "
        "location / { try_files /huge.json =404; } }"
    )
    with nginx(folder, kind, server, port=port, priority=LAST):
        yield port


@contextmanager
def nginx_mirror(folder: Path, primary: int, shadow: int) -> Iterator[int]:
    """Run nginx with `mirror`: what it shadows it neither keeps nor compares."""
    port = free_port()
    server = f"""upstream primary {{ server 127.0.0.1:{primary}; keepalive 64; }}
  upstream shadow {{ server 127.0.0.1:{shadow}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port};
    proxy_http_version 1.1; proxy_set_header Connection "";
    location / {{ mirror /shadow; proxy_pass http://primary; }}
    location = /shadow {{ internal; proxy_pass http://shadow$request_uri; }}
  }}"""
    with nginx(folder, "mirror", server, port=port):
        yield port
