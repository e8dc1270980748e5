//! What the AWS SDK's errors say, in one line.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_eventbridge::operation::put_events::PutEventsOutput;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// The code that AWS refused a call with, where it answered at all.
pub(crate) fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

/// Code and message of a refusal, or why there was no answer.
pub(crate) fn reason<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    match error.as_service_error() {
        Some(refused) => {
            let code = refused.code().unwrap_or("an error without a code");
            match refused.message() {
                Some(message) => format!("{code}: {message}"),
                None => code.to_owned(),
            }
        }
        // The SDK's own sentence ("dispatch failure") says nothing.
        None => format!("no answer ({})", cause(error)),
    }
}

/// The end of a chain of errors: it says what happened, where those before it say only in the middle of what.
pub(crate) fn cause<'a>(error: &'a (dyn std::error::Error + 'static)) -> &'a (dyn std::error::Error + 'static) {
    std::iter::successors(Some(error), |error| error.source()).last().unwrap_or(error)
}

/// Code and reason why the bus refused an event; none if it took it. `PutEvents` succeeds either way.
pub(crate) fn refused_event(put: &PutEventsOutput) -> Option<(&str, String)> {
    let refused = put.entries().iter().find(|entry| entry.error_code().is_some())?;
    let code = refused.error_code()?;
    Some((code, format!("{code}: {}", refused.error_message().unwrap_or_default())))
}
