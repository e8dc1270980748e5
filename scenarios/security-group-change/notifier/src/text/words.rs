//! The words of the messages, in two languages.

use crate::config::Language;

/// Labels and titles of one language.
pub(super) struct Words {
    pub(super) title: &'static str,
    pub(super) title_refused: &'static str,
    pub(super) title_plain: &'static str,
    pub(super) event_name: &'static str,
    pub(super) group: &'static str,
    pub(super) time: &'static str,
    pub(super) user: &'static str,
    pub(super) source_ip: &'static str,
    pub(super) region: &'static str,
    pub(super) account: &'static str,
    pub(super) error: &'static str,
    pub(super) reason: &'static str,
    pub(super) attached_to: &'static str,
    pub(super) event_id: &'static str,
    pub(super) subject: &'static str,
    pub(super) message_id: &'static str,
    pub(super) none: &'static str,
    pub(super) empty: &'static str,
    pub(super) root: &'static str,
    pub(super) role: &'static str,
    pub(super) ingress: &'static str,
    pub(super) egress: &'static str,
    pub(super) rule: &'static str,
    pub(super) everyone: &'static str,
    pub(super) protocol: &'static str,
    pub(super) all_traffic: &'static str,
    pub(super) all_ports: &'static str,
    pub(super) icmp_type: &'static str,
    language: Language,
}

const KOREAN: Words = Words {
    title: "🚨 보안 그룹 변경",
    title_refused: "⛔ 거부된 보안 그룹 변경 시도 (적용되지 않음)",
    title_plain: "🔔 보안 그룹 알림 (CloudTrail 기록이 아닌 메시지)",
    event_name: "이벤트 이름",
    group: "보안 그룹 ID",
    time: "시간 (KST)",
    user: "사용자 ARN",
    source_ip: "소스 IP",
    region: "리전",
    account: "계정 ID",
    error: "거부됨",
    reason: "거부 이유",
    attached_to: "대상",
    event_id: "이벤트 ID",
    subject: "제목",
    message_id: "SNS 메시지 ID",
    none: "(기록에 없음)",
    empty: "(빈 메시지)",
    root: " ⚠️ 루트 사용자",
    role: "역할",
    ingress: "인바운드",
    egress: "아웃바운드",
    rule: "규칙",
    everyone: "인터넷 전체",
    protocol: "프로토콜",
    all_traffic: "모든 트래픽",
    all_ports: "모든 포트",
    icmp_type: "유형",
    language: Language::Korean,
};

const ENGLISH: Words = Words {
    title: "🚨 Security group changed",
    title_refused: "⛔ Security group change refused (not applied)",
    title_plain: "🔔 Security group alert (a message that is not a CloudTrail record)",
    event_name: "Event name",
    group: "Security group ID",
    time: "Time (KST)",
    user: "User ARN",
    source_ip: "Source IP",
    region: "Region",
    account: "Account ID",
    error: "Refused",
    reason: "Reason",
    attached_to: "Attached to",
    event_id: "Event ID",
    subject: "Subject",
    message_id: "SNS message ID",
    none: "(not in the record)",
    empty: "(empty message)",
    root: " ⚠️ root user",
    role: "role",
    ingress: "inbound",
    egress: "outbound",
    rule: "rule",
    everyone: "the whole Internet",
    protocol: "protocol",
    all_traffic: "all traffic",
    all_ports: "all ports",
    icmp_type: "type",
    language: Language::English,
};

impl Words {
    pub(super) fn of(language: Language) -> &'static Self {
        match language {
            Language::Korean => &KOREAN,
            Language::English => &ENGLISH,
        }
    }

    /// What an operation does, in a few words; `None` for one without words of its own.
    pub(super) fn operation(&self, event_name: &str) -> Option<&'static str> {
        let (korean, english) = match event_name {
            "AuthorizeSecurityGroupIngress" => ("인바운드 규칙 추가", "inbound rule added"),
            "AuthorizeSecurityGroupEgress" => ("아웃바운드 규칙 추가", "outbound rule added"),
            "RevokeSecurityGroupIngress" => ("인바운드 규칙 삭제", "inbound rule removed"),
            "RevokeSecurityGroupEgress" => ("아웃바운드 규칙 삭제", "outbound rule removed"),
            "ModifySecurityGroupRules" => ("규칙 수정", "rule modified"),
            "UpdateSecurityGroupRuleDescriptionsIngress" | "UpdateSecurityGroupRuleDescriptionsEgress" => {
                ("규칙 설명 수정", "rule description changed")
            }
            "CreateSecurityGroup" => ("보안 그룹 생성", "group created"),
            "DeleteSecurityGroup" => ("보안 그룹 삭제", "group deleted"),
            "RunInstances" => ("인스턴스 시작", "instance launched"),
            "ModifyInstanceAttribute" | "ModifyNetworkInterfaceAttribute" => ("보안 그룹 연결 변경", "groups attached"),
            _ => return None,
        };
        Some(match self.language {
            Language::Korean => korean,
            Language::English => english,
        })
    }

    /// The remark in place of lines that did not fit.
    pub(super) fn more(&self, lines: usize) -> String {
        match self.language {
            Language::Korean => format!("… 외 {lines}건"),
            Language::English => format!("… and {lines} more"),
        }
    }
}
