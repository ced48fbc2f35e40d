// Numbers, shares and times for people.

export const NONE = "–";  // where the API says null: there is no such number

const whole = new Intl.NumberFormat();
const decimal = new Intl.NumberFormat(undefined, {maximumFractionDigits: 6});
const signed = new Intl.NumberFormat(undefined, {signDisplay: "exceptZero", maximumFractionDigits: 1});
const short = new Intl.NumberFormat(undefined, {notation: "compact", maximumFractionDigits: 1});

const withSign = (value) => signed.format(value).replace("-", "−");

export const number = (value) => (value === null ? NONE : whole.format(value));
export const brief = (value) => short.format(value);

// "78.0 %", with a blank that does not break; small shares keep digits that tell them from nothing.
export function percent(share) {
  if (share === null) return NONE;
  const digits = share !== 0 && Math.abs(share) < 0.001 ? 3 : 1;
  return `${(share * 100).toLocaleString(undefined, {minimumFractionDigits: digits, maximumFractionDigits: digits})}\u00a0%`;
}

// Percentage points, of a difference of shares.
export const points = (share) => `${withSign(share * 100)}\u00a0pp`;

export const ratio = (value) => (value === null ? NONE : value.toLocaleString(undefined, {maximumFractionDigits: 2}));

// A sum of the API, a decimal text, to its last digit.
export const money = (amount) => (amount === null ? NONE : decimal.format(amount));

const UNITS = [["d", 86400000], ["h", 3600000], ["min", 60000], ["s", 1000]];

// "340 ms", "4.2 s", "3 min 20 s", "2 d 4 h"
export function duration(ms) {
  if (ms === null) return NONE;
  if (ms < 1000) return `${number(ms)}\u00a0ms`;
  if (ms < 60000) return `${(ms / 1000).toLocaleString(undefined, {maximumFractionDigits: 1})}\u00a0s`;
  const at = UNITS.findIndex(([, size]) => ms >= size), [unit, size] = UNITS[at], [next, less] = UNITS[at + 1];
  const rest = Math.round((ms % size) / less);
  return rest && rest * less < size ? `${Math.floor(ms / size)}\u00a0${unit} ${rest}\u00a0${next}` : `${Math.round(ms / size)}\u00a0${unit}`;
}

// How a number stands to the one of the period before: {text, better}; null if there is nothing to compare.
export function change(measure, now, before) {
  if (now === null || before === null || before === undefined) return null;
  if (measure.kind === "share") return {text: points(now - before), better: Math.sign(now - before)};
  if (before === 0) return now === 0 ? {text: "±0\u00a0%", better: 0} : {text: "none before", better: 0};
  const relative = now / before - 1;
  return {text: relative === 0 ? "±0\u00a0%" : `${withSign(relative * 100)}\u00a0%`, better: Math.sign(relative)};
}
