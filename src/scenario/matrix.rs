//! The places of one run: a file that people write, beside the scenario and not of it.
//!
//! ```yaml
//! places:
//!   - role_arn: arn:aws:iam::111122223333:role/alert-drill
//!     external_id: drill
//!     regions: [ap-northeast-2, us-east-1]
//!   - account: "444455556666"
//!     regions: [ap-northeast-2]
//! ```

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use super::files;
use super::mistake::InvalidScenario;
use super::names::{Refused, Region};

/// Accounts, and the Regions of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// At least one, and no place twice.
    pub places: Vec<Places>,
}

/// The Regions of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// By whom the account is called.
    pub caller: Caller,
    /// At least one, none twice.
    pub regions: Vec<Region>,
}

/// By whom an account is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Whose credentials the process has; they must be of this account.
    Account(AccountId),
    /// A session of a role.
    Role {
        /// Which.
        arn: RoleArn,
        /// What its trust policy wants to hear.
        external_id: Option<ExternalId>,
    },
}

impl Caller {
    /// The account that is called.
    pub fn account(&self) -> &str {
        match self {
            Self::Account(account) => account.as_str(),
            Self::Role { arn, .. } => arn.account(),
        }
    }
}

impl Matrix {
    /// Loads a matrix from its file.
    ///
    /// # Errors
    /// The file cannot be read, or has mistakes: all of them are in the error.
    pub fn load(path: &Path) -> Result<Self, InvalidScenario> {
        files::load_matrix(path)
    }
}

/// An account's number: twelve digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(String);

/// The ARN of an IAM role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleArn(String);

/// What a role's trust policy wants to hear: 2 to 1224 letters, digits, or any of `+=,.@:/-_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalId(String);

impl AccountId {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RoleArn {
    /// The ARN.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The account that the role belongs to.
    pub fn account(&self) -> &str {
        // Reading it has seen that it is there.
        self.0.split(':').nth(4).unwrap_or_default()
    }
}

impl ExternalId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountId {
    type Err = Refused;

    fn from_str(written: &str) -> Result<Self, Refused> {
        if is_account(written) {
            return Ok(Self(written.to_owned()));
        }
        Err(Refused::new(format!("`{written}` is not an account: an account's number has twelve digits")))
    }
}

impl FromStr for RoleArn {
    type Err = Refused;

    fn from_str(written: &str) -> Result<Self, Refused> {
        let parts: Vec<&str> = written.split(':').collect();
        let is_role = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws") && is_account(account)
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.ends_with('/')));
        if is_role {
            return Ok(Self(written.to_owned()));
        }
        let refused = Refused::new(format!("`{written}` is not the ARN of a role"));
        Err(refused.hint("write it like `arn:aws:iam::111122223333:role/alert-drill`"))
    }
}

impl FromStr for ExternalId {
    type Err = Refused;

    fn from_str(written: &str) -> Result<Self, Refused> {
        let taken = |c: char| c.is_ascii_alphanumeric() || "+=,.@:/-_".contains(c);
        if (2..=1224).contains(&written.len()) && written.chars().all(taken) {
            return Ok(Self(written.to_owned()));
        }
        // It may be a password of sorts, and is not repeated.
        Err(Refused::new("this is not an external id: it has 2 to 1224 letters, digits, or any of `+=,.@:/-_`"))
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
