//! The documents, one for each policy, in the order of their names.

use super::AwsPolicy;

/// Every managed policy of AWS's own that the lab has.
pub(in crate::iam) static ALL: &[AwsPolicy] = &[
    AwsPolicy {
        path_and_name: "AWSCloudTrail_FullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sns:AddPermission",
            "sns:CreateTopic", "sns:SetTopicAttributes", "sns:GetTopicAttributes"], "Resource":
            "arn:aws:sns:*:*:aws-cloudtrail-logs*"}, {"Effect": "Allow", "Action": "sns:ListTopics", "Resource":
            "*"}, {"Effect": "Allow", "Action": ["s3:CreateBucket", "s3:PutBucketPolicy",
            "s3:PutBucketPublicAccessBlock"], "Resource": "arn:aws:s3:::aws-cloudtrail-logs*"}, {"Effect":
            "Allow", "Action": ["s3:ListAllMyBuckets", "s3:GetBucketLocation", "s3:GetBucketPolicy"],
            "Resource": "*"}, {"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}, {"Effect":
            "Allow", "Action": "logs:CreateLogGroup", "Resource":
            "arn:aws:logs:*:*:log-group:aws-cloudtrail-logs*"}, {"Effect": "Allow", "Action": ["iam:ListRoles",
            "iam:GetRolePolicy", "iam:GetUser"], "Resource": "*"}, {"Effect": "Allow", "Action": "iam:PassRole",
            "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService":
            "cloudtrail.amazonaws.com"}}}, {"Effect": "Allow", "Action": ["kms:CreateKey", "kms:CreateAlias",
            "kms:ListKeys", "kms:ListAliases"], "Resource": "*"}, {"Effect": "Allow", "Action":
            ["lambda:ListFunctions", "dynamodb:ListGlobalTables", "dynamodb:ListTables"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AWSCloudTrail_ReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudtrail:Get*",
            "cloudtrail:Describe*", "cloudtrail:List*", "cloudtrail:LookupEvents"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AWSLambda_FullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
            ["cloudformation:DescribeStacks", "cloudformation:ListStackResources", "cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
            "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoles", "kms:ListAliases",
            "lambda:*", "logs:DescribeLogGroups", "states:DescribeStateMachine", "states:ListStateMachines",
            "tag:GetResources"], "Resource": "*"}, {"Effect": "Allow", "Action": "iam:PassRole", "Resource":
            "*", "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}, {"Effect":
            "Allow", "Action": ["logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents",
            "logs:StartLiveTail", "logs:StopLiveTail"], "Resource":
            "arn:aws:logs:*:*:log-group:/aws/lambda/*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AWSLambda_ReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudwatch:GetMetricData",
            "cloudwatch:ListMetrics", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
            "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies", "iam:ListRolePolicies", "iam:ListRoles", "lambda:Get*",
            "lambda:List*", "logs:DescribeLogGroups", "tag:GetResources"], "Resource": "*"}, {"Effect": "Allow",
            "Action": ["logs:DescribeLogStreams", "logs:GetLogEvents", "logs:FilterLogEvents"], "Resource":
            "arn:aws:logs:*:*:log-group:/aws/lambda/*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AdministratorAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonEC2FullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:*",
            "elasticloadbalancing:*", "cloudwatch:*", "autoscaling:*"], "Resource": "*"}, {"Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": {"StringEquals":
            {"iam:AWSServiceName": ["autoscaling.amazonaws.com", "ec2scheduled.amazonaws.com",
            "elasticloadbalancing.amazonaws.com", "spot.amazonaws.com", "spotfleet.amazonaws.com",
            "transitgateway.amazonaws.com"]}}}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonEC2ReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:Describe*",
            "ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:Describe*", "cloudwatch:ListMetrics",
            "cloudwatch:GetMetricStatistics", "cloudwatch:Describe*", "autoscaling:Describe*"], "Resource":
            "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonEventBridgeFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["events:*", "schemas:*",
            "scheduler:*", "pipes:*"], "Resource": "*"}, {"Effect": "Allow", "Action":
            "iam:CreateServiceLinkedRole", "Resource":
            "arn:aws:iam::*:role/aws-service-role/apidestinations.events.amazonaws.com/AWSServiceRoleForAmazonEventBridgeApiDestinations",
            "Condition": {"StringEquals": {"iam:AWSServiceName": "apidestinations.events.amazonaws.com"}}},
            {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::*:role/*", "Condition":
            {"StringLike": {"iam:PassedToService": "events.amazonaws.com"}}}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonEventBridgeReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["events:DescribeRule",
            "events:DescribeEventBus", "events:DescribeEventSource", "events:ListEventBuses",
            "events:ListEventSources", "events:ListRuleNamesByTarget", "events:ListRules",
            "events:ListTargetsByRule", "events:TestEventPattern", "events:DescribeArchive",
            "events:ListArchives", "events:DescribeReplay", "events:ListReplays", "events:DescribeConnection",
            "events:ListConnections", "events:DescribeApiDestination", "events:ListApiDestinations",
            "events:DescribeEndpoint", "events:ListEndpoints"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonS3FullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:*",
            "s3-object-lambda:*"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonS3ReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "s3:List*",
            "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonSNSFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonSNSReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sns:GetTopicAttributes",
            "sns:List*", "sns:CheckIfPhoneNumberIsOptedOut", "sns:GetEndpointAttributes",
            "sns:GetDataProtectionPolicy", "sns:GetPlatformApplicationAttributes", "sns:GetSMSAttributes",
            "sns:GetSMSSandboxAccountStatus", "sns:GetSubscriptionAttributes"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonSQSFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonSQSReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:GetQueueAttributes",
            "sqs:GetQueueUrl", "sqs:ListDeadLetterSourceQueues", "sqs:ListMessageMoveTasks", "sqs:ListQueues",
            "sqs:ListQueueTags"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonSSMManagedInstanceCore",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ssm:DescribeAssociation",
            "ssm:GetDeployablePatchSnapshotForInstance", "ssm:GetDocument", "ssm:DescribeDocument",
            "ssm:GetManifest", "ssm:GetParameter", "ssm:GetParameters", "ssm:ListAssociations",
            "ssm:ListInstanceAssociations", "ssm:PutInventory", "ssm:PutComplianceItems",
            "ssm:PutConfigurePackageResult", "ssm:UpdateAssociationStatus",
            "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation"], "Resource": "*"},
            {"Effect": "Allow", "Action": ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
            "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"], "Resource": "*"}, {"Effect":
            "Allow", "Action": ["ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage",
            "ec2messages:FailMessage", "ec2messages:GetEndpoint", "ec2messages:GetMessages",
            "ec2messages:SendReply"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonVPCFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:AcceptVpc*",
            "ec2:AllocateAddress", "ec2:AssignIpv6Addresses", "ec2:AssignPrivateIpAddresses", "ec2:Associate*",
            "ec2:Attach*", "ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress",
            "ec2:Create*Vpc*", "ec2:CreateNetworkAcl*", "ec2:CreateNetworkInterface*", "ec2:CreateRoute*",
            "ec2:CreateSecurityGroup", "ec2:CreateSubnet*", "ec2:CreateTags", "ec2:DeleteNetworkAcl*",
            "ec2:DeleteNetworkInterface*", "ec2:DeleteRoute*", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet*",
            "ec2:DeleteTags", "ec2:DeleteVpc*", "ec2:Describe*", "ec2:ModifyNetworkInterfaceAttribute",
            "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVpc*",
            "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress",
            "ec2:UpdateSecurityGroupRuleDescriptionsEgress", "ec2:UpdateSecurityGroupRuleDescriptionsIngress"],
            "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "AmazonVPCReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
            ["ec2:DescribeAccountAttributes", "ec2:DescribeAddresses", "ec2:DescribeAvailabilityZones",
            "ec2:DescribeDhcpOptions", "ec2:DescribeInternetGateways", "ec2:DescribeNetworkAcls",
            "ec2:DescribeNetworkInterface*", "ec2:DescribeRegions", "ec2:DescribeRouteTables",
            "ec2:DescribeSecurityGroup*", "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpc*"],
            "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "CloudWatchAgentServerPolicy",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudwatch:PutMetricData",
            "ec2:DescribeVolumes", "ec2:DescribeTags", "logs:PutLogEvents", "logs:PutRetentionPolicy",
            "logs:DescribeLogStreams", "logs:DescribeLogGroups", "logs:CreateLogStream", "logs:CreateLogGroup"],
            "Resource": "*"}, {"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource":
            "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "CloudWatchFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["autoscaling:Describe*",
            "cloudwatch:*", "logs:*", "sns:*", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole"],
            "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "CloudWatchLogsFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:*",
            "cloudwatch:GenerateQuery"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "CloudWatchLogsReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:Describe*",
            "logs:Get*", "logs:List*", "logs:StartQuery", "logs:StopQuery", "logs:TestMetricFilter",
            "logs:FilterLogEvents", "logs:StartLiveTail", "logs:StopLiveTail"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "CloudWatchReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["autoscaling:Describe*",
            "cloudwatch:BatchGet*", "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "logs:Get*",
            "logs:List*", "logs:StartQuery", "logs:StopQuery", "logs:Describe*", "logs:TestMetricFilter",
            "logs:FilterLogEvents", "sns:Get*", "sns:List*"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "IAMFullAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["iam:*",
            "organizations:DescribeAccount", "organizations:DescribeOrganization",
            "organizations:DescribeOrganizationalUnit", "organizations:DescribePolicy",
            "organizations:ListChildren", "organizations:ListParents", "organizations:ListPoliciesForTarget",
            "organizations:ListPolicies", "organizations:ListTargetsForPolicy"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "IAMReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
            ["iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
            "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "IAMUserChangePassword",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:ChangePassword",
            "Resource": ["arn:aws:iam::*:user/${aws:username}"]}, {"Effect": "Allow", "Action":
            "iam:GetAccountPasswordPolicy", "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "PowerUserAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "NotAction": ["iam:*",
            "organizations:*", "account:*"], "Resource": "*"}, {"Effect": "Allow", "Action":
            ["account:GetAccountInformation", "account:GetGovCloudAccountInformation",
            "account:GetPrimaryEmail", "account:ListRegions", "iam:CreateServiceLinkedRole",
            "iam:DeleteServiceLinkedRole", "iam:ListRoles", "organizations:DescribeOrganization"], "Resource":
            "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "ReadOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudtrail:Describe*",
            "cloudtrail:Get*", "cloudtrail:List*", "cloudtrail:LookupEvents", "cloudwatch:Describe*",
            "cloudwatch:Get*", "cloudwatch:List*", "ec2:Describe*", "ec2:Get*", "ec2:ListImagesInRecycleBin",
            "ec2:ListSnapshotsInRecycleBin", "ec2:SearchLocalGatewayRoutes", "ec2:SearchTransitGatewayRoutes",
            "events:Describe*", "events:List*", "events:Test*", "iam:Generate*", "iam:Get*", "iam:List*",
            "iam:Simulate*", "lambda:Get*", "lambda:List*", "logs:Describe*", "logs:FilterLogEvents",
            "logs:Get*", "logs:ListAnomalies", "logs:ListLogAnomalyDetectors", "logs:ListLogDeliveries",
            "logs:ListTagsForResource", "logs:ListTagsLogGroup", "logs:StartLiveTail", "logs:StartQuery",
            "logs:StopLiveTail", "logs:StopQuery", "logs:TestMetricFilter", "s3:DescribeJob", "s3:Get*",
            "s3:List*", "sns:Check*", "sns:Get*", "sns:List*", "sqs:Get*", "sqs:List*", "sqs:Receive*",
            "sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken", "tag:Get*"], "Resource":
            "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "SecurityAudit",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudtrail:DescribeTrails",
            "cloudtrail:Get*", "cloudtrail:List*", "cloudtrail:LookupEvents", "cloudwatch:Describe*",
            "cloudwatch:GetDashboard", "cloudwatch:ListDashboards", "cloudwatch:ListTagsForResource",
            "ec2:Describe*", "ec2:Get*", "events:Describe*", "events:List*", "events:TestEventPattern",
            "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*",
            "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy", "lambda:GetAccountSettings",
            "lambda:GetFunctionConfiguration", "lambda:GetFunctionEventInvokeConfig",
            "lambda:GetLayerVersionPolicy", "lambda:GetPolicy", "lambda:List*", "logs:Describe*",
            "logs:ListTagsForResource", "logs:ListTagsLogGroup", "s3:GetAccelerateConfiguration",
            "s3:GetAccessPoint*", "s3:GetAccountPublicAccessBlock", "s3:GetAnalyticsConfiguration",
            "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetInventoryConfiguration",
            "s3:GetLifecycleConfiguration", "s3:GetMetricsConfiguration", "s3:GetObjectAcl",
            "s3:GetObjectVersionAcl", "s3:GetReplicationConfiguration", "s3:ListAccessPoints",
            "s3:ListAllMyBuckets", "sns:GetTopicAttributes", "sns:List*", "sqs:GetQueueAttributes",
            "sqs:ListDeadLetterSourceQueues", "sqs:ListQueueTags", "sqs:ListQueues"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "job-function/ViewOnlyAccess",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["cloudtrail:DescribeTrails",
            "cloudtrail:GetTrailStatus", "cloudtrail:ListTrails", "cloudtrail:LookupEvents",
            "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*", "ec2:DescribeAccountAttributes",
            "ec2:DescribeAvailabilityZones", "ec2:DescribeImages", "ec2:DescribeInstanceAttribute",
            "ec2:DescribeInstanceStatus", "ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeRegions", "ec2:DescribeSecurityGroupRules", "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets", "ec2:DescribeTags", "ec2:DescribeVpcs", "events:ListRuleNamesByTarget",
            "events:ListRules", "events:ListTargetsByRule", "iam:Get*", "iam:List*", "lambda:List*",
            "logs:Describe*", "logs:FilterLogEvents", "logs:GetLogEvents", "s3:ListAllMyBuckets",
            "s3:ListBucket", "sns:List*", "sqs:ListQueues"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "service-role/AWSLambdaBasicExecutionRole",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogGroup",
            "logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "service-role/AWSLambdaRole",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction",
            "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "service-role/AWSLambdaSQSQueueExecutionRole",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sqs:ReceiveMessage",
            "sqs:DeleteMessage", "sqs:GetQueueAttributes", "logs:CreateLogGroup", "logs:CreateLogStream",
            "logs:PutLogEvents"], "Resource": "*"}]}"#,
    },
    AwsPolicy {
        path_and_name: "service-role/AWSLambdaVPCAccessExecutionRole",
        document: r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["logs:CreateLogGroup",
            "logs:CreateLogStream", "logs:PutLogEvents", "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"], "Resource": "*"}]}"#,
    },
];
