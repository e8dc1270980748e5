//! User data: what an instance is given to read when it starts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::invalid_value;
use crate::gateway::error::AwsError;

/// User data is limited to 16 KB before it is encoded.
const MOST: usize = 16 * 1024;

/// Refuses user data that is not base64 or too long.
pub(super) fn check(user_data: Option<&str>) -> Result<(), AwsError> {
    let Some(text) = user_data else { return Ok(()) };
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let Ok(data) = STANDARD.decode(compact) else {
        return Err(AwsError::bad_request("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data"));
    };
    if data.len() > MOST {
        return Err(invalid_value(format!("User data is limited to {MOST} bytes")));
    }
    Ok(())
}
