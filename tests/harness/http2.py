"""A client that speaks HTTP/2 over TLS, one request at a time on one connection."""

import http.client
import socket

import h2.config
import h2.connection
import h2.events


class Http2Client:
    def __init__(self, port, tls_context, timeout_s=30):
        tls_context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), timeout=timeout_s)
        self.socket = tls_context.wrap_socket(plain, server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2"
        self.authority = f"localhost:{port}"
        # What is sent is what a test says, also if no careful client would.
        config = h2.config.H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        self.connection = h2.connection.H2Connection(config)
        self.connection.initiate_connection()

    def request(self, method, target, headers, body=b""):
        """(status, headers, body) of the answer; ConnectionError if the stream or the connection was cut."""
        headers = {name.lower(): value for name, value in headers.items()}
        authority = headers.pop("host", self.authority)
        pseudo = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", target)]
        stream = self.connection.get_next_available_stream_id()
        self.connection.send_headers(stream, pseudo + list(headers.items()), end_stream=not body)
        answer = Answer()
        while not answer.ended:
            body = self.send_some(stream, body)
            self.socket.sendall(self.connection.data_to_send())
            self.receive(stream, answer)
        self.socket.sendall(self.connection.data_to_send())
        return answer.status, answer.headers, bytes(answer.body)

    def send_some(self, stream, body):
        """As much of the body as the other side lets in; returns the rest."""
        while body:
            room = min(self.connection.local_flow_control_window(stream), self.connection.max_outbound_frame_size)
            if room == 0:
                break
            self.connection.send_data(stream, body[:room], end_stream=len(body) <= room)
            body = body[room:]
        return body

    def receive(self, stream, answer):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the connection was closed")
        for event in self.connection.receive_data(data):
            if isinstance(event, h2.events.ConnectionTerminated):
                raise ConnectionError(f"the connection was ended: {event}")
            if getattr(event, "stream_id", None) == stream:
                answer.take(event, self.connection)

    def close(self):
        self.socket.close()


class Answer:
    def __init__(self):
        self.status, self.headers, self.body, self.ended = None, http.client.HTTPMessage(), bytearray(), False

    def take(self, event, connection):
        if isinstance(event, h2.events.ResponseReceived):
            for name, value in event.headers:
                if name == b":status":
                    self.status = int(value)
                else:
                    self.headers.add_header(name.decode(), value.decode())
        elif isinstance(event, h2.events.DataReceived):
            self.body += event.data
            connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended = True
        elif isinstance(event, h2.events.StreamReset):
            # After a whole answer it only says that the rest of the request is not wanted (RFC 9113 section 8.1).
            if not self.ended:
                raise ConnectionError(f"the stream was reset: {event}")
