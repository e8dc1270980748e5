// One message of a Discord channel, laid out as Discord lays messages out.

import { el, fold } from "./dom.js";
import { line, link, markdown } from "./markdown.js";
import { clock } from "./names.js";
import { t } from "./text.js";

/** Messages of one author within this time stand under one name. */
const TOGETHER = 7 * 60 * 1000;

/** Colours of avatars, by the author's name: it tells authors apart, no more. */
const TINTS = 6;

/** A message that stands in the channel. */
export function message(exchange, isNew) {
  const { author, content, embeds, attachments, timestamp, edited_timestamp: edited } = exchange.message;
  const name = author.username;
  return el(
    "li",
    { class: `message${isNew ? " new" : ""}`, "data-author": name, "data-time": timestamp },
    el("span", { class: `avatar tint${tint(name)}`, "aria-hidden": "true" }, [...name][0]?.toUpperCase()),
    el(
      "div",
      { class: "said" },
      el("p", { class: "who" }, el("b", {}, name), el("span", { class: "bot" }, t("channel.bot")), clock(timestamp)),
      content ? el("div", { class: "content" }, markdown(content), edited && mark(edited)) : edited && mark(edited),
      (embeds ?? []).map(embed),
      (attachments ?? []).map((file) => el("p", { class: "file" }, file.filename, " ", size(file.size))),
    ),
  );
}

function mark(time) {
  return el("span", { class: "edited", title: time }, t("channel.edited"));
}

/** A request that Discord did not take, with its answer. */
export function refusal(exchange, isNew) {
  const { method, status, refusal: answer, scripted, number } = exchange;
  const words = typeof answer === "string" ? answer : answer?.message;
  return el(
    "li",
    { class: `refusal${isNew ? " new" : ""}` },
    el("p", { class: "who" }, el("b", {}, t("channel.refused", method, status)), clock(exchange.time)),
    words ? el("p", { lang: "en" }, words) : undefined,
    scripted ? el("p", { class: "quiet" }, t("channel.ordered")) : undefined,
    fold(`answer-${number}`, t("channel.answer"), () => el("pre", { lang: "en" }, JSON.stringify(answer, null, 2))),
  );
}

/** Hides the name of messages that follow one of the same author. */
export function join(items) {
  let before;
  for (const item of items) {
    const { author, time } = item.dataset;
    const close = before?.author === author && author !== undefined && new Date(time) - new Date(before.time) < TOGETHER;
    item.classList.toggle("follows", close);
    if (!close) before = { author, time };
  }
}

function tint(name) {
  return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % TINTS;
}

function size(bytes) {
  return el("span", { class: "quiet" }, bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KB`);
}

function embed({ color, author, title, url, description, fields, footer, timestamp, image, thumbnail }) {
  const box = el(
    "div",
    { class: "embed" },
    author?.name ? el("p", { class: "author" }, author.url ? link(author.url, author.name) : author.name) : undefined,
    title ? el("p", { class: "title" }, url ? link(url, line(title)) : line(title)) : undefined,
    description ? el("div", { class: "description" }, markdown(description)) : undefined,
    fields?.length ? el("dl", { class: "fields" }, rows(fields)) : undefined,
    [image, thumbnail].filter((one) => one?.url).map((one) => el("p", { class: "file" }, link(one.url, t("channel.image", one.url)))),
    footer?.text || timestamp ? el("p", { class: "footer" }, footer?.text, footer?.text && timestamp ? " • " : "", timestamp ? clock(timestamp) : "") : undefined,
  );
  const hex = Number(color);
  if (color !== undefined && color !== null && Number.isInteger(hex)) {
    box.style.setProperty("--bar", `#${hex.toString(16).padStart(6, "0")}`);
  }
  return box;
}

/** Fields side by side where they ask for it: up to three in a row of equal parts. */
function rows(fields) {
  const out = [];
  for (let i = 0; i < fields.length; ) {
    let together = 1;
    if (fields[i].inline) {
      while (together < 3 && fields[i + together]?.inline) together += 1;
    }
    for (const field of fields.slice(i, i + together)) {
      const value = el("dd", {}, markdown(field.value));
      out.push(el("div", { class: `of${together}` }, el("dt", {}, line(field.name)), value));
    }
    i += together;
  }
  return out;
}
