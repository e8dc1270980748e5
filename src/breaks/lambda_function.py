"""The security group alarm: an SNS message in, a Discord message out."""

import json
import os
import urllib.request
from datetime import datetime, timedelta, timezone

KST = timezone(timedelta(hours=9))


def group_id(detail):
    """Where the group's id stands: each call has its own place for it."""
    request = detail.get("requestParameters") or {}
    response = detail.get("responseElements") or {}
    modified = request.get("ModifySecurityGroupRulesRequest") or {}
    rules = (response.get("securityGroupRuleSet") or {}).get("items") or [{}]
    places = [
        request.get("groupId"),
        modified.get("GroupId"),
        response.get("groupId"),
        rules[0].get("groupId"),
        request.get("groupName"),
    ]
    return next((place for place in places if place), "N/A")


def korean_time(detail):
    time = datetime.strptime(detail["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return time.astimezone(KST).strftime("%Y-%m-%d %H:%M:%S")


def compose(detail):
    lines = [
        "🚨 보안 그룹이 변경되었습니다",
        f"이벤트: {detail['eventName']}",
        f"보안 그룹 ID: {group_id(detail)}",
        f"시간(KST): {korean_time(detail)}",
        f"사용자 ARN: {detail['userIdentity'].get('arn', '알 수 없음')}",
        f"소스 IP: {detail['sourceIPAddress']}",
        f"리전: {detail['awsRegion']}",
        f"계정 ID: {detail['userIdentity'].get('accountId') or detail.get('recipientAccountId')}",
    ]
    return "\n".join(lines)


def post(content):
    """Raises where Discord does not take the message, so that Lambda tries again and counts an error."""
    body = json.dumps({"content": content}).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "securitygroup-alarm/1.0"}
    request = urllib.request.Request(os.environ["DISCORD_WEBHOOK_URL"], data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as response:
        print(f"Discord answered {response.status}")


def lambda_handler(event, context):
    for record in event["Records"]:
        detail = json.loads(record["Sns"]["Message"])["detail"]
        post(compose(detail))
    return {"statusCode": 200}
