//! The decoders of the pipeline's parts.

use std::collections::BTreeMap;

use super::super::event_pattern::EventPattern;
use super::super::names::{ScenarioPath, VariableName};
use super::super::pipeline::{
    Architecture, Channel, Function, Instance, MemoryMb, Pipeline, Rule, Runtime, SecurityGroup, Topic, Trail,
    bootstrap,
};
use super::super::wait::Wait;
use super::super::yaml::{Kind, Node};
use super::{Decoder, Fields};

/// The longest that Lambda lets a function run, in seconds.
const LONGEST_TIMEOUT: u64 = 15 * 60;

/// The pipeline, and the event pattern that its rule names; `None` there when the file is mistaken.
pub(super) fn pipeline(d: &mut Decoder<'_>, node: &Node) -> Option<(Pipeline, Option<EventPattern>)> {
    let mut fields = Fields::of(d, node, "a pipeline")?;
    let trail = fields.required(d, "trail", trail);
    let rule = fields.required(d, "rule", rule);
    let topic = fields.required(d, "topic", topic);
    let function = fields.required(d, "function", function);
    let instance = fields.required(d, "instance", instance);
    let group = fields.required(d, "group", group);
    let channel = fields.required(d, "channel", channel);
    fields.close(d);
    let (rule, event_pattern) = rule?;
    let pipeline = Pipeline {
        trail: trail?,
        rule,
        topic: topic?,
        function: function?,
        instance: instance?,
        group: group?,
        channel: channel?,
    };
    Some((pipeline, event_pattern))
}

fn trail(d: &mut Decoder<'_>, node: &Node) -> Option<Trail> {
    let mut fields = Fields::of(d, node, "a trail")?;
    let name = fields.required(d, "name", Decoder::written);
    let bucket_prefix = fields.required(d, "bucket_prefix", Decoder::written);
    fields.close(d);
    Some(Trail { name: name?, bucket_prefix: bucket_prefix? })
}

fn rule(d: &mut Decoder<'_>, node: &Node) -> Option<(Rule, Option<EventPattern>)> {
    let mut fields = Fields::of(d, node, "a rule")?;
    let name = fields.required(d, "name", Decoder::written);
    let pattern = fields.required(d, "event_pattern", |d, node| {
        let path: ScenarioPath = d.written(node)?;
        let pattern = d.event_pattern(node, &path);
        Some((path, pattern))
    });
    fields.close(d);
    let (event_pattern, pattern) = pattern?;
    Some((Rule { name: name?, event_pattern }, pattern))
}

fn topic(d: &mut Decoder<'_>, node: &Node) -> Option<Topic> {
    let mut fields = Fields::of(d, node, "a topic")?;
    let name = fields.required(d, "name", Decoder::written);
    let email = fields.optional(d, "email", Decoder::written);
    fields.close(d);
    Some(Topic { name: name?, email: email? })
}

fn function(d: &mut Decoder<'_>, node: &Node) -> Option<Function> {
    let mut fields = Fields::of(d, node, "a function")?;
    let name = fields.required(d, "name", Decoder::written);
    let runtime = fields
        .required(d, "runtime", |d, node| Some((d.choice(node, &Runtime::ALL, Runtime::as_str)?, node.bytes.clone())));
    let architecture =
        fields.optional(d, "architecture", |d, node| d.choice(node, &Architecture::ALL, Architecture::as_str));
    let package = fields.required(d, "package", package);
    let handler = fields.optional(d, "handler", Decoder::written);
    let timeout = fields.required(d, "timeout", timeout);
    let memory_mb = fields.optional(d, "memory_mb", memory);
    let environment = fields.optional(d, "environment", environment);
    let webhook_variable = fields.required(d, "webhook_variable", Decoder::written::<VariableName>);
    fields.close(d);
    if let (Some((runtime, bytes)), Some(None)) = (&runtime, &handler)
        && !runtime.is_provided()
    {
        d.mistake_with(
            bytes.clone(),
            format!("the runtime `{runtime}` needs a `handler`"),
            "write the file and the function in it: `handler: lambda_function.lambda_handler`",
        );
    }
    if let Some(webhook) = &webhook_variable {
        refuse_the_webhook(d, node, webhook);
    }
    Some(Function {
        name: name?,
        runtime: runtime?.0,
        architecture: architecture?.unwrap_or_default(),
        package: package?,
        handler: handler?.unwrap_or_else(bootstrap),
        timeout: timeout?,
        memory_mb: memory_mb?.unwrap_or_default(),
        environment: environment?.unwrap_or_default(),
        webhook_variable: webhook_variable?,
    })
}

