// Spans of time in the account's zone, where a day may have 23 or 25 hours. A span is {from, to} in ms, `to` not in it;
// null is all time. Pure: the time comes in as data.

import {instantOf, wallTime} from "./times.js";

export const HOUR = 3600000;
const DAY = 24 * HOUR;

export const dateOf = (ms, zone) => wallTime(ms, zone).slice(0, 10);

// Of a wall time or a date: so many days on, by the calendar.
export function daysOn(wall, days) {
  return new Date(Date.parse(`${wall.slice(0, 10)}T00:00Z`) + days * DAY).toISOString().slice(0, 10) + wall.slice(10);
}

export const startOf = (date, zone) => instantOf(`${date}T00:00`, zone);
const daysFrom = (one, other) => Math.round((Date.parse(`${other}T00:00Z`) - Date.parse(`${one}T00:00Z`)) / DAY);

// Where the date's hours begin. Zones that move their clocks by half an hour have one of another length.
export function hoursOf(date, zone) {
  const begin = startOf(date, zone), end = startOf(daysOn(date, 1), zone), step = (end - begin) % HOUR ? HOUR / 4 : HOUR;
  const hours = [];
  for (let at = begin; at < end; at += step) {
    if (at === begin || wallTime(at, zone).endsWith(":00")) hours.push(at);
  }
  return hours;
}

export function datesOf({from, to}, zone) {
  const dates = [];
  for (let date = dateOf(from, zone); startOf(date, zone) < to; date = daysOn(date, 1)) dates.push(date);
  return dates;
}

// Where the windows of the span begin that a trend has: of days, or of hours.
export function windowsOf(span, step, zone) {
  const dates = datesOf(span, zone);
  if (step === "day") return dates.map((date) => startOf(date, zone));
  return dates.flatMap((date) => hoursOf(date, zone)).filter((at) => at >= span.from && at < span.to);
}

const monthOf = (date) => `${date.slice(0, 7)}-01`;
const monthBefore = (first) => monthOf(daysOn(first, -1));
const monthAfter = (first) => monthOf(daysOn(first, 31));

// name -> [words, first date, the date behind the last one], of today's date.
export const RANGES = {
  "today": ["Today", (today) => [today, daysOn(today, 1)]],
  "yesterday": ["Yesterday", (today) => [daysOn(today, -1), today]],
  "7d": ["Last 7 days", (today) => [daysOn(today, -6), daysOn(today, 1)]],
  "30d": ["Last 30 days", (today) => [daysOn(today, -29), daysOn(today, 1)]],
  "90d": ["Last 90 days", (today) => [daysOn(today, -89), daysOn(today, 1)]],
  "month": ["This month", (today) => [monthOf(today), monthAfter(monthOf(today))]],
  "last-month": ["Last month", (today) => [monthBefore(monthOf(today)), monthOf(today)]],
  "all": ["All time", null],
  "custom": ["From … to …", null],
};

export function spanOf({range, from, to}, now, zone) {
  if (range === "custom") return {from, to};
  const dates = RANGES[range][1];
  if (!dates) return null;
  const [first, behind] = dates(dateOf(now, zone));
  return {from: startOf(first, zone), to: startOf(behind, zone)};
}

const isMidnight = (ms, zone) => ms === startOf(dateOf(ms, zone), zone);

// The span before this one: the calendar month before a month, else as many days, or for parts of days as many hours.
// Of a span that is not over it is what the same part of it was, up to the end of the running hour.
export function spanBefore(range, span, now, zone) {
  if (!span) return null;
  const {from, to} = span;
  if (!isMidnight(from, zone) || !isMidnight(to, zone)) return {from: from - (to - from), to: from};
  const first = dateOf(from, zone);
  const month = range === "month" || range === "last-month";
  const days = daysFrom(month ? monthBefore(first) : first, month ? first : dateOf(to, zone));
  const before = {from: startOf(daysOn(first, -days), zone), to: from};
  if (now < from || now >= to) return before;
  const hours = hoursOf(dateOf(now, zone), zone), next = hours.find((at) => at > now);
  if (next === undefined) return {...before, to: Math.min(from, startOf(daysOn(dateOf(now, zone), 1 - days), zone))};
  return {...before, to: Math.min(from, instantOf(daysOn(wallTime(next, zone), -days), zone))};
}

const inZone = (zone, options) => new Intl.DateTimeFormat(undefined, {timeZone: zone, ...options});

export const dayWords = (ms, zone) => inZone(zone, {weekday: "short", day: "numeric", month: "short"}).format(ms);
export const shortDay = (ms, zone) => inZone(zone, {day: "numeric", month: "short"}).format(ms);
export const weekdayWords = (day) => inZone("UTC", {weekday: "long"}).format((4 + day) * DAY);  // 0: Monday
// 0: Monday
export const weekdayOf = (date) => (new Date(`${date}T00:00Z`).getUTCDay() + 6) % 7;

const hourText = (ms, zone) => wallTime(ms, zone).slice(11);
const offsetText = (ms, zone) =>
  inZone(zone, {timeZoneName: "shortOffset"}).formatToParts(ms).find(({type}) => type === "timeZoneName").value;

// "02:00", and where the clock shows it twice which of them: "02:00 GMT+2".
export function hourWords(ms, zone) {
  const text = hourText(ms, zone);
  const twice = [-HOUR, HOUR].some((other) => hourText(ms + other, zone) === text && dateOf(ms + other, zone) === dateOf(ms, zone));
  return twice ? `${text} ${offsetText(ms, zone)}` : text;
}

const withYear = (ms, zone) => inZone(zone, {weekday: "short", day: "numeric", month: "short", year: "numeric"}).format(ms);

// "Sat, 24 Oct 2026 – Sun, 25 Oct 2026"; hours are named where they are no midnights.
export function spanWords({from, to}, zone) {
  if (isMidnight(from, zone) && isMidnight(to, zone)) {
    const last = startOf(daysOn(dateOf(to, zone), -1), zone);
    return last <= from ? withYear(from, zone) : `${withYear(from, zone)} – ${withYear(last, zone)}`;
  }
  return `${withYear(from, zone)} ${hourWords(from, zone)} – ${withYear(to, zone)} ${hourWords(to, zone)}`;
}

// "25 October has 25 hours", of the span's days on which the clocks move.
export function clockChanges(span, zone) {
  return datesOf(span, zone).map((date) => [date, (startOf(daysOn(date, 1), zone) - startOf(date, zone)) / HOUR])
    .filter(([, hours]) => hours !== 24)
    .map(([date, hours]) => `${shortDay(startOf(date, zone), zone)} has ${hours.toLocaleString()} hours`);
}
