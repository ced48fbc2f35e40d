"""compose.yaml as an engine reads it."""

import re

import yaml

from .part import ROOT

# ${NAME:-default}
VARIABLE = re.compile(r"\$\{(\w+):-([^}]*)\}")


def load_compose(file=ROOT / "compose.yaml", environment=None):
    """The document, its variables replaced from `environment` (default: none are set)."""
    environment = environment or {}
    return yaml.safe_load(VARIABLE.sub(lambda match: environment.get(match[1], match[2]), file.read_text()))
