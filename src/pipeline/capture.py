"""Catches what an alarm's function posts to Discord, and hands it on to a queue.

It stands behind a function URL for the time of a drill and answers as Discord's webhook does, as far as the sender can tell the
difference. It needs nothing but Python's own library: the SDK takes longer to load than everything else here, and a machine that
stands in for Lambda may not have it. So it tries again by itself where the queue does not take something, and where it had to give
up, what it hands on next says so: a message that was lost here is no alarm that was silent.

Sources: "Invoking Lambda function URLs" (event and answer) in the Lambda developer guide; "Create a signed AWS API request" in the
IAM user guide; SendMessage in the SQS API reference; Discord's "Webhook Resource".
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import urllib.parse
import urllib.request
from time import monotonic, sleep

# A message of SQS's may have 1 MiB; base64 and what stands around it need their share.
LARGEST = 700 * 1024
LONGEST_CONTENT = 2000
DISCORD_EPOCH = 1_420_070_400_000
# Seconds for which the queue is tried: who posts here waits for Discord about as long.
PATIENCE = 4

# Seconds for which an instance is kept busy when it is asked to.
HOLD = 0.5

# How many messages were posted and not handed on since something was.
lost = 0


def lambda_handler(event, context):
    global lost
    http = event["requestContext"]["http"]
    # Only who knows the webhook's token is let in: the URL is open to everyone.
    if not hmac.compare_digest(event["rawPath"].encode(), os.environ["WEBHOOK_PATH"].encode()):
        return answer(404, {"message": "404: Not Found", "code": 0})
    if http["method"] not in ("GET", "POST"):
        print(f"{http['method']} is not answered: a drill's function only posts")
        return answer(405, {"message": "405: Method Not Allowed", "code": 0})
    body = event.get("body") or ""
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    if len(body) > LARGEST:
        return answer(413, {"message": "Request entity too large", "code": 40005})
    headers = event.get("headers") or {}
    content_type = headers.get("content-type")
    handed_on = {
        "id": event["requestContext"]["requestId"],
        "method": http["method"],
        "query": event.get("rawQueryString") or "",
        "content_type": content_type,
        "body": base64.b64encode(body).decode(),
        "lost": lost,
    }
    try:
        hand_on(json.dumps(handed_on))
        lost = 0
        # So that the next one who asks at the same time asks another instance, which knows what it has lost itself.
        if http["method"] == "GET" and handed_on["query"].startswith("hold"):
            sleep(HOLD)
    except Exception as error:
        print(f"the queue did not take the request: {error}")
        lost += http["method"] == "POST"
        return answer(502, {"message": "502: Bad Gateway", "code": 0})
    _, _, _, webhook_id, _ = os.environ["WEBHOOK_PATH"].split("/")
    if http["method"] == "GET":
        return answer(200, {"id": webhook_id, "type": 1, "channel_id": os.environ["CHANNEL_ID"], "name": "Captain Hook"})
    message, refusal = read(body, content_type)
    if refusal:
        return answer(400, refusal)
    wait = (event.get("queryStringParameters") or {}).get("wait", "")
    if wait.lower() not in ("true", "1"):
        return {"statusCode": 204}
    now = datetime.datetime.now(datetime.timezone.utc)
    message.update(
        id=str((int(now.timestamp() * 1000) - DISCORD_EPOCH) << 22),
        type=0,
        channel_id=os.environ["CHANNEL_ID"],
        webhook_id=webhook_id,
        timestamp=now.isoformat(),
    )
    return answer(200, message)


def read(body, content_type):
    """The message, or why Discord would refuse it. What is no JSON, and every other limit, is judged where the queue is read."""
    if content_type and not content_type.startswith("application/json"):
        return {}, None
    try:
        message = json.loads(body)
    except ValueError:
        return None, {"message": "The request body contains invalid JSON.", "code": 50109}
    message = message if isinstance(message, dict) else {}
    content = str(message.get("content") or "").strip()
    if not content and not message.get("embeds"):
        return None, {"message": "Cannot send an empty message", "code": 50006}
    if len(content) > LONGEST_CONTENT:
        error = {"code": "BASE_TYPE_MAX_LENGTH", "message": f"Must be {LONGEST_CONTENT} or fewer in length."}
        return None, {"message": "Invalid Form Body", "code": 50035, "errors": {"content": {"_errors": [error]}}}
    return {"content": content, "embeds": message.get("embeds") or []}, None


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def hand_on(text):
    deadline, pause = monotonic() + PATIENCE, 0.05
    while True:
        try:
            return send(text)
        except Exception as error:
            if monotonic() + pause > deadline:
                raise
            print(f"the queue is tried again: {error}")
        sleep(pause)
        pause = min(2 * pause, 0.5)


def send(text):
    """Puts a text into the queue, as the function's role."""
    queue = os.environ["QUEUE_URL"]
    body = json.dumps({"QueueUrl": queue, "MessageBody": text}).encode()
    url = urllib.parse.urlsplit(queue)
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": url.netloc,
        "x-amz-target": "AmazonSQS.SendMessage",
    }
    headers = signed(headers, body, "sqs", datetime.datetime.now(datetime.timezone.utc))
    request = urllib.request.Request(f"{url.scheme}://{url.netloc}/", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=2):
        pass


def signed(headers, body, service, now):
    """The headers of a POST to `/`, with those that sign it (Signature Version 4)."""
    region, key = os.environ["AWS_REGION"], os.environ["AWS_SECRET_ACCESS_KEY"]
    time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    headers = {**headers, "x-amz-date": time}
    if os.environ.get("AWS_SESSION_TOKEN"):
        headers["x-amz-security-token"] = os.environ["AWS_SESSION_TOKEN"]
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(["POST", "/", "", lines, names, hashlib.sha256(body).hexdigest()])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(request.encode()).hexdigest()])
    secret = ("AWS4" + key).encode()
    for part in (day, region, service, "aws4_request"):
        secret = hmac.new(secret, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return headers
