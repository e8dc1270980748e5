// What there is in the lab.

import { el, fill, fold, renew } from "./dom.js";
import { clock, named, short } from "./names.js";
import { t } from "./text.js";

const KINDS = ["trails", "rules", "topics", "queues", "functions", "security_groups", "instances"];

/** What the panel of resources shows. */
export class Resources {
  known = undefined;

  constructor(panel) {
    this.body = panel.querySelector(".body");
    this.tools = panel.querySelector(".tools");
  }

  know(resources) {
    this.known = resources;
    this.render();
  }

  problem(text) {
    this.body.querySelector(".problem")?.remove();
    this.body.prepend(el("p", { class: "problem", role: "alert" }, text));
  }

  render() {
    if (!this.known) return;
    const places = new Set(KINDS.flatMap((kind) => this.known[kind].map(place)));
    // Where all are in one place, it is said once.
    fill(this.tools, places.size === 1 && el("code", { class: "quiet" }, [...places][0]));
    const fresh = el("div", { class: "kinds" }, KINDS.map((kind) => section(kind, this.known[kind], places.size > 1)));
    const old = this.body.querySelector(".kinds");
    this.body.querySelector(".problem")?.remove();
    if (KINDS.every((kind) => kind === "security_groups" || !this.known[kind].length)) {
      fresh.prepend(el("p", { class: "quiet nothing" }, t("start.resources")));
    }
    if (!old) return fill(this.body, fresh);
    const { scrollTop } = this.body;
    renew(old, fresh);
    this.body.scrollTop = scrollTop;
  }
}

function place({ account, region, home_region: home }) {
  return `${region ?? home} · ${account}`;
}

const SHOW = { trails: trail, rules: rule, topics: topic, queues: queue, functions: func, security_groups: group, instances: instance };

function section(kind, resources, manyPlaces) {
  // What every account has comes last: it is seldom what one looks for.
  const sorted = resources.toSorted((a, b) => Number(a.is_default ?? false) - Number(b.is_default ?? false));
  const items = sorted.map((one) => el("li", { class: "resource" }, SHOW[kind](one), manyPlaces && el("p", { class: "place" }, place(one))));
  return el(
    "section",
    {},
    el("h3", {}, t(`resources.${kind}`), " ", el("span", { class: "count" }, resources.length)),
    items.length ? el("ul", {}, items) : el("p", { class: "quiet" }, t(`resources.none.${kind}`)),
  );
}

function head(name, ...badges) {
  return el("p", { class: "head" }, el("b", {}, name), badges);
}

function badge(tone, text) {
  return el("span", { class: `badge ${tone}` }, text);
}

function code(text, name, key) {
  return fold(key, name, () => el("pre", { lang: "en", tabindex: "0" }, laidOut(text)));
}

