// The part of Markdown that Discord renders, as nodes. What it does not know stays text.

import { el } from "./dom.js";
import { discordTime } from "./names.js";
import { t } from "./text.js";

/** How deep marks may stand in each other. More is text: a message is no place for a riddle. */
const DEEPEST = 12;

/** Marks around a text, the longer before the shorter: how they begin and end, and what they make. */
const MARKS = [
  ["***", (inside) => el("em", {}, el("strong", {}, inside))],
  ["**", (inside) => el("strong", {}, inside)],
  ["__", (inside) => el("u", {}, inside)],
  ["~~", (inside) => el("s", {}, inside)],
  ["||", spoiler],
  ["*", (inside) => el("em", {}, inside)],
  ["_", (inside) => el("em", {}, inside)],
];

/** A message's text. */
export function markdown(text) {
  const out = [];
  // Code blocks come first: nothing inside them means anything.
  for (const part of text.split(/(```[^]*?```)/)) {
    const code = /^```(?:([\w+#.-]+)\n)?([^]*?)```$/.exec(part);
    if (code && code[2].trim()) out.push(el("pre", { "data-code": code[1] }, el("code", {}, code[2].replace(/^\n|\n$/g, ""))));
    else if (part) out.push(...blocks(part));
  }
  return out;
}

/** A line of text, without quotes, headings and lists. */
export function line(text, depth = 0) {
  return inline(text, depth);
}

function blocks(text) {
  const out = [];
  const lines = text.replace(/^\n/, "").replace(/\n$/, "").split("\n");
  let plain = [];
  const flush = () => {
    if (plain.length) out.push(el("div", { class: "text" }, inline(plain.join("\n"), 0)));
    plain = [];
  };
  for (let i = 0; i < lines.length; i += 1) {
    const rest = /^>>> ([^]*)$/.exec(lines.slice(i).join("\n"));
    const heading = /^(#{1,3}) +(\S.*)$/.exec(lines[i]);
    const subtext = /^-# +(\S.*)$/.exec(lines[i]);
    if (rest) {
      flush();
      out.push(el("blockquote", {}, blocks(rest[1])));
      return out;
    }
    if (/^> /.test(lines[i])) {
      flush();
      const quoted = run(lines, i, /^> /);
      out.push(el("blockquote", {}, blocks(quoted.map((one) => one.slice(2)).join("\n"))));
      i += quoted.length - 1;
    } else if (heading) {
      flush();
      // The page has its own headings: a message's are below them.
      out.push(el("p", { class: `h${heading[1].length}`, role: "heading", "aria-level": 4 }, inline(heading[2], 0)));
    } else if (subtext) {
      flush();
      out.push(el("p", { class: "subtext" }, inline(subtext[1], 0)));
    } else if (ITEM.test(lines[i])) {
      flush();
      const items = run(lines, i, ITEM);
      out.push(...[list(items.map((one) => ITEM.exec(one)))].flat());
      i += items.length - 1;
    } else {
      plain.push(lines[i]);
    }
  }
  flush();
  return out;
}

const ITEM = /^( *)([-*]|\d{1,9}\.) +(\S.*)$/;

function run(lines, from, pattern) {
  const end = lines.findIndex((one, index) => index >= from && !pattern.test(one));
  return lines.slice(from, end < 0 ? undefined : end);
}

/** A list of items, where deeper ones belong to the one before them; where the kind changes, another list begins. */
function list(items) {
  const ordered = /\d/.test(items[0][2]);
  const other = items.findIndex((item) => item[1].length <= items[0][1].length && /\d/.test(item[2]) !== ordered);
  if (other > 0) return [list(items.slice(0, other)), list(items.slice(other))].flat();
  const start = ordered ? Number.parseInt(items[0][2], 10) : undefined;
  const own = [];
  const depth = items[0][1].length;
  for (const item of items) {
    if (item[1].length > depth && own.length) own.at(-1).below.push(item);
    else own.push({ item, below: [] });
  }
  const made = own.map(({ item, below }) => el("li", {}, inline(item[3], 0), below.length ? list(below) : undefined));
  return el(ordered ? "ol" : "ul", { start }, made);
}

function inline(text, depth) {
  const out = [];
  let plain = "";
  const push = (node) => {
    if (plain) out.push(plain);
    plain = "";
    out.push(node);
  };
  for (let i = 0; i < text.length; ) {
    const found = depth < DEEPEST ? token(text, i, depth) : undefined;
    if (!found) {
      plain += text[i];
      i += 1;
    } else if (typeof found.node === "string") {
      plain += found.node;
      i += found.length;
    } else {
      push(found.node);
      i += found.length;
    }
  }
  if (plain) out.push(plain);
  return out;
}

/** What begins at a place of a text, if anything does. */
function token(text, at, depth) {
  switch (text[at]) {
    case "\\":
      return /[^\w\s]/.test(text[at + 1] ?? "") ? { node: text[at + 1], length: 2 } : undefined;
    case "`":
      return code(text, at);
    case "<":
      return angled(text.slice(at, at + 400));
    case "[":
      return masked(text.slice(at), depth);
    case "@":
      return mention(/^@(everyone|here)\b/.exec(text.slice(at, at + 10)));
    case "h":
      return address(text, at);
    case "*":
    case "_":
    case "~":
    case "|":
      return marked(text, at, depth);
    default:
      return undefined;
  }
}

function code(text, at) {
  const found = /^(`{1,2})([^]*?[^`])\1(?!`)/.exec(text.slice(at));
  if (!found) return undefined;
  return { node: el("code", {}, found[2].replace(/^ (?=`)|(?<=`) $/g, "")), length: found[0].length };
}

function marked(text, at, depth) {
  for (const [mark, make] of MARKS) {
    if (!text.startsWith(mark, at)) continue;
    // An underscore inside a word is part of the word: `security_group_id`.
    if (mark === "_" && /\w/.test(text[at - 1] ?? "")) continue;
    const from = at + mark.length;
    const end = closing(text, from, mark);
    if (end < 0) continue;
    return { node: make(inline(text.slice(from, end), depth + 1)), length: end + mark.length - at };
  }
  return undefined;
}

function closing(text, from, mark) {
  const single = mark.length === 1;
  if (single && /\s/.test(text[from] ?? " ")) return -1;
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === "\\") {
      i += 1;
    } else if (text[i] === "`") {
      // A mark inside code is no mark.
      i += (code(text, i)?.length ?? 1) - 1;
    } else if (text.startsWith(mark, i)) {
      if (single && text[i + 1] === mark) {
        i += 1;
      } else if (i > from && !(single && /\s/.test(text[i - 1])) && !(mark === "_" && /\w/.test(text[i + 1] ?? ""))) {
        return mark === "**" && text.startsWith("***", i) ? i + 1 : i;
      }
    }
  }
  return -1;
}

