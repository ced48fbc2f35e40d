"""The whole system as ./run puts it together: edge, monitord, funneld, and a broker if asked for."""

from pathlib import Path

from .broker import Broker
from .edge import Edge
from .funneld import Funneld
from .monitord import Monitord
from .part import ROOT
from .visitor import Visitor

ACCOUNTS = ROOT / "tests" / "e2e" / "accounts"


class Stack:
    def __init__(self, directory, kafka=False, accounts=ACCOUNTS, monitord_settings=None, edge_options=()):
        """`kafka`: with a broker, or with that one."""
        directory = Path(directory)
        self.broker = Broker(directory / "broker") if kafka is True else kafka or None
        address = self.broker.address if kafka else ""
        self.monitord = Monitord(directory / "monitord", accounts, kafka=address, settings=monitord_settings)
        self.funneld = Funneld(directory / "funneld", kafka=address, monitord=self.monitord)
        self.edge = Edge(directory / "edge", self.monitord.port, options=edge_options)

    @property
    def parts(self):
        return [part for part in (self.broker, self.monitord, self.funneld, self.edge) if part]

    def visitor(self, **account_and_app):
        """A new client at the edge."""
        return Visitor(self.edge.port, self.edge.tls_context(), **account_and_app)

    def start(self):
        for part in self.parts:
            part.start()
        return self

    def stop(self):
        for part in reversed(self.parts):
            part.stop()

    def log_tails(self):
        return "\n".join(f"--- {part.name}\n{part.log_tail()}" for part in self.parts)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for part in reversed(self.parts):
            part.close()
