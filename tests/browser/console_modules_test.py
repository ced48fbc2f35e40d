"""The console's modules that know no page, in the browser that runs them: edits at their place, places of mistakes, wall
times, completion of texts that are not whole."""

import json

import pytest

from harness.part import ROOT


@pytest.fixture(scope="module")
def run(shared_browser, monitord):
    """The value of an expression over a module's exports, `m`, and `a`, its arguments."""
    shared_browser.get(f"{monitord.admin_url}/console/")

    def value(module, expression, *arguments):
        answer = shared_browser.execute_async_script(f"""
            const [module, a, done] = arguments;
            import(new URL(module, location.href)).then((m) => done([{expression}])).catch((error) => done(String(error)));
        """, module, arguments)
        assert isinstance(answer, list), answer
        return answer[0]

    return value


EDITS = [
    # before, operation, after
    ('{"id":1,"name":"A"}', 'm.setMember(t, r, "name", \'"B"\')', '{"id":1,"name":"B"}'),
    ('{"id":1,"name":"A","x":[]}', 'm.setMember(t, r, "p", "2", ["name"])', '{"id":1,"name":"A", "p": 2,"x":[]}'),
    ('{"id":1}', 'm.setMember(t, r, "p", "2", ["name"])', '{"id":1, "p": 2}'),
    ("{}", 'm.setMember(t, r, "p", "2")', '{"p": 2}'),
    ('{\r\n  "id": 1,\r\n  "name": "A"\r\n}', 'm.setMember(t, r, "p", "2", ["id"])', '{\r\n  "id": 1,\r\n  "p": 2,\r\n  "name": "A"\r\n}'),
    ('{\n\t"id": 1\n}', 'm.setMember(t, r, "p", "2")', '{\n\t"id": 1,\n\t"p": 2\n}'),
    ('{ "a" : 1 , "b" : 2 }', 'm.removeMember(r, "a")', '{ "b" : 2 }'),
    ('{"a":1,"b":2,"c":3}', 'm.removeMember(r, "b")', '{"a":1,"c":3}'),
    ('{"a":1,"b":2}', 'm.removeMember(r, "b")', '{"a":1}'),
    ('{"a":1}', 'm.removeMember(r, "a")', "{}"),
    ('{"l":[]}', 'm.appendItem(t, m.memberOf(r, "l"), "1")', '{"l":[1]}'),
    ('{"l":[1,2]}', 'm.appendItem(t, m.memberOf(r, "l"), "3")', '{"l":[1,2, 3]}'),
    ('{"l": [\n  {"a": 1}\n]}', 'm.appendItem(t, m.memberOf(r, "l"), "3")', '{"l": [\n  {"a": 1},\n  3\n]}'),
]


@pytest.mark.parametrize("before, operation, after", EDITS)
def test_an_edit_changes_its_place_and_nothing_else(run, before, operation, after):
    edited = f"((t, r) => {{ const e = {operation}; return m.applyEdit(t, e); }})(a[0], m.parse(a[0]))"
    assert run("json_text.js", edited, before) == after
    json.loads(after)


@pytest.mark.parametrize("path, found", [
    ("", "{"), ("name", '"A"'), ("campaigns[1].id", "2"), ("campaigns[0].engagements[1].zone", "{"), ("campaigns[1].engagements", "{"),
    ("campaigns[0].engagements", '"engagements"'), ("nowhere.at.all", "{"), ("campaigns[7].id", '"campaigns"')])
def test_a_mistake_is_placed_at_its_value_or_what_is_nearest(run, path, found):
    text = '{"name": "A", "campaigns": [{"id": 1, "engagements": [{"id": 11}, {"id": 12}]}, {"id": 2}]}'
    assert run("json_text.js", "((p) => a[0].slice(p.start, p.end))(m.placeOf(m.parse(a[0]), a[1]))", text, path) == found


@pytest.mark.parametrize("text", ['{"a": 1,}', "[1 2]", '{"a" 1}', '"x', "{} {}", "", "01", "nul", '"\\x"', '"\t"', "[" * 1000])
def test_what_is_no_json_is_a_mistake_with_a_place(run, text):
    at = run("json_text.js", "(() => { try { m.parse(a[0]); return -1; } catch (e) { return e.at ?? String(e); } })()", text)
    assert isinstance(at, int) and 0 <= at <= len(text)


@pytest.mark.parametrize("wall, zone, instant", [
    ("2026-11-01T00:00", "Europe/Berlin", "2026-11-01T00:00:00+01:00"),
    ("2026-07-01T12:30", "America/New_York", "2026-07-01T12:30:00-04:00"),
    ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T03:30:00+02:00"),  # skipped
    ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T02:30:00+02:00"),  # twice
    ("2026-01-01T05:45", "Asia/Kathmandu", "2026-01-01T05:45:00+05:45"),
    ("2026-01-01T00:00", "UTC", "2026-01-01T00:00:00+00:00")])
def test_wall_times_are_written_with_their_zones_offset(run, wall, zone, instant):
    assert run("times.js", "m.rfc3339(m.instantOf(a[0], a[1]), a[1])", wall, zone) == instant
    if "T02:30" not in wall:
        assert run("times.js", "m.wallTime(Date.parse(a[0]), a[1])", instant, zone) == wall


@pytest.mark.parametrize("text, offered", [
    ('{|', "accountId"), ('{"campaigns": [{"pri|', "priority"), ('{"settings": {"attribution": |', '"last"'),
    ('{"visitorProfiles": [{"conditions": [{"type": "visitor", |', "is"), ('{"visitorProfiles": [{"conditions": [{| "type": "geo"}]}]}', "country"),
    ('{"campaigns": [{"engagements": [{"skillId": |', "7"), ('{"campaigns": [{"goalId": 1, "visitorProfiles": [|]}]}', "20")])
def test_a_text_that_is_not_whole_is_completed(run, text, offered):
    document = {"skills": [{"id": 7}], "visitorProfiles": [{"id": 20}]}
    schema = json.loads((ROOT / "docs" / "schemas" / "account.schema.json").read_text())
    found = run("completion.js", "m.completionsAt(a[0], a[1], a[2], a[3]).list.map(o => o.json)",
                text.replace("|", ""), text.index("|"), schema, document)
    assert offered in found or json.dumps(offered) in found
