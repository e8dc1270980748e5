//! Which operations each service has: the same lines that dispatch a call are the list that is shown.
//!
//! A service writes its dispatch once, with `operations!`. The table in `lab/README.md`, `/_lab/health` and the check
//! of the faults read it from there, so that none of them can drift from what is served.

use super::routes;
use super::service::Service;
use crate::cloudtrail::CloudTrail;
use crate::cloudwatch::CloudWatch;
use crate::ec2;
use crate::events::Events;
use crate::iam::Iam;
use crate::kms::Kms;
use crate::lambda::Lambda;
use crate::logs::Logs;
use crate::s3;
use crate::sns::Sns;
use crate::sqs::Sqs;

/// The operations of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations {
    /// Those that are served.
    pub supported: Vec<&'static str>,
    /// Some of those that are not: the ones that a pipeline or an infrastructure tool is likely to ask for. They are
    /// refused by name, as is every operation that stands in neither list.
    pub refused: Vec<&'static str>,
}

/// The names that a dispatch is written with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dispatched {
    pub(crate) supported: &'static [&'static str],
    pub(crate) refused: &'static [&'static str],
}

/// A service's dispatch by operation, and the table of its names.
///
/// ```text
/// operations! { OPERATIONS =
///     pub(crate) fn call(&self, call: &Call) -> Result<Reply, AwsError> match call.operation {
///         "CreateQueue" => self.create_queue(call),
///         refused "StartMessageMoveTask",
///     }
/// }
/// ```
///
/// makes `call` and the constant `OPERATIONS`. `async fn` works too. The names after `refused` are those worth showing
/// among all that are refused; one that an arm above serves as well is an unreachable pattern, of which the compiler
/// warns.
macro_rules! operations {
    ($table:ident = $vis:vis async fn $function:ident $parameters:tt -> Result<$reply:ident, $error:ident>
        match $call:ident.operation { $($arms:tt)* }) => {
        $crate::gateway::operations::operations!(@table $table; $($arms)*);

        $vis async fn $function $parameters -> Result<$reply, $error> {
            $crate::gateway::operations::operations!(@match $call; $($arms)*)
        }
    };
    ($table:ident = $vis:vis fn $function:ident $parameters:tt -> Result<$reply:ident, $error:ident>
        match $call:ident.operation { $($arms:tt)* }) => {
        $crate::gateway::operations::operations!(@table $table; $($arms)*);

        $vis fn $function $parameters -> Result<$reply, $error> {
            $crate::gateway::operations::operations!(@match $call; $($arms)*)
        }
    };
    (@table $table:ident; $($($name:literal)|+ => $answer:expr,)+ $(refused $($refused:literal),+ $(,)?)?) => {
        /// The operations of the service, as they are dispatched.
        pub(crate) const $table: $crate::gateway::operations::Dispatched = $crate::gateway::operations::Dispatched {
            supported: &[$($($name),+),+],
            refused: &[$($($refused),+)?],
        };
    };
    (@match $call:ident; $($($name:literal)|+ => $answer:expr,)+ $(refused $($refused:literal),+ $(,)?)?) => {
        match $call.operation.as_str() {
            $($($name)|+ => $answer,)+
            $($($refused)|+ => Err($call.unsupported()),)?
            _ => Err($call.unsupported()),
        }
    };
}

pub(crate) use operations;

impl Service {
    /// The operations of this service, each list in alphabetical order.
    pub fn operations(self) -> Operations {
        let Dispatched { supported, refused } = match self {
            Self::CloudTrail => CloudTrail::OPERATIONS,
            Self::CloudWatch => CloudWatch::OPERATIONS,
            Self::Ec2 => ec2::OPERATIONS,
            Self::Events => Events::OPERATIONS,
            Self::Iam => Iam::OPERATIONS,
            Self::Kms => Kms::OPERATIONS,
            Self::Lambda => Lambda::OPERATIONS,
            Self::Logs => Logs::OPERATIONS,
            Self::S3 => s3::OPERATIONS,
            Self::Sns => Sns::OPERATIONS,
            Self::Sqs => Sqs::OPERATIONS,
            Self::Sts => Iam::STS_OPERATIONS,
        };
        let (mut supported, mut refused) = (supported.to_vec(), refused.to_vec());
        if self == Self::Lambda {
            // A route that nothing serves is an operation that the lab knows by name alone.
            refused.extend(routes::lambda_operations().filter(|name| !supported.contains(name)));
        }
        for names in [&mut supported, &mut refused] {
            names.sort_unstable();
            names.dedup();
        }
        Operations { supported, refused }
    }
}

#[cfg(test)]
mod tests;
