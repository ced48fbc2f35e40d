"""Writes small MaxMind database files: https://maxmind.github.io/MaxMind-DB/."""

import ipaddress

UINT16, UINT32, UINT64 = 5, 6, 9  # kinds of numbers; the metadata's are prescribed
ABSENT = object()  # a record that leads nowhere


def write_geo_database(path, places):
    """`places`: {network: record}, of which none lies in another; a record is a dict of str, int, list and dict."""
    tree, data = [[ABSENT, ABSENT]], bytearray()
    for network, record in places.items():
        offset = len(data)
        data += encode(record)
        insert(tree, bits_of(ipaddress.ip_network(network)), offset)
    nodes = b"".join(pointer(tree, side).to_bytes(3, "big") for node in tree for side in node)
    metadata = {"node_count": len(tree), "record_size": (UINT16, 24), "ip_version": (UINT16, 6),
                "binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
                "build_epoch": (UINT64, 1), "database_type": "Test-City", "languages": ["en"],
                "description": {"en": "for tests"}}
    path.write_bytes(nodes + bytes(16) + data + b"\xab\xcd\xefMaxMind.com" + encode(metadata))
    return path


def bits_of(network):
    """IPv4 lies at ::/96, as the format wants it in a tree of IPv6."""
    ahead = 96 if network.version == 4 else 0
    bits = f"{int(network.network_address):0{network.max_prefixlen}b}"[:network.prefixlen]
    return [int(bit) for bit in "0" * ahead + bits]


def insert(tree, bits, offset):
    node = tree[0]
    for bit in bits[:-1]:
        if node[bit] is ABSENT:
            tree.append([ABSENT, ABSENT])
            node[bit] = tree[-1]
        node = node[bit]
    node[bits[-1]] = offset


def pointer(tree, side):
    if side is ABSENT:
        return len(tree)
    if isinstance(side, int):
        return len(tree) + 16 + side
    return next(number for number, node in enumerate(tree) if node is side)


def encode(value):
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(key) + encode(item) for key, item in value.items())
    if isinstance(value, list):
        return control(11, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, str):
        return control(2, len(value.encode())) + value.encode()
    kind, number = value if isinstance(value, tuple) else (UINT32, value)
    size = (number.bit_length() + 7) // 8
    return control(kind, size) + number.to_bytes(size, "big")


def control(kind, size):
    assert size < 29
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])
