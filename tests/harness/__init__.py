"""Starts the real parts (broker, monitord, funneld, edge) on free loopback ports and kills them by process id.

Everything a part writes is below its folder; `Stack` puts the parts together the way ./run does.
"""

from .broker import Broker
from .edge import Edge
from .funneld import Funneld
from .monitord import Monitord
from .part import Part, PartFailed, free_port, wait_until
from .stack import Stack
from .visitor import Visitor, impression

__all__ = ["Broker", "Edge", "Funneld", "Monitord", "Part", "PartFailed", "Stack", "Visitor", "free_port", "impression", "wait_until"]