function angled(text) {
  const time = /^<t:(-?\d{1,13})(?::([tTdDfFR]))?>/.exec(text);
  if (time) {
    const node = discordTime(Number(time[1]), time[2]);
    return node && { node, length: time[0].length };
  }
  const emoji = /^<a?(:\w{2,32}:)\d{1,20}>/.exec(text);
  if (emoji) return { node: emoji[1], length: emoji[0].length };
  const url = /^<(https?:\/\/[^\s<>]+)>/.exec(text);
  if (url) return { node: link(url[1], url[1]), length: url[0].length };
  return mention(/^<(?:@[!&]?|#)\d{1,20}>/.exec(text));
}

function mention(found) {
  return found ? { node: el("span", { class: "mention" }, found[0]), length: found[0].length } : undefined;
}

function masked(text, depth) {
  const found = /^\[((?:[^[\]\\]|\\.){1,1000})\]\(<?(https?:\/\/[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*)>?\)/.exec(text);
  return found ? { node: link(found[2], inline(found[1], depth + 1)), length: found[0].length } : undefined;
}

function address(text, at) {
  if (/\w/.test(text[at - 1] ?? "")) return undefined;
  const found = /^https?:\/\/[^\s<>]*[^\s<>.,:;!?'")\]*_~|]/.exec(text.slice(at));
  return found ? { node: link(found[0], found[0]), length: found[0].length } : undefined;
}

/** A link out of the page; what is no web address stays text. */
export function link(url, inside) {
  const known = URL.canParse(url) && ["http:", "https:"].includes(new URL(url).protocol);
  if (!known) return el("span", {}, inside);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", title: url }, inside);
}

function spoiler(inside) {
  const hidden = el("span", { class: "hidden", "aria-hidden": "true" }, inside);
  const button = el("button", { type: "button", class: "spoiler", "aria-label": t("channel.spoiler") }, hidden);
  button.addEventListener("click", () => button.replaceWith(el("span", { class: "spoiled" }, ...hidden.childNodes)));
  return button;
}
