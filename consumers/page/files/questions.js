// What is asked of the API to show a view: by name, the path of each query. Equal ones are asked once.

import {pathOf} from "./api.js";
import {whereText} from "./dimensions.js";
import {isColumn} from "./measures.js";
import {dateOf, daysOn, HOUR, startOf} from "./range.js";

const HOURLY = 31 * 24 * HOUR + HOUR;  // the longest span of which a trend has hours
const HEAT_DAYS = 92;                  // so many days of a span, the newest, are in the heat map
export const MOST_SPLIT = 12;          // rows of a picture that has one for each group
const MOST_BEFORE = 1000;              // rows of the period before that a table's rows are looked up in

export function stepOf({step}, span) {
  const long = !span || span.to - span.from > HOURLY;
  if (step === "hour") return long ? "day" : "hour";
  if (step === "day") return "day";
  return span && span.to - span.from <= 3 * 24 * HOUR + HOUR ? "hour" : "day";
}

export const mayBeHourly = (span) => span && span.to - span.from <= HOURLY;

// The part of the span that the heat map shows.
export function heatSpan(span, now, zone) {
  const end = Math.min(span ? span.to : Infinity, startOf(daysOn(dateOf(now, zone), 1), zone));
  const from = startOf(daysOn(dateOf(end - 1, zone), 1 - HEAT_DAYS), zone);
  if (!span) return {from, to: end};
  return {from: Math.max(span.from, Math.min(from, span.to)), to: span.to};
}

// As the API takes it: a link may name a column that this breakdown does not have.
function orderOf({sort, by}) {
  const column = sort.replace(/^-/, "");
  if (column.startsWith("lift.")) return by.includes("campaign") ? sort : "";
  return isColumn(column) ? sort : "";
}

export function questionsOf(view, {span, spanBefore: before, heat}) {
  const query = (bounds, more) => pathOf("/api/funnel", {
    account: view.account, count: view.count === "net" ? "" : view.count, where: whereText(view.where),
    from: bounds && bounds.from, to: bounds && bounds.to, ...more,
  });
  const step = stepOf(view, span), by = view.by.join(",");
  const asked = {
    total: query(span),
    trend: query(span, {window: step}),
    table: query(span, {by, orderBy: orderOf(view), limit: view.rows}),
    heat: query(heat, {window: "hour"}),
    lift: query(span, {by: "campaign"}),
  };
  if (view.split) {
    asked.split = query(span, {window: step, by: view.split});
    asked.groups = query(span, {by: view.split, orderBy: "-exposed", limit: MOST_SPLIT});
  }
  if (before) {
    asked.totalBefore = query(before);
    asked.trendBefore = query(before, {window: step});
    asked.tableBefore = query(before, {by, orderBy: "-prospects", limit: MOST_BEFORE});
  }
  return asked;
}
