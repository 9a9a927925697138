"""``python -m local.commerce``: how it starts, goes on after a restart, and ends."""

import contextlib
import signal
import subprocess
import sys

import pytest
import requests

from functions.commerce.client import CommerceConnection
from functions.commerce.errors import Unavailable
from functions.commerce.settings import CommerceSettings
from functions.settings import from_environment
from tests import machine
from tests.local.commerce.control import Control
from tests.running import ROOT, listening

COMMAND = [sys.executable, "-m", "local.commerce"]


@contextlib.contextmanager
def alone(*arguments: str):
    """A stand-in as a child: the process, and the lines that it said first."""
    process = subprocess.Popen(
        [*COMMAND, "--port", "0", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process, [process.stdout.readline().rstrip("\n") for _ in range(6)]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def ended(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextlib.contextmanager
def shop_of(lines: list[str]):
    environment = dict(line.split("=", 1) for line in lines[1:])
    with requests.Session() as session:
        settings = from_environment(CommerceSettings, environment)
        yield CommerceConnection(settings, session).session()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_when_asked(number):
    with alone() as (process, lines):
        first, _, address = lines[0].rpartition(" ")
        assert first == "listening on"
        assert address.startswith("127.0.0.1:")
        with shop_of(lines) as shop:
            assert shop.get("products/{sku}", sku="STANDIN-LAMP")["price"] == 25

        process.send_signal(number)
        _, said = process.communicate(timeout=30)

    assert (process.returncode, said, listening(address)) == (0, "", False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_it_goes_on_where_it_stopped(tmp_path, number):
    state = str(tmp_path / "shop.sqlite")
    customer = {"email": "ada@example.com", "firstname": "Ada", "lastname": "Bauer"}
    with alone("--state", state) as (process, lines):
        with shop_of(lines) as shop:
            made = shop.post("customers", {"customer": customer})["id"]
            shop.post("order/{orderId}/ship", {}, orderId=10)
            shop.delete("products/{sku}", sku="STANDIN-LAMP")
        process.send_signal(number)
        process.wait(30)

    with alone("--state", state) as (process, lines), shop_of(lines) as shop:
        there = shop.get("customers/{id}", id=made)
        order = shop.get("orders/{id}", id=10)
        control = Control(f"http://{lines[0].rpartition(' ')[2]}")
        did = [what for what, _ in control.did()]
        customer["email"] = "bo@example.com"
        after = shop.post("customers", {"customer": customer})["id"]

    assert there["email"] == "ada@example.com"
    assert (order["status"], order["items"][0]["qty_shipped"]) == ("complete", 1000)
    assert did == ["customer.created", "shipment.created", "product.deleted"]
    assert after == made + 1


def test_without_a_file_all_is_forgotten():
    counts = []
    for _ in range(2):
        with alone() as (_, lines), shop_of(lines) as shop:
            shop.delete("products/{sku}", sku="STANDIN-LAMP")
            control = Control(f"http://{lines[0].rpartition(' ')[2]}")
            counts.append(control.state()["counts"]["products"])

    assert counts == [3, 3]


@pytest.mark.adobe
def test_it_holds_requests_against_adobes_document():
    path = machine.reference() / "commerce-rest" / "paas-2.4.8.json"
    with alone("--openapi", str(path)) as (_, lines), shop_of(lines) as shop:
        shop.post("products", {"product": {"sku": "a", "name": "n", "price": 1}})
        with pytest.raises(Unavailable, match="Against Adobe's OpenAPI: POST products"):
            shop.post("products", {"sku": "a"})


def test_a_port_in_use_is_one_sentence():
    with alone() as (_, lines):
        address = lines[0].rpartition(" ")[2]
        second = ended("--port", address.rpartition(":")[2])

    assert (second.returncode, second.stdout) == (3, "")
    assert second.stderr == (
        f"Cannot listen on {address}: Address already in use; choose another port, or"
        " 0 for a free one.\n"
    )


def test_a_state_that_cannot_be_is_one_sentence(tmp_path):
    state = tmp_path / "state.sqlite"
    state.write_text("no database, but a text of some length" * 100)
    said = ended("--port", "0", "--state", str(state))

    assert (said.returncode, said.stdout) == (3, "")
    assert said.stderr == f"Cannot keep the state in {state}: file is not a database.\n"


@pytest.mark.parametrize(
    "arguments",
    [["--port", "70000"], ["--port", "x"], ["--openapi", "README.md"]],
    ids=" ".join,
)
def test_a_wrong_argument_is_a_usage_error(arguments):
    said = ended(*arguments)

    assert said.returncode == 2
    assert f"argument {arguments[0]}" in said.stderr
