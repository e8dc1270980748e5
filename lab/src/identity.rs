//! Who makes a call: the principal behind an access key.

use serde_json::{Map, Value, json};

/// The account of access keys that do not say which account they belong to.
pub const DEFAULT_ACCOUNT: &str = "000000000000";

/// The IAM user that an access key stands for when the lab's IAM did not issue it.
pub const DEFAULT_USER: &str = "lab-user";

/// The caller of an API operation, with what `GetCallerIdentity` and a CloudTrail record say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The account that the caller belongs to.
    pub account: String,
    /// The access key that signed the call.
    pub access_key: String,
    /// What kind of principal it is.
    pub principal: Caller,
}

/// The kinds of callers that a CloudTrail record tells apart in `userIdentity.type`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The account's root user. Its ARN ends in `:root`.
    Root,
    /// An IAM user.
    User {
        /// The user's name.
        name: String,
        /// The user's unique id, `AIDA…`.
        id: String,
        /// The user's path: `/`, or one that begins and ends with it.
        path: String,
    },
    /// A role session, as `AssumeRole` makes it; Lambda functions call with one.
    AssumedRole {
        /// The role's name.
        role: String,
        /// The role's unique id, `AROA…`.
        id: String,
        /// The role's path. The session's ARN does not have it, the role's does.
        path: String,
        /// The name of the session.
        session: String,
        /// When the session was made.
        created: jiff::Timestamp,
        /// The function that has the session's credentials in its environment.
        issued_to: Option<IssuedTo>,
    },
}

/// A version of a Lambda function, as the one that credentials were made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTo {
    /// The function's ARN, unqualified.
    pub function_arn: String,
    /// `$LATEST`, or the version's number.
    pub version: String,
}

impl Identity {
    /// The identity of an access key that the lab's IAM did not issue: a user of the account that the key names.
    ///
    /// An access key of twelve digits names its account; every other key belongs to [`DEFAULT_ACCOUNT`]. The same
    /// convention holds in other emulators, so that a test written for one of them runs here.
    pub fn of_unknown_key(access_key: &str) -> Self {
        let is_account = access_key.len() == 12 && access_key.bytes().all(|b| b.is_ascii_digit());
        let account = if is_account { access_key } else { DEFAULT_ACCOUNT };
        Self {
            account: account.to_owned(),
            access_key: access_key.to_owned(),
            principal: Caller::User {
                name: DEFAULT_USER.to_owned(),
                id: "AIDALABUSER2345ABCDEF".to_owned(),
                path: "/".to_owned(),
            },
        }
    }

    /// The caller's ARN: `…:root`, `…:user/NAME` (with the user's path), or `arn:aws:sts::…:assumed-role/ROLE/SESSION`.
    pub fn arn(&self) -> String {
        match &self.principal {
            Caller::Root => format!("arn:aws:iam::{}:root", self.account),
            Caller::User { name, path, .. } => format!("arn:aws:iam::{}:user{path}{name}", self.account),
            Caller::AssumedRole { role, session, .. } => {
                format!("arn:aws:sts::{}:assumed-role/{role}/{session}", self.account)
            }
        }
    }

    /// The ARN that policies call `aws:PrincipalArn`: a session's is its role's.
    pub fn principal_arn(&self) -> String {
        match &self.principal {
            Caller::AssumedRole { role, path, .. } => format!("arn:aws:iam::{}:role{path}{role}", self.account),
            Caller::Root | Caller::User { .. } => self.arn(),
        }
    }

    /// The unique id that `GetCallerIdentity` calls `UserId` and a record calls `principalId`.
    pub fn principal_id(&self) -> String {
        match &self.principal {
            Caller::Root => self.account.clone(),
            Caller::User { id, .. } => id.clone(),
            Caller::AssumedRole { id, session, .. } => format!("{id}:{session}"),
        }
    }

    /// The name by which `LookupEvents` finds the caller: a user's name, a session's name, or `root`.
    pub fn username(&self) -> String {
        match &self.principal {
            Caller::Root => "root".to_owned(),
            Caller::User { name, .. } => name.clone(),
            Caller::AssumedRole { session, .. } => session.clone(),
        }
    }

    /// The `userIdentity` element of a CloudTrail record.
    ///
    /// Source: "CloudTrail userIdentity element" in the CloudTrail user guide.
    pub fn to_record(&self) -> Value {
        let mut element = Map::new();
        let kind = match self.principal {
            Caller::Root => "Root",
            Caller::User { .. } => "IAMUser",
            Caller::AssumedRole { .. } => "AssumedRole",
        };
        element.insert("type".into(), kind.into());
        element.insert("principalId".into(), self.principal_id().into());
        element.insert("arn".into(), self.arn().into());
        element.insert("accountId".into(), self.account.clone().into());
        element.insert("accessKeyId".into(), self.access_key.clone().into());
        match &self.principal {
            Caller::Root => {}
            Caller::User { name, .. } => {
                element.insert("userName".into(), name.clone().into());
            }
            Caller::AssumedRole { role, id, created, issued_to, .. } => {
                let issuer = json!({
                    "type": "Role",
                    "principalId": id,
                    "arn": self.principal_arn(),
                    "accountId": self.account,
                    "userName": role,
                });
                let attributes = json!({ "creationDate": crate::time::seconds(*created), "mfaAuthenticated": "false" });
                element.insert("sessionContext".into(), json!({ "sessionIssuer": issuer, "attributes": attributes }));
                if let Some(IssuedTo { function_arn, version }) = issued_to {
                    // As in records of 2026; those of 2025 do not have the version yet.
                    let scope = json!({
                        "issuerType": "AWS::Lambda::Function",
                        "credentialsIssuedTo": function_arn,
                        "credentialsIssuedToVersion": format!("{function_arn}:{version}"),
                    });
                    element.insert("inScopeOf".into(), scope);
                }
            }
        }
        Value::Object(element)
    }
}
