"""The site as it is deployed: nginx with the shipped configuration in front of two replicas of the image."""

import getpass
import grp
import os
import shutil
import socket
import subprocess
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from time import monotonic, sleep

from tests.conftest import missing
from tests.deploy.image import DEPLOY, build, command_after

ADDRESSES = ("172.30.0.11:8501", "172.30.0.12:8501")
"""Of the replicas in the shipped configuration."""


@dataclass(frozen=True)
class Site:
    """A running site.

    Attributes:
        url: nginx's.
        replicas: the process of each replica, by its address.
    """

    url: str
    replicas: dict[str, subprocess.Popen]


def free_ports(number):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(number)]
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def running(command, log, **options):
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_for(is_ready, process, patience=60):
    deadline = monotonic() + patience
    while not is_ready():
        if monotonic() > deadline or process.poll() is not None:
            raise RuntimeError(f"{process.args} does not answer, exit code {process.poll()}.")
        sleep(0.05)


def succeeds(command):
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def answers(url):
    try:
        return urllib.request.urlopen(url, timeout=5).status == HTTPStatus.OK
    except OSError:
        return False


def write_configuration(folder, port, addresses):
    """The shipped configuration with other ports."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert text.count("listen 8080;") == 1
    (folder / "nginx.conf").write_text(text.replace("listen 8080;", f"listen 127.0.0.1:{port};"), encoding="utf-8")
    text = (DEPLOY / "replicas.conf").read_text(encoding="utf-8")
    for shipped, address in zip(ADDRESSES, addresses, strict=True):
        assert text.count(f"server {shipped};") == text.count(f"{shipped} {shipped};") == 1
        text = text.replace(shipped, address)
    (folder / "replicas.conf").write_text(text, encoding="utf-8")


@contextmanager
def serve_site(folder: Path, **environment):
    """Start nginx and two replicas; yields the site when all are ready."""
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        missing("no nginx")
    image = build(folder)
    port, *ports = free_ports(3)
    addresses = [f"127.0.0.1:{each}" for each in ports]
    write_configuration(folder, port, addresses)
    with ExitStack() as stack:
        replicas = {}
        for address, each in zip(addresses, ports, strict=True):
            command = [*image.command(command_after("CMD")), "--server.port", str(each)]
            options = {"cwd": image.app, "env": image.environment(**environment)}
            replicas[address] = stack.enter_context(running(command, folder / f"{each}.log", **options))
        for replica, each in zip(replicas.values(), ports, strict=True):
            health = image.command(command_after("HEALTHCHECK .* CMD"), each)
            wait_for(partial(succeeds, health), replica)
        user = f"user {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name};"  # root's workers too
        command = [nginx, "-p", folder, "-c", folder / "nginx.conf", "-e", "stderr", "-g", f"daemon off; {user}"]
        proxy = stack.enter_context(running(command, folder / "nginx.log"))
        wait_for(partial(answers, f"http://127.0.0.1:{port}/api/ready"), proxy)
        yield Site(f"http://127.0.0.1:{port}", replicas)
