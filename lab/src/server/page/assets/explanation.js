// Why a delivery was stopped: the paths of a pattern, the statements of a policy, the error of a function.

import { el, fold } from "./dom.js";
import { has, t } from "./text.js";

/** What stopped a step, in words. */
export function reason({ hop, delivery, exchange }) {
  if (exchange) return t("reason.discord_refused", exchange.status);
  const known = `reason.${delivery.reason}`;
  return has(known) ? t(known, t(`hop.${hop}`)) : (delivery.detail ?? "");
}

/** What helps against it. */
export function remedy({ hop, delivery, exchange }) {
  if (exchange) return t("remedy.discord_refused");
  if (delivery.reason === "policy_denied") {
    return has(`remedy.policy_denied.${hop}`) ? t(`remedy.policy_denied.${hop}`) : t("remedy.policy_denied.other");
  }
  return has(`remedy.${delivery.reason}`) ? t(`remedy.${delivery.reason}`) : undefined;
}

/** The evidence, as far as there is any. */
export function evidence({ delivery, exchange }) {
  if (exchange) return pre(JSON.stringify(exchange.refusal, null, 2));
  const { reason, detail, explanation } = delivery;
  switch (reason) {
    case "pattern_mismatch":
      return explanation && pattern(explanation);
    case "policy_denied":
      return explanation ? policy(explanation) : [el("p", {}, t("policy.none")), words(detail)];
    case "filter_policy":
      return explanation && filter(explanation);
    case "function_error":
      return failure(delivery);
    case "unconfirmed":
    case "rule_disabled":
    case "read_only_event":
    case "no_target":
      // The reason has said it all.
      return undefined;
    default:
      return detail && words(detail);
  }
}

/** The lab's own words, which are English. */
function words(detail) {
  return detail && el("p", { class: "quiet", lang: "en" }, detail);
}

function pre(text) {
  return text && el("pre", { lang: "en", tabindex: "0" }, text);
}

/** A table of what is wanted where, and what is there. */
function comparison(head, rows) {
  const cells = (row) => row.map((cell, index) => el(index ? "td" : "th", index ? { "data-head": head[index] } : { scope: "row" }, cell));
  return el(
    "table",
    { class: "comparison" },
    el("thead", {}, el("tr", {}, head.map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, cells(row)))),
  );
}

function values(list) {
  return list.flatMap((one, index) => [index ? " " : "", el("code", {}, one)]);
}

function pattern({ failures, alternatives }) {
  const head = [t("pattern.path"), t("pattern.wanted"), t("pattern.found")];
  return [
    alternatives > 1 ? el("p", {}, t("pattern.alternatives", alternatives)) : undefined,
    comparison(head, failures.map(failed)),
  ];
}

function failed({ path, wanted, found, near_miss: near }) {
  const note = near && has(`near.${near.kind}`) ? el("p", { class: "near" }, t(`near.${near.kind}`, near)) : undefined;
  return [
    el("code", {}, path || t("pattern.whole")),
    values(wanted.map((one) => t("pattern.matcher", one))),
    [present(found), note],
  ];
}

function present({ state, values: there, more, with: others }) {
  if (state === "values") {
    return [values(there.map((value) => JSON.stringify(value))), more ? ` ${t("pattern.more", more)}` : ""];
  }
  return state === "other_element" ? t("pattern.other_element", others) : t(`pattern.${state}`);
}

function policy({ principal, action, resource, statements }) {
  const asked = el("p", {}, t("policy.asked", principal, action, resource));
  if (!statements.length) return [asked, el("p", {}, t("policy.empty"))];
  return [asked, statements.map(statement)];
}

function statement({ index, sid, effect, misses }) {
  const name = el("p", { class: "statement" }, t("policy.statement", sid ? `“${sid}”` : index + 1, effect), ": ", el("b", {}, t(misses.length ? "policy.misses" : "policy.applies")));
  if (!misses.length) return name;
  const head = [t("policy.element"), t("policy.wanted"), t("policy.seen")];
  return [name, comparison(head, misses.map(missed))];
}

function missed(miss) {
  const { element, negated, operator, key, wanted, seen } = miss;
  const where = element === "Condition" ? [el("code", {}, operator), " ", el("code", {}, key)] : el("code", {}, negated ? `Not${element}` : element);
  const there = seen === null ? t("policy.absent") : values([seen].flat());
  return [where, wanted.length ? values(wanted) : t("policy.empty_list"), there];
}

function filter({ drop, accepted_in: other }) {
  const causes = { no_attributes: "NoAttributes", body_not_json: "BodyNotJson", properties: "Properties" };
  return [
    el("p", {}, t(`filter.${causes[drop?.cause] ?? "Properties"}`)),
    drop?.explanation && pattern(drop.explanation),
    drop?.error && words(drop.error),
    other && el("p", {}, t("filter.other", other)),
  ];
}

function failure({ detail, explanation }) {
  const trace = explanation?.error?.stackTrace;
  return [
    detail && el("p", { class: "error", lang: "en" }, detail),
    Array.isArray(trace) && trace.length ? pre(trace.join("")) : undefined,
    // Python's runtime writes a traceback as one entry of the log, its lines parted by carriage returns.
    explanation?.log ? fold("log", t("flow.log"), () => pre(explanation.log.replaceAll("\r", "\n"))) : undefined,
  ];
}
