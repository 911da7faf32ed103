import os
import socket

import pytest

from pipeline.contracts.errors import StackError
from stack.ports import busy, check_free, free_ports
from stack.services import SERVICES
from stack.settings import StackSettings


def test_a_busy_port_is_named_with_its_service_its_owner_and_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError) as caught:
            check_free(StackSettings(kafka_port=port), SERVICES[:1])
    assert f"port {port} (kafka) is in use by process {os.getpid()}" in str(caught.value)
    assert "set FRAMEWISE_KAFKA_PORT" in str(caught.value)


def test_a_server_on_every_address_makes_a_port_busy() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert busy(server.getsockname()[1])


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert not any(busy(port) for port in ports)
