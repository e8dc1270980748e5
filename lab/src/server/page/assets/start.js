// What to do first, where there is nothing to see yet.

import { copyButton, el } from "./dom.js";
import { t } from "./text.js";

/** The Region of the commands: the workshop's. */
const REGION = "ap-northeast-2";

/** Commands to copy. */
export function commands(text, what) {
  return el(
    "div",
    { class: "commands" },
    el("pre", { lang: "en", tabindex: "0" }, el("code", {}, text)),
    copyButton(text, { label: t("copy.label"), done: t("copy.done"), failed: t("copy.failed") }),
    el("span", { class: "unseen" }, what),
  );
}

const environment = () =>
  [
    `export AWS_ENDPOINT_URL=${location.origin}`,
    `export AWS_DEFAULT_REGION=${REGION}`,
    "export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test",
    "aws sts get-caller-identity",
  ].join("\n");

/** The commands that point the AWS CLI at this lab. */
export function flowStart() {
  const open =
    "aws ec2 authorize-security-group-ingress --group-name default \\\n  --protocol tcp --port 22 --cidr 203.0.113.0/24";
  return el(
    "div",
    { class: "start" },
    el("p", {}, t("start.flow")),
    el("h3", {}, t("start.point")),
    commands(environment(), t("start.point")),
    el("h3", {}, t("start.act")),
    commands(open, t("start.act")),
  );
}

/** How to post to the channel; the button copies the command with the address in it. */
export function channelStart(copyAddress) {
  const post = `curl "$DISCORD_WEBHOOK_URL" -H 'Content-Type: application/json' \\\n  -d '{"content": "**Port 22** is open"}'`;
  return el(
    "div",
    { class: "start" },
    el("p", {}, t("start.channel")),
    el("h3", {}, t("start.url")),
    el(
      "div",
      { class: "commands" },
      el("pre", { lang: "en", tabindex: "0" }, el("code", {}, 'export DISCORD_WEBHOOK_URL="…"')),
      copyAddress,
    ),
    el("h3", {}, t("start.post")),
    commands(post, t("start.post")),
    el("p", { class: "quiet" }, t("start.variable")),
  );
}

/** How to subscribe a mailbox. */
export function mailboxStart() {
  const subscribe = [
    "TOPIC=$(aws sns create-topic --name sns-securitygroup-alarm \\",
    "  --query TopicArn --output text)",
    'aws sns subscribe --topic-arn "$TOPIC" --protocol email \\',
    "  --notification-endpoint team@example.com",
  ].join("\n");
  return el("div", { class: "start" }, el("p", {}, t("start.mailbox")), commands(subscribe, t("start.mailbox")));
}
