//! Event selectors: which of the records a trail logs.
//!
//! Source: <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html> and
//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AdvancedFieldSelector.html>: on a trail, an advanced
//! selector of management events can look at `eventCategory`, `readOnly` and `eventSource`, and of the latter leave out two
//! sources only.

use serde::{Deserialize, Serialize};

use crate::gateway::error::AwsError;

/// The only sources whose management events a trail can leave out.
const EXCLUDABLE: [&str; 2] = ["kms.amazonaws.com", "rdsdata.amazonaws.com"];

/// How many classic selectors a trail can have.
const MOST_SELECTORS: usize = 5;

/// How many values all conditions of a trail's advanced selectors can have together.
const MOST_VALUES: usize = 500;

/// A management event, as far as selectors look at it.
#[derive(Clone, Copy, Debug)]
pub struct ManagementEvent<'a> {
    /// Its `eventSource`: `ec2.amazonaws.com`.
    pub source: &'a str,
    /// Whether it only reads.
    pub read_only: bool,
}

/// The selectors of a trail, in either form.
#[derive(Clone, Debug, Serialize)]
pub(super) enum Selectors {
    #[serde(rename = "EventSelectors")]
    Classic(Vec<ClassicSelector>),
    #[serde(rename = "AdvancedEventSelectors")]
    Advanced(Vec<AdvancedSelector>),
    /// What a trail has before `PutEventSelectors`: all management events.
    #[serde(rename = "EventSelectors")]
    Untouched([ClassicSelector; 1]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum ReadWriteType {
    #[default]
    All,
    ReadOnly,
    WriteOnly,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ClassicSelector {
    #[serde(default)]
    read_write_type: ReadWriteType,
    #[serde(default = "yes")]
    include_management_events: bool,
    #[serde(default)]
    data_resources: Vec<DataResource>,
    #[serde(default)]
    exclude_management_event_sources: Vec<String>,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DataResource {
    r#type: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct AdvancedSelector {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    field_selectors: Vec<FieldSelector>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
struct FieldSelector {
    field: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    starts_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ends_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_equals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_starts_with: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_ends_with: Vec<String>,
}

impl Default for ClassicSelector {
    fn default() -> Self {
        Self {
            read_write_type: ReadWriteType::All,
            include_management_events: true,
            data_resources: Vec::new(),
            exclude_management_event_sources: Vec::new(),
        }
    }
}

impl Default for Selectors {
    fn default() -> Self {
        Self::Untouched([ClassicSelector::default()])
    }
}

/// Why the selectors of a trail take no such event, for those who have read them with `GetEventSelectors`: `selectors` is
/// its `EventSelectors` or its `AdvancedEventSelectors`. None if one of them does. The words follow "the event selectors of the
/// trail".
///
/// # Errors
/// These are no selectors.
pub fn left_out(selectors: serde_json::Value, event: ManagementEvent<'_>) -> Result<Option<String>, serde_json::Error> {
    let advanced = selectors.as_array().is_some_and(|list| list.iter().any(|one| one.get("FieldSelectors").is_some()));
    let selectors = match advanced {
        true => Selectors::Advanced(serde_json::from_value(selectors)?),
        false => Selectors::Classic(serde_json::from_value(selectors)?),
    };
    Ok(selectors.excludes(event))
}

fn wrong(message: impl Into<String>) -> AwsError {
    AwsError::bad_request("InvalidEventSelectorsException", message)
}

impl Selectors {
    /// The selectors of a `PutEventSelectors`, if AWS takes them.
    pub(super) fn read(
        classic: Option<Vec<ClassicSelector>>,
        advanced: Option<Vec<AdvancedSelector>>,
    ) -> Result<Self, AwsError> {
        match (classic.unwrap_or_default(), advanced.unwrap_or_default()) {
            (classic, advanced) if !classic.is_empty() && !advanced.is_empty() => Err(wrong(
                "You can select events by using either EventSelectors or AdvancedEventSelectors, but not both.",
            )),
            (classic, advanced) if classic.is_empty() && !advanced.is_empty() => {
                check_advanced(&advanced)?;
                Ok(Self::Advanced(advanced))
            }
            (classic, _) if (1..=MOST_SELECTORS).contains(&classic.len()) => {
                check_classic(&classic)?;
                Ok(Self::Classic(classic))
            }
            _ => Err(wrong(format!("Specify a valid number of selectors (1 to {MOST_SELECTORS}) for your trail."))),
        }
    }

    /// Whether `PutEventSelectors` was called.
    pub(super) fn are_custom(&self) -> bool {
        !matches!(self, Self::Untouched(_))
    }

    /// Why no selector takes a management event; none if one does. The words follow "the event selectors of the trail".
    pub(super) fn excludes(&self, event: ManagementEvent<'_>) -> Option<String> {
        let whys: Vec<_> = match self {
            Self::Untouched(_) => return None,
            Self::Classic(selectors) => selectors.iter().map(|selector| selector.excludes(event)).collect(),
            Self::Advanced(selectors) => selectors.iter().map(|selector| selector.excludes(event)).collect(),
        };
        let mut whys = whys.into_iter().collect::<Option<Vec<String>>>()?;
        whys.dedup();
        Some(whys.join("; another "))
    }
}

fn check_classic(selectors: &[ClassicSelector]) -> Result<(), AwsError> {
    let mut values = 0;
    for selector in selectors {
        for source in &selector.exclude_management_event_sources {
            if !EXCLUDABLE.contains(&source.as_str()) {
                return Err(wrong(format!("Value {source} for ExcludeManagementEventSources is invalid.")));
            }
        }
        if !selector.include_management_events && !selector.exclude_management_event_sources.is_empty() {
            return Err(wrong("ExcludeManagementEventSources can be used only if IncludeManagementEvents is true."));
        }
        for DataResource { r#type, values: resources } in &selector.data_resources {
            let arn = match r#type.as_str() {
                "AWS::S3::Object" => "arn:aws:s3",
                "AWS::Lambda::Function" => "arn:aws:lambda",
                "AWS::DynamoDB::Table" => "arn:aws:dynamodb",
                other => return Err(wrong(format!("Value {other} for DataResources.Type is invalid."))),
            };
            let bare_bucket = |value: &str| value.strip_prefix("arn:aws:s3:::").is_some_and(|b| !b.contains('/'));
            for value in resources {
                if !value.starts_with(arn) || (bare_bucket(value) && value != "arn:aws:s3:::") {
                    return Err(wrong(format!("Value {value} for DataResources.Values is invalid.")));
                }
            }
            values += resources.len();
        }
    }
    if values > 250 {
        return Err(wrong("Specify a valid number of DataResources.Values (0 to 250) for all your selectors."));
    }
    Ok(())
}

fn check_advanced(selectors: &[AdvancedSelector]) -> Result<(), AwsError> {
    let mut values = 0;
    for selector in selectors {
        selector.check()?;
        values +=
            selector.field_selectors.iter().flat_map(FieldSelector::conditions).map(|(_, v)| v.len()).sum::<usize>();
    }
    if values > MOST_VALUES {
        return Err(wrong(format!(
            "The conditions of all selectors of a trail can have {MOST_VALUES} values at most."
        )));
    }
    Ok(())
}

impl ClassicSelector {
    fn excludes(&self, event: ManagementEvent<'_>) -> Option<String> {
        if !self.include_management_events {
            return Some("take no management events".to_owned());
        }
        match (self.read_write_type, event.read_only) {
            (ReadWriteType::ReadOnly, false) => Some("take read-only events only".to_owned()),
            (ReadWriteType::WriteOnly, true) => Some("take write events only".to_owned()),
            _ => {
                let left_out = self.exclude_management_event_sources.iter().any(|source| source == event.source);
                left_out.then(|| format!("leave the events of {} out", event.source))
            }
        }
    }
}

impl AdvancedSelector {
    fn category(&self) -> Option<&str> {
        let field = self.field_selectors.iter().find(|selector| selector.field == "eventCategory")?;
        field.equals.first().map(String::as_str)
    }

    fn check(&self) -> Result<(), AwsError> {
        if self.field_selectors.is_empty() {
            return Err(wrong("An advanced event selector needs at least one field selector."));
        }
        for (index, field) in self.field_selectors.iter().enumerate() {
            if self.field_selectors[..index].iter().any(|other| other.field == field.field) {
                return Err(wrong(format!("The field {} is there more than once in a selector.", field.field)));
            }
            if field.conditions().iter().all(|(_, values)| values.is_empty()) {
                return Err(wrong(format!("The field {} needs a condition.", field.field)));
            }
        }
        let allowed: &[&str] = match self.category() {
            Some("Management") => &["eventCategory", "eventSource", "readOnly"],
            Some("Data") => &[
                "eventCategory",
                "eventName",
                "eventSource",
                "eventType",
                "readOnly",
                "resources.ARN",
                "resources.type",
                "sessionCredentialFromConsole",
                "userIdentity.arn",
            ],
            Some("NetworkActivity") => {
                return Err(AwsError::unsupported(
                    "selectors of network activity events (cloudtrail:PutEventSelectors)",
                ));
            }
            Some(other) => return Err(wrong(format!("{other} is not a valid value for the field eventCategory."))),
            None => {
                return Err(wrong("The field eventCategory with the operator Equals is required in each selector."));
            }
        };
        let category = self.category().unwrap_or_default();
        for field in &self.field_selectors {
            if !allowed.contains(&field.field.as_str()) {
                return Err(wrong(format!(
                    "The following field is not allowed when the eventCategory field value equals {category}: {}.",
                    field.field
                )));
            }
            field.check(category)?;
        }
        if category == "Data" && !self.field_selectors.iter().any(|field| field.field == "resources.type") {
            return Err(wrong("The field resources.type is required when the eventCategory field value equals Data."));
        }
        Ok(())
    }

    fn excludes(&self, event: ManagementEvent<'_>) -> Option<String> {
        if self.category() != Some("Management") {
            return Some("take no management events".to_owned());
        }
        self.field_selectors.iter().find(|field| !field.accepts(event)).map(|field| match field.field.as_str() {
            "readOnly" if event.read_only => "take write events only".to_owned(),
            "readOnly" => "take read-only events only".to_owned(),
            field => format!("leave the event out by its {field}"),
        })
    }
}

impl FieldSelector {
    fn conditions(&self) -> [(&'static str, &Vec<String>); 6] {
        [
            ("Equals", &self.equals),
            ("StartsWith", &self.starts_with),
            ("EndsWith", &self.ends_with),
            ("NotEquals", &self.not_equals),
            ("NotStartsWith", &self.not_starts_with),
            ("NotEndsWith", &self.not_ends_with),
        ]
    }

    fn check(&self, category: &str) -> Result<(), AwsError> {
        let only = |operator: &str, values: &[&str]| {
            for (given, list) in self.conditions() {
                if given != operator && !list.is_empty() {
                    return Err(wrong(format!("The field {} can be used with {operator} only.", self.field)));
                }
                for value in list {
                    if !values.is_empty() && !values.contains(&value.as_str()) {
                        return Err(wrong(format!("{value} is not a valid value for the field {}.", self.field)));
                    }
                }
            }
            Ok(())
        };
        match self.field.as_str() {
            "eventCategory" | "readOnly" | "resources.type" if self.equals.len() > 1 => {
                Err(wrong(format!("The field {} can have one value only.", self.field)))
            }
            "eventCategory" => only("Equals", &[category]),
            "readOnly" => only("Equals", &["true", "false"]),
            "resources.type" => only("Equals", &[]),
            "eventSource" if category == "Management" => only("NotEquals", &EXCLUDABLE),
            _ => Ok(()),
        }
    }

    /// Whether a management event holds what the field asks for: one of the values of each positive condition, and none of
    /// those of a negative one.
    fn accepts(&self, event: ManagementEvent<'_>) -> bool {
        let value = match self.field.as_str() {
            "eventCategory" => "Management".to_owned(),
            "eventSource" => event.source.to_owned(),
            "readOnly" => event.read_only.to_string(),
            // What check lets through has no other field.
            _ => return false,
        };
        self.conditions().into_iter().filter(|(_, values)| !values.is_empty()).all(|(operator, values)| {
            let mut values = values.iter().map(String::as_str);
            match operator {
                "Equals" => values.any(|wanted| value == wanted),
                "StartsWith" => values.any(|start| value.starts_with(start)),
                "EndsWith" => values.any(|end| value.ends_with(end)),
                "NotEquals" => values.all(|unwanted| value != unwanted),
                "NotStartsWith" => values.all(|start| !value.starts_with(start)),
                _ => values.all(|end| !value.ends_with(end)),
            }
        })
    }
}
