// The funnel as a picture: steps in one unit, sessions, and what is lost from each to the next.

import {card, line, setText} from "./card.js";
import {el} from "./dom.js";
import {change, number, percent} from "./format.js";
import {measureOf} from "./measures.js";

// A conversion needs a display before it and no click, so both last steps are parts of the one before them.
const STEPS = [
  {key: "prospects", words: "Prospects", about: "could have been offered it"},
  {key: "exposed", words: "Exposed", of: "prospects", rate: "exposureRate", about: "saw it", lost: "did not see it"},
  {key: "acceptedSessions", words: "Clicked", of: "exposed", about: "clicked it", lost: "did not click"},
  {key: "convertedSessions", words: "Converted", of: "exposed", rate: "conversionRate", about: "reached its goal, clicked or not", lost: "did not convert"},
];

const ABOUT = [
  "Every bar counts sessions, each once. Clicked and Converted are both parts of Exposed: whoever saw an offer may reach the goal without a click.",
  "Prospects are sessions in which an engagement could have been shown: it was, another one was drawn, or a control group withheld it. An engagement that was eligible in an earlier hour than its display makes a step larger than the one before it.",
  "The thin mark on a bar is the period before, where one is compared with.",
];

export function funnelPart(csv) {
  const part = card("Funnel", {about: ABOUT, csv, name: "funnel"});
  const list = el("ol", {className: "steps-picture"});
  const note = el("p", {className: "note"});
  part.body.append(list, note);

  function show({row, before}) {
    const most = Math.max(1, ...STEPS.map(({key}) => row[key]), ...STEPS.map(({key}) => (before ? before[key] : 0)));
    const steps = STEPS.map((step) => ({
      ...step, count: row[step.key], base: step.of ? row[step.of] : null, was: before ? before[step.key] : null, most,
      share: step.of && row[step.of] ? row[step.key] / row[step.of] : null,
    }));
    const items = d3.select(list).selectAll("li").data(steps, ({key}) => key);
    items.enter().append("li").each(function fill({words, about}) {
      this.append(
        el("div", {className: "step-name"}, el("strong", {}, words), el("small", {}, about)),
        el("div", {className: "bar", "aria-hidden": "true"}),
        el("div", {className: "step-count"},
          el("strong", {}, ""), el("span", {className: "change"}), el("small", {className: "share"}), el("small", {className: "lost"})));
      const svg = d3.select(this).select(".bar").append("svg").attr("width", "100%").attr("height", 34);
      for (const name of ["base", "fill", "was"]) svg.append("rect").attr("class", name).attr("rx", name === "was" ? 0 : 4);
    });
    items.each(function update(step) {
      const item = d3.select(this), width = (count) => `${(100 * count) / step.most}%`, moved = changeOf(step);
      item.select(".base").attr("height", 34).attr("width", width(step.base === null ? 0 : Math.max(step.base, step.count)));
      item.select(".fill").attr("height", 34).attr("width", width(step.count));
      item.select(".was").attr("height", 34).attr("width", step.was === null ? 0 : 3)
        .attr("x", width(step.was || 0)).attr("transform", "translate(-3 0)");
      setText(item.select(".step-count strong").node(), number(step.count));
      setText(item.select(".change").node(), moved ? moved.text : "");
      setText(item.select(".share").node(), step.share === null ? "" : `${percent(step.share)} of ${step.of === "prospects" ? "prospects" : "exposed"}`);
      setText(item.select(".lost").node(), lostWords(step));
    });
    setText(note, `${number(row.controlGroup)} of the prospects were in a control group, which is shown nothing. ` +
      `${number(row.interactions)} conversations began from an engagement.`);
    part.numbers(() => ({
      heads: ["Step", "Sessions", "Share of the step it is a part of", "Lost", ...(before ? ["Period before"] : [])],
      lines: steps.map((step) => line([
        step.words, number(step.count), step.of ? percent(step.share) : "", step.of ? number(Math.max(0, step.base - step.count)) : "",
        ...(before ? [number(step.was)] : [])])),
    }));
  }

  const changeOf = ({key, count, was}) => change(measureOf(key), count, was);

  function lostWords({of, base, count, lost}) {
    if (!of || base <= count) return "";
    return `−${number(base - count)} (${percent(1 - count / base)}) ${lost}`;
  }

  return {element: part.element, show};
}
