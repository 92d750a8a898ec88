import socket

from pages.components.shared.server import send_at_once


def is_nagled(connection):
    return not connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_connections_send_at_once_whenever_they_are_made():
    send_at_once.clear()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        before, _ = server.accept()
        assert is_nagled(before)
        send_at_once()
        assert not is_nagled(before)
        with socket.create_connection(server.getsockname()):
            after, _ = server.accept()
            assert not is_nagled(after)
            after.close()
        before.close()


def test_other_and_closed_sockets_are_left_alone():
    send_at_once.clear()
    socket.socket().close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        send_at_once()
        assert datagrams.fileno() >= 0
