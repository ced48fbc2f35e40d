// Instants of the document (RFC 3339, milliseconds) and the wall time of a zone, as people and date fields write it.

const formats = new Map();

function partsAt(ms, zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit",
      minute: "2-digit", second: "2-digit",
    }));
  }
  return Object.fromEntries(formats.get(zone).formatToParts(ms).map(({type, value}) => [type, value]));
}

// How many milliseconds the zone's clocks are ahead of UTC at that instant.
function offsetAt(ms, zone) {
  const {year, month, day, hour, minute, second} = partsAt(ms, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

// The zone if this browser knows it, else UTC.
export function knownZone(zone) {
  try {
    partsAt(0, zone || "UTC");
    return zone || "UTC";
  } catch {
    return "UTC";
  }
}

// "2026-11-01T00:00", the value of a date field.
export function wallTime(ms, zone) {
  const {year, month, day, hour, minute} = partsAt(ms, zone);
  return `${year}-${month}-${day}T${hour}:${minute}`;
}

// The instant of a wall time. One that the clock skips is taken by the offset before; of one that comes twice the first.
export function instantOf(wall, zone) {
  const utc = Date.parse(`${wall}Z`);
  const before = utc - offsetAt(utc - 86400000, zone), after = utc - offsetAt(utc + 86400000, zone);
  return [before, after].find((ms) => ms + offsetAt(ms, zone) === utc) ?? before;
}

// RFC 3339 with the zone's offset.
export function rfc3339(ms, zone) {
  const offset = offsetAt(ms, zone), minutes = Math.abs(offset) / 60000;
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const sign = offset < 0 ? "-" : "+";
  return `${new Date(ms + offset).toISOString().slice(0, 19)}${sign}${two(minutes / 60)}:${two(minutes % 60)}`;
}

// For people.
export function inWords(ms, zone) {
  return new Intl.DateTimeFormat(undefined, {timeZone: zone, dateStyle: "medium", timeStyle: "medium"}).format(ms);
}
