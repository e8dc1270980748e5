//! Breaks of the mail: the people who read no Discord hear nothing.

use super::site::Filter;
use super::{Break, BreakError, Effect, Site};
use crate::diagnosis::Code;
use crate::scenario::Hop;

/// What is done to the e-mail subscriptions.
#[derive(Debug)]
pub(super) enum Change {
    Remove,
    Unconfirm,
    Filter(Filter),
}

const fn silent(name: &'static str, cause: Code, title: [&'static str; 2], change: Change) -> Break {
    let (hop, effect) = (Hop::Mail, Effect::Silent(Hop::Mail));
    Break { name, hop, effect, cause, title, change: super::Change::Mail(change) }
}

pub(super) const BREAKS: &[Break] = &[
    silent(
        "mail-not-subscribed",
        Code::MailMissing,
        ["the topic has no e-mail subscription", "주제의 이메일 구독을 삭제함"],
        Change::Remove,
    ),
    silent(
        "mail-unconfirmed",
        Code::SubscriptionUnconfirmed,
        [
            "the e-mail subscription was made anew and nobody opened its link",
            "이메일 구독을 다시 만들고 확인 링크를 열지 않음",
        ],
        Change::Unconfirm,
    ),
    silent(
        "mail-filter-attributes",
        Code::FilterPolicyDrops,
        [
            "the e-mail subscription has a filter policy on message attributes, of which EventBridge sends none",
            "이메일 구독에 메시지 속성 필터 정책을 추가함 (EventBridge는 속성을 보내지 않음)",
        ],
        Change::Filter(Filter::Attributes),
    ),
];

pub(super) async fn apply(site: &Site<'_>, change: &Change) -> Result<(), BreakError> {
    match change {
        Change::Filter(filter) => filter.put(site, "email").await,
        Change::Remove => site.unsubscribe(&site.subscriptions("email").await?).await,
        Change::Unconfirm => {
            let standing = site.subscriptions("email").await?;
            site.unsubscribe(&standing).await?;
            for subscription in &standing {
                site.subscribe("email", subscription.endpoint().unwrap_or_default()).await?;
            }
            Ok(())
        }
    }
}