/// The webhook's address in `environment` would be a secret in a file, and would not be the drill's own channel.
fn refuse_the_webhook(d: &mut Decoder<'_>, function: &Node, webhook: &VariableName) {
    let environment = function.get("environment").and_then(|environment| environment.entry(webhook.as_str()));
    if let Some(entry) = environment {
        d.mistake_with(
            entry.bytes.clone(),
            format!("`environment` sets `{webhook}`, which the harness sets"),
            "take it out: the webhook's address is a secret",
        );
    }
}

fn package(d: &mut Decoder<'_>, node: &Node) -> Option<ScenarioPath> {
    let path: ScenarioPath = d.written(node)?;
    if !d.files.has_folder(&path) {
        let hint = "it is looked for beside the scenario file";
        d.mistake_with(node.bytes.clone(), format!("there is no folder `{path}`"), hint);
        return None;
    }
    Some(path)
}

fn timeout(d: &mut Decoder<'_>, node: &Node) -> Option<Wait> {
    let wait: Wait = d.written(node)?;
    let time = wait.duration();
    if time.subsec_millis() > 0 || time.as_secs() > LONGEST_TIMEOUT {
        d.mistake_with(
            node.bytes.clone(),
            format!("a function cannot have a timeout of {wait}"),
            "Lambda takes whole seconds, up to 15 minutes",
        );
        return None;
    }
    Some(wait)
}

fn memory(d: &mut Decoder<'_>, node: &Node) -> Option<MemoryMb> {
    let (text, _) = d.scalar(node)?;
    let Ok(megabytes) = text.parse::<u16>() else {
        let message = format!("{} is a number of megabytes, not {}", node.label, node.describe());
        d.mistake_with(node.bytes.clone(), message, "write a whole number from 128 to 10240");
        return None;
    };
    MemoryMb::try_from(megabytes).map_err(|refused| d.refused(node.bytes.clone(), refused)).ok()
}

fn environment(d: &mut Decoder<'_>, node: &Node) -> Option<BTreeMap<VariableName, String>> {
    if matches!(node.kind, Kind::Refused) {
        return None;
    }
    let Kind::Mapping(entries) = &node.kind else {
        let message = format!("`environment` is written with keys and values, and {} stands here", node.describe());
        d.mistake_with(node.pointer(), message, "write `environment: {}` for none");
        return None;
    };
    let mut variables = BTreeMap::new();
    let mut right = true;
    for entry in entries {
        let name = entry.key.parse::<VariableName>().map_err(|refused| d.refused(entry.bytes.clone(), refused)).ok();
        let value = d.scalar(&entry.value).map(|(text, _)| text.to_owned());
        match (name, value) {
            (Some(name), Some(value)) => {
                variables.insert(name, value);
            }
            _ => right = false,
        }
    }
    right.then_some(variables)
}

fn instance(d: &mut Decoder<'_>, node: &Node) -> Option<Instance> {
    let mut fields = Fields::of(d, node, "an instance")?;
    let name = fields.required(d, "name", Decoder::written);
    let instance_type = fields.required(d, "type", Decoder::written);
    let image = fields.required(d, "image", Decoder::written);
    fields.close(d);
    Some(Instance { name: name?, instance_type: instance_type?, image: image? })
}

fn group(d: &mut Decoder<'_>, node: &Node) -> Option<SecurityGroup> {
    let mut fields = Fields::of(d, node, "a group")?;
    let name = fields.required(d, "name", Decoder::written);
    let description = fields.required(d, "description", Decoder::written);
    fields.close(d);
    Some(SecurityGroup { name: name?, description: description? })
}

fn channel(d: &mut Decoder<'_>, node: &Node) -> Option<Channel> {
    let mut fields = Fields::of(d, node, "a channel")?;
    let name = fields.required(d, "name", Decoder::written);
    fields.close(d);
    Some(Channel { name: name? })
}