function laidOut(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function trail({ name, arn, is_logging: logging, is_multi_region: everywhere, bucket, latest_delivery_error: error }) {
  return [
    head(el("span", { title: arn }, name), badge(logging ? "ok" : "stop", t(logging ? "resources.logging" : "resources.stopped"))),
    el("p", { class: "quiet" }, t("resources.bucket"), " ", el("code", {}, bucket), everywhere ? ` · ${t("resources.everywhere")}` : ""),
    error && el("p", { class: "problem" }, t("resources.undelivered", error)),
  ];
}

function rule({ name, arn, bus, state, pattern, targets }) {
  const states = { ENABLED: ["ok", "enabled"], DISABLED: ["stop", "disabled"] };
  const [tone, word] = states[state] ?? ["ok", "enabled_all"];
  return [
    head(el("span", { title: arn }, name), badge(tone, t(`resources.${word}`)), bus === "default" ? undefined : badge("off", bus)),
    targets.length
      ? el("ul", { class: "sub" }, targets.map((one) => el("li", {}, "→ ", named(one.arn), one.is_transformed ? ` (${t("resources.transformed")})` : "")))
      : el("p", { class: "problem" }, t("resources.no_targets")),
    pattern && code(pattern, t("resources.pattern"), `pattern ${arn}`),
  ];
}

function topic({ name, arn, encrypted_with: key, policy, subscriptions }) {
  const subscribers = subscriptions.map((one) =>
    el(
      "li",
      {},
      el("span", { class: "protocol" }, one.protocol),
      " ",
      named(one.endpoint),
      " ",
      badge(one.is_confirmed ? "ok" : "wait", t(one.is_confirmed ? "resources.confirmed" : "resources.pending")),
      one.is_raw ? badge("off", t("resources.raw")) : undefined,
      one.filter_policy ? code(one.filter_policy, t("resources.filter", one.filter_policy_scope), `filter ${arn} ${one.endpoint}`) : undefined,
    ),
  );
  return [
    head(el("span", { title: arn }, name), key ? badge("wait", t("resources.encrypted", key)) : undefined),
    subscribers.length ? el("ul", { class: "sub" }, subscribers) : el("p", { class: "problem" }, t("resources.no_subscriptions")),
    policy && code(policy, t("resources.policy"), `policy ${arn}`),
  ];
}

function queue({ name, arn, visible, in_flight: inFlight, delayed, dead_letter_queue: dead }) {
  const counts = [
    badge(visible ? "count-some" : "off", t("resources.visible", visible)),
    inFlight ? badge("off", t("resources.in_flight", inFlight)) : undefined,
    delayed ? badge("off", t("resources.delayed", delayed)) : undefined,
  ];
  return [head(el("span", { title: arn }, name), counts), dead && el("p", { class: "quiet" }, t("resources.dead", short(dead)))];
}

function func(one) {
  const { name, arn, runtime, handler, variables, has_policy: invocable, reserved_concurrency: reserved, last_error: error } = one;
  return [
    head(el("span", { title: arn }, name), badge("ok", one.state === "Active" ? t("resources.active") : one.state)),
    el("p", { class: "quiet" }, el("code", {}, runtime), " · ", el("code", {}, handler)),
    invocable ? undefined : el("p", { class: "problem" }, t("resources.no_policy")),
    reserved === 0 ? el("p", { class: "problem" }, t("resources.throttled")) : undefined,
    reserved > 0 ? el("p", { class: "quiet" }, t("resources.concurrency", reserved)) : undefined,
    variables.length
      ? el("p", { class: "quiet", title: t("resources.hidden") }, `${t("resources.variables")}: `, variables.flatMap((name, index) => [index ? ", " : "", el("code", {}, `${name}=•••`)]))
      : undefined,
    error && el("p", { class: "problem" }, `${t("resources.last_error")} (`, clock(error.time), "): ", el("span", { lang: "en" }, error.detail)),
  ];
}

function group({ id, name, description, is_default: isDefault, rules }) {
  const open = rules.some((one) => one.is_open_to_the_world);
  return [
    head(name, el("code", { class: "quiet" }, id), open ? badge("stop", t("resources.world")) : undefined, isDefault ? badge("off", t("resources.default")) : undefined),
    description && !isDefault ? el("p", { class: "quiet" }, description) : undefined,
    rules.length ? el("ul", { class: "sub" }, rules.map(groupRule)) : el("p", { class: "quiet" }, t("resources.no_rules")),
  ];
}

function groupRule({ id, is_egress: out, peer, description, is_open_to_the_world: world, ...traffic }) {
  return el(
    "li",
    { class: world ? "world" : undefined, title: id },
    el("span", { class: "way-in" }, t(out ? "resources.out" : "resources.in")),
    " ",
    what(traffic),
    el("span", { "aria-hidden": "true" }, out ? " → " : " ← "),
    el("code", {}, peer),
    world ? [" ", badge("stop", t("resources.world"))] : undefined,
    description ? el("span", { class: "quiet" }, ` ${description}`) : undefined,
  );
}

function what({ protocol, from_port: from, to_port: to }) {
  if (protocol === "-1") return t("resources.all_traffic");
  const name = protocol.toUpperCase();
  if (protocol.startsWith("icmp")) return `${name} ${from === -1 ? t("resources.any_kind") : t("resources.kind", from)}`;
  return from === -1 ? name : `${name} ${t("resources.ports", from, to)}`;
}

function instance({ id, name, type, state, groups }) {
  const tones = { running: "ok", terminated: "off", stopped: "off" };
  return [
    head(name ?? id, badge(tones[state] ?? "wait", state)),
    el("p", { class: "quiet" }, el("code", {}, id), " · ", el("code", {}, type), groups.length ? ` · ${t("resources.wears")}: ${groups.join(", ")}` : ""),
  ];
}
