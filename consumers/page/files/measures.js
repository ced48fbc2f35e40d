// The numbers of a row by their names in the API, what people call them, and how they are read, added and shown.

import {brief, duration, money, NONE, number, percent, points, ratio} from "./format.js";

const count = (key, label, about) => ({
  key, label, about, kind: "count", read: (row) => row[key], show: number, brief,
});

// Of two counts of the row. `null` is no zero: there is nothing to divide by.
const share = (key, label, over, under, about) => ({
  key, label, about, over, under, kind: "share", read: (row) => row[key], show: percent, brief: (value) => percent(value).replace(/[.,]0(?=\s)/, ""),
});

export const COUNTS = [
  count("prospects", "Prospects", "sessions in which it was eligible: shown, outdrawn by another, or withheld"),
  count("controlGroup", "Control group", "sessions in which it was withheld, to compare with"),
  count("exposed", "Exposed", "sessions with at least one display"),
  count("exposures", "Exposures", "sessions and engagements displayed in them"),
  count("engagementViews", "Displays", "how often it was displayed"),
  count("acceptedSessions", "Clicked", "sessions with a click"),
  count("acceptedOffers", "Clicks", "how often it was clicked"),
  count("acceptedPairs", "Accepted", "sessions and engagements displayed and then clicked"),
  count("interactions", "Conversations", "conversations that began from an engagement"),
  count("convertedSessions", "Converted", "sessions in which its conversions happened"),
  count("conversions", "Conversions", "orders, leads and services reached after a display"),
  count("expanded", "Expanded", "how often it was opened to more"),
  count("closed", "Closed", "how often the visitor closed it"),
  count("timedOut", "Timed out", "how often it went by itself"),
  count("acceptedWithoutDisplay", "Clicks without display", "clicks of which no display was reported"),
  count("late", "Late", "impressions that came later than a session may last"),
];

export const RATES = [
  share("exposureRate", "Exposure rate", "exposed", "prospects", "exposed of prospects"),
  share("acceptRate", "Accept rate", "acceptedPairs", "exposures", "accepted of exposures"),
  share("interactionRate", "Conversation rate", "interactions", "exposed", "conversations to a session that was exposed"),
  share("conversionRate", "Conversion rate", "convertedSessions", "exposed", "converted of exposed"),
  {
    ...share("averageExposures", "Engagements a session", "exposures", "exposed", "exposures to a session that was exposed"),
    kind: "ratio", show: ratio, brief: ratio,
  },
];

export const valueIn = (currency) => ({
  key: `value.${currency}`, label: `Value, ${currency}`, about: `what the conversions in ${currency} were worth`, kind: "sum",
  currency, read: (row) => row.value[currency] ?? "0", show: money, brief,
});

const time = (key, label) => ({
  key: `${key}.p50`, label, about: "half of them took no longer", kind: "time", show: duration, brief: duration,
  read: (row) => (row[key] ? row[key].p50 : null),
});

export const TIMES = [
  time("displayToAcceptMs", "To a click"), time("acceptToConversationMs", "Click to conversation"),
  time("displayToConversionMs", "To a conversion"),
];

export const LIFT = {
  key: "lift.value", label: "Lift", about: "how much more of those who could see it reached the goal than of the control group",
  kind: "lift", read: (row) => (row.lift ? row.lift.value : null), show: (value) => (value === null ? NONE : points(value)),
};

export const currenciesOf = (rows) => [...new Set(rows.flatMap((row) => Object.keys(row.value)))].sort();

export const isColumn = (key) => [...COUNTS, ...RATES, ...TIMES].some((one) => one.key === key) || /^value\.[A-Z]{3}$/.test(key);

// What a trend or a heat map can show.
export const drawable = (currencies) => [...COUNTS, ...RATES, ...currencies.map(valueIn)];

export function measureOf(key) {
  return key.startsWith("value.") ? valueIn(key.slice(6)) : [...COUNTS, ...RATES].find((one) => one.key === key) || COUNTS[0];
}

export const isRate = (measure) => measure.kind === "share" || measure.kind === "ratio";

// Rows as one, for windows and groups that the API has not added up: counts are sums, rates are of those sums.
export function added(rows) {
  const sum = {value: {}};
  for (const {key} of COUNTS) sum[key] = rows.reduce((total, row) => total + row[key], 0);
  for (const row of rows) {
    for (const [currency, amount] of Object.entries(row.value)) sum.value[currency] = (sum.value[currency] || 0) + Number(amount);
  }
  for (const {key, over, under} of RATES) sum[key] = sum[under] ? sum[over] / sum[under] : null;
  return sum;
}

// The measure's number over rows, null without one. One row's is the API's own.
export function over(measure, rows) {
  if (!rows.length) return isRate(measure) ? null : 0;
  const value = measure.read(rows.length === 1 ? rows[0] : added(rows));
  return value === null ? null : Number(value);
}
