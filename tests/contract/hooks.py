"""Schemathesis: what a valid request needs beyond its schema (http-api.md section 4), given to requests that are meant to
be valid. Requests that are meant to be refused go out as they were made."""

import schemathesis
from schemathesis.core import NOT_SET

IDENTIFIERS = ("consumerId", "identities")


def is_impression(attribute):
    return isinstance(attribute, dict) and str(attribute.get("type", "")).startswith("imp")


def named_offers_only(attributes):
    """Impressions must name an offer of the session, which a made-up one does not."""
    kept = [attribute for attribute in attributes if not is_impression(attribute)]
    return kept or [{"type": "searchInfo", "keywords": ["tea"]}]


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive or case.body is NOT_SET:
        return
    body = case.body
    if case.operation.path.endswith("/report") and isinstance(body, dict):
        body["engagementAttributes"] = named_offers_only(body["engagementAttributes"])
        if not any(body.get(name) for name in IDENTIFIERS) and not (case.query or {}).get("vid"):
            body["consumerId"] = "customer-17"
    if case.operation.path.endswith("/events") and isinstance(body, list):
        body = named_offers_only(body)
    if body != case.body:
        case.body = body
