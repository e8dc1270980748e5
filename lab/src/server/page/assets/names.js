// Names that a person can read, and times.

import { el } from "./dom.js";
import { language } from "./text.js";

/** The last part of an ARN: the name of a topic, a rule, a queue, a function. Anything else stays as it is. */
export function short(arn) {
  if (!arn?.startsWith("arn:")) return arn ?? "";
  const resource = arn.split(":").slice(5).join(":");
  return resource.replace(/^(rule|function|event-bus|trail|role|user)[/:]/, "");
}

/** A short name whose full form shows when pointed at. */
export function named(arn) {
  return short(arn) === arn ? el("span", { class: "name" }, arn) : el("span", { class: "name", title: arn }, short(arn));
}

/** Who made a call: a user's name, a role with its session, or root. */
export function caller(identity) {
  const arn = identity?.arn ?? "";
  if (arn.endsWith(":root")) return "root";
  return short(arn).replace(/^assumed-role\//, "") || identity?.invokedBy || "?";
}

/** What a call was about: the first thing in its parameters that names a resource. */
export function subject(record) {
  const wanted = ["groupId", "GroupId", "groupName", "name", "topicArn", "queueName", "functionName", "trailName", "bucketName", "rule"];
  const sent = record?.requestParameters ?? {};
  // Some calls of EC2 have all that they say one level down: `ModifySecurityGroupRulesRequest`.
  const parameters = { ...Object.values(sent).find((one) => one?.GroupId), ...sent };
  for (const key of wanted) {
    if (typeof parameters[key] === "string") return short(parameters[key]);
  }
  const instances = parameters.instancesSet?.items ?? record?.responseElements?.instancesSet?.items ?? [];
  return instances.map((one) => one.instanceId).filter(Boolean).join(", ");
}

const formats = new Map();

/** The person's own form of the page's language: `en-GB` has other times of day than `en-US`. */
function locale() {
  return navigator.languages.find((one) => one.split("-")[0] === language()) ?? language();
}

function format(options) {
  const key = language() + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale(), options));
  return formats.get(key);
}

/** A time of day, with the date where it is not today's; the full form shows when pointed at. */
export function clock(time) {
  const date = new Date(time);
  const today = date.toDateString() === new Date().toDateString();
  const options = today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "medium" };
  return el("time", { datetime: date.toISOString(), title: full(date) }, format(options).format(date));
}

/** Date and time with all that there is to it. */
export function full(date) {
  return format({ dateStyle: "full", timeStyle: "long" }).format(date);
}

/** What Discord makes of `<t:SECONDS:STYLE>`. */
export function discordTime(seconds, style) {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return undefined;
  const styles = {
    t: { timeStyle: "short" },
    T: { timeStyle: "medium" },
    d: { dateStyle: "short" },
    D: { dateStyle: "long" },
    f: { dateStyle: "long", timeStyle: "short" },
    F: { dateStyle: "full", timeStyle: "short" },
  };
  const text = style === "R" ? relative(date) : format(styles[style] ?? styles.f).format(date);
  return el("time", { datetime: date.toISOString(), title: full(date), class: "stamp" }, text);
}

function relative(date) {
  const units = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = units.find(([, size]) => Math.abs(seconds) >= size) ?? units.at(-1);
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

/** How long after the call something happened: `+12 ms`, `+1.3 s`. */
export function after(start, time) {
  const milliseconds = Math.max(0, new Date(time) - new Date(start));
  if (milliseconds < 1000) return `+${milliseconds} ms`;
  return milliseconds < 60000 ? `+${(milliseconds / 1000).toFixed(1)} s` : `+${Math.round(milliseconds / 60000)} min`;
}
