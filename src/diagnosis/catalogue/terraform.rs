//! How to mend it in Terraform: the resource, and the argument of it.

use super::Subject;
use crate::diagnosis::Code;

pub(super) fn of(code: Code, subject: &Subject<'_>) -> Option<String> {
    let names = &subject.names;
    Some(match code {
        Code::TrailMissing => format!(
            "resource \"aws_cloudtrail\" with name = \"{}\", s3_bucket_name, is_multi_region_trail = true, and an \
             aws_s3_bucket_policy that it depends_on",
            names.trail
        ),
        Code::TrailNotLogging => "aws_cloudtrail: enable_logging = true".to_owned(),
        Code::TrailSelectorExcludes => "aws_cloudtrail: event_selector { read_write_type = \"All\", \
                                        include_management_events = true }, or none at all"
            .to_owned(),
        Code::TrailDeliveryFails => "aws_s3_bucket_policy for cloudtrail.amazonaws.com".to_owned(),
        Code::RuleMissing | Code::RuleElsewhere => format!(
            "resource \"aws_cloudwatch_event_rule\" with name = \"{}\" and no event_bus_name, in the provider of {}",
            names.rule, subject.region
        ),
        Code::RuleDisabled => "aws_cloudwatch_event_rule: state = \"ENABLED\"".to_owned(),
        Code::RuleReadOnlyEvent => {
            "aws_cloudwatch_event_rule: state = \"ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS\"".to_owned()
        }
        Code::RulePatternMismatch | Code::RulePatternIncomplete => {
            format!("aws_cloudwatch_event_rule: event_pattern = jsonencode({})", subject.event_pattern)
        }
        Code::RemediationAlerts => {
            format!("aws_cloudwatch_event_rule: event_pattern = jsonencode({})", subject.document.as_deref()?)
        }
        Code::RuleWithoutTarget => {
            "resource \"aws_cloudwatch_event_target\" with rule and arn = aws_sns_topic.….arn".to_owned()
        }
        Code::RuleInputLosesEvent | Code::RuleInvalidInput => {
            "aws_cloudwatch_event_target: no input, input_path or input_transformer".to_owned()
        }
        Code::TopicMissing => format!("resource \"aws_sns_topic\" with name = \"{}\"", names.topic),
        Code::TopicPolicyDenies => "resource \"aws_sns_topic_policy\" whose document lets events.amazonaws.com do \
                                    sns:Publish (Terraform adds none by itself)"
            .to_owned(),
        Code::TopicKeyDenies => "aws_kms_key: a policy that lets events.amazonaws.com do kms:GenerateDataKey* and \
                                 kms:Decrypt; aws_sns_topic: kms_master_key_id of that key"
            .to_owned(),
        Code::TopicKeyUnusable => "aws_kms_key: is_enabled = true".to_owned(),
        Code::FunctionNotSubscribed | Code::FunctionMissing => {
            "resource \"aws_sns_topic_subscription\" with protocol = \"lambda\" and endpoint = aws_lambda_function.….arn"
                .to_owned()
        }
        Code::FunctionPolicyDenies => "resource \"aws_lambda_permission\" with principal = \"sns.amazonaws.com\" and \
                                       source_arn = aws_sns_topic.….arn"
            .to_owned(),
        Code::FunctionThrottled => "aws_lambda_function: reserved_concurrent_executions = -1".to_owned(),
        Code::FilterPolicyDrops => "aws_sns_topic_subscription: no filter_policy".to_owned(),
        Code::MailMissing => {
            "resource \"aws_sns_topic_subscription\" with protocol = \"email\" and endpoint = the address".to_owned()
        }
        Code::WebhookMissing | Code::WebhookMalformed | Code::WebhookRejected | Code::WebhookUnreachable => {
            format!("aws_lambda_function: environment {{ variables = {{ {} = … }} }}", names.webhook_variable)
        }
        _ => return None,
    })
}
