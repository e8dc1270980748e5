//! What keeps a drill without a verdict although its time is over: the channel seems silent, and nobody can say that it was.

use super::ladder::Seen;
use super::lane::Stage;
use super::trigger::Performed;
use super::way::DiscordWatch;
use crate::scenario::{Drill, Expect, Hop};

/// Why nobody can say whether the alert came to the channel; none where it did, or where it is known that it did not.
pub(super) async fn of_channel(stage: &Stage, drill: &Drill, performed: &Performed, seen: &Seen) -> Option<String> {
    if stage.discord == DiscordWatch::None {
        return None;
    }
    let (seems_silent, is_asked_for) = match &drill.expect {
        Expect::Alert(alert) => (seen.queue_seen() && !seen.discord_seen(), alert.at.contains(&Hop::Discord)),
        Expect::Silence(_) => (!seen.is_alerted(), true),
    };
    if !seems_silent || !is_asked_for {
        return None;
    }
    if let Some(why) = stage.observations.why_blind() {
        return Some(stage.lang.choose(
            format!("the Discord channel could not be read back: {why}"),
            format!("디스코드 채널을 읽지 못했습니다: {why}"),
        ));
    }
    if let Some(chain) = stage.chain.get() {
        let word = chain.last_word().await;
        if let Some(why) = word.err().or_else(|| stage.observations.lost_since(performed.started)) {
            return Some(stage.lang.choose(
                format!("the function that catches what is posted to Discord: {why}"),
                format!("디스코드로 가는 메시지를 받는 함수: {why}"),
            ));
        }
    }
    // Where there must be silence, somebody else's message does not break it.
    let content = seen.ambiguous_message(performed).filter(|_| matches!(drill.expect, Expect::Alert(_)))?;
    Some(stage.lang.choose(
        format!(
            "a message that names {} came, and it names neither group nor rule: nobody can say whose it is: {content}",
            performed.call
        ),
        format!(
            "{}을(를) 담은 메시지가 왔지만 그룹도 규칙도 적혀 있지 않아 이 훈련의 것인지 알 수 없습니다: {content}",
            performed.call
        ),
    ))
}
