//! Why EventBridge refuses a pattern, in its own words.

use std::fmt;

/// A pattern that PutRule and TestEventPattern refuse with `InvalidEventPatternException`.
///
/// The text is AWS's, without the source excerpt that AWS appends (`at [Source: (String)"…"; line: 1, column: 11]`): the
/// [path](Self::path) says where instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Event pattern is not valid. Reason: {reason}")]
pub struct InvalidPattern {
    /// What is wrong.
    pub reason: Reason,
    /// The dotted path of the field that is wrong; empty for the pattern as a whole.
    pub path: String,
    /// Why `$or` was not read as the operator, when that is what the author most likely meant.
    pub or_hint: Option<Reason>,
}

impl InvalidPattern {
    /// The error code of the API.
    pub const CODE: &'static str = "InvalidEventPatternException";

    /// The whole message of the API's error.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// A sentence for people: the message, where, and the `$or` hint.
    pub fn explained(&self) -> String {
        let mut text = self.to_string();
        if !self.path.is_empty() {
            text.push_str(&format!(" (at {})", self.path));
        }
        if let Some(hint) = &self.or_hint {
            text.push_str(&format!(" (\"$or\" was read as the name of a field, because: {hint})"));
        }
        text
    }
}

/// A pattern longer than PutRule accepts: a `ValidationException`, not an `InvalidEventPatternException`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "1 validation error detected: Value at 'eventPattern' failed to satisfy constraint: Member must have length less than or \
     equal to 4096 (the event pattern has {characters} characters)"
)]
pub struct PatternTooLong {
    /// How long it is, in characters.
    pub characters: usize,
}

/// What is wrong with a pattern or a filter policy. The texts are those that AWS answers with.
///
/// Sources: recorded answers of EventBridge and SNS in LocalStack's snapshots (`test_events_patterns.snapshot.json`,
/// `test_sns_filter_policy.snapshot.json`), and `JsonRuleCompiler` of `aws/event-ruler`, whose texts both services pass on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// Not JSON. The text is the parser's, not AWS's.
    NotJson(String),
    /// The pattern is JSON, but not an object.
    NotAnObject,
    /// An object without members.
    EmptyObject,
    /// An array without members.
    EmptyArray,
    /// A field whose value is neither an object nor an array.
    NeitherObjectNorArray(String),
    /// An array within the array of a field.
    NotAValue,
    /// `$or` without an array.
    OrNotAnArray,
    /// `$or` with something that is not an object.
    OrMemberNotAnObject,
    /// `$or` with fewer than two objects.
    OrTooShort,
    /// The name of an operator as a field within `$or`.
    OrReservedName(String),
    /// More than 1000 combinations of `$or` members.
    OrTooManyCombinations,
    /// `{}` as a match expression.
    ExpressionWithoutName,
    /// An operator that does not exist.
    UnrecognizedMatchType(String),
    /// Two operators in one match expression.
    MoreThanOneKey,
    /// The operand of `exactly`, `prefix`, `suffix`, `equals-ignore-case` or `wildcard` is not a string.
    OperandNotAString(&'static str),
    /// `{"prefix": {}}` or `{"suffix": {}}`
    AffixWithoutName(&'static str),
    /// An operator within `prefix` or `suffix` other than `equals-ignore-case`.
    UnsupportedAffix(&'static str, String),
    /// The operand of `exists` is not a boolean.
    ExistsNotABoolean,
    /// The operand of `numeric` is not an array.
    NumericNotAnArray,
    /// `numeric` does not begin with an operator.
    NumericInvalidMember(String),
    /// An operator that `numeric` does not have.
    NumericUnrecognizedOperator(String),
    /// The operand of this operator is not a number.
    NumericValueNotANumber(String),
    /// More after a comparison that takes no second one; also a second key beside `numeric` or `anything-but`.
    NumericTooManyElements,
    /// Something other than an operator where the second comparison begins.
    NumericBadValue(String),
    /// A second comparison that is not `<` or `<=`.
    NumericBadRangeOperator(String),
    /// More after the second comparison.
    NumericTooManyTerms,
    /// A range whose ends are equal or the wrong way round.
    BottomNotBelowTop,
    /// A number that AWS cannot compare, because it is too large.
    NumberOutOfRange,
    /// A number that AWS cannot compare, because it has more than six decimals.
    NumberTooPrecise,
    /// `{"anything-but": {}}`
    AnythingButWithoutName,
    /// An operator that `anything-but` cannot hold.
    UnsupportedAnythingBut(String),
    /// The operand of `anything-but` is null or a boolean, or an object one level down.
    AnythingButBadValue,
    /// Something other than strings and numbers in a list of `anything-but`.
    AnythingButBadMember,
    /// An empty list in `anything-but`, or strings and numbers together.
    AnythingButMixed,
    /// The operand of `anything-but`/`equals-ignore-case` is not a string.
    AnythingButIgnoreCaseNotAString,
    /// The operand of `anything-but`/`prefix` or `suffix` is not a string.
    AnythingButAffixNotAString,
    /// The operand of `anything-but`/`prefix` or `suffix` is empty.
    AnythingButAffixEmpty,
    /// The operand of `cidr` is not a string (AWS's text says prefix).
    CidrNotAString,
    /// No slash, or more than one.
    CidrWithoutSlash,
    /// The part after the slash is not a number.
    CidrMaskNotAnInteger,
    /// The part after the slash is negative.
    CidrMaskNegative,
    /// An IPv4 mask of 32 bits or more.
    CidrMaskTooWideV4,
    /// An IPv6 mask of 128 bits or more.
    CidrMaskTooWideV6,
    /// Not the form of an address.
    NonstandardAddress(String),
    /// The form of an address, but none.
    InvalidAddress(String),
    /// `**`, at this byte of the quoted string.
    ConsecutiveWildcards(usize),
    /// A backslash before another character than `*` and `\`, at this byte of the quoted string.
    InvalidEscape(usize),
    /// Wildcards that could match in too many ways at once.
    TooComplex,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(why) => write!(f, "{why}"),
            Self::NeitherObjectNorArray(name) => write!(f, "\"{name}\" must be an object or an array"),
            Self::OrReservedName(name) => {
                write!(f, "{name} is Ruler reserved fieldName which cannot be used inside $or.")
            }
            Self::UnrecognizedMatchType(name) => write!(f, "Unrecognized match type {name}"),
            Self::OperandNotAString(operator) => write!(f, "{operator} match pattern must be a string"),
            Self::AffixWithoutName(operator) => write!(f, "{operator} expression name not found"),
            Self::UnsupportedAffix(operator, name) => write!(f, "Unsupported {operator} pattern: {name}"),
            Self::NumericInvalidMember(token) => write!(f, "Invalid member in numeric match: {token}"),
            Self::NumericUnrecognizedOperator(name) => write!(f, "Unrecognized numeric range operator: {name}"),
            Self::NumericValueNotANumber(operator) => write!(f, "Value of {operator} must be numeric"),
            Self::NumericBadValue(token) => write!(f, "Bad value in numeric range: {token}"),
            Self::NumericBadRangeOperator(name) => write!(f, "Bad numeric range operator: {name}"),
            Self::UnsupportedAnythingBut(name) => write!(f, "Unsupported anything-but pattern: {name}"),
            Self::NonstandardAddress(address) => write!(f, "Nonstandard IP address: {address}"),
            Self::InvalidAddress(address) => write!(f, "Invalid IP address: {address}"),
            Self::ConsecutiveWildcards(at) => write!(f, "Consecutive wildcard characters at pos {at}"),
            Self::InvalidEscape(at) => write!(f, "Invalid escape character at pos {at}"),
            fixed => f.write_str(fixed.fixed_text()),
        }
    }
}

impl Reason {
    /// The texts that name nothing of the pattern.
    fn fixed_text(&self) -> &'static str {
        match self {
            Self::NotAnObject => "Filter is not an object",
            Self::EmptyObject => "Empty objects are not allowed",
            Self::EmptyArray => "Empty arrays are not allowed",
            Self::NotAValue => "Match value must be String, number, true, false, or null",
            Self::OrNotAnArray => "It must be an Array followed with $or.",
            Self::OrMemberNotAnObject => "Only JSON object is allowed in array of $or relationship.",
            Self::OrTooShort => "There must have at least 2 Objects in $or relationship.",
            Self::OrTooManyCombinations => "$or makes more than 1000 rule combinations",
            Self::ExpressionWithoutName => "Match expression name not found",
            Self::MoreThanOneKey => "Only one key allowed in match expression",
            Self::ExistsNotABoolean => "exists match pattern must be either true or false.",
            Self::NumericNotAnArray => "Value of numeric must be an array.",
            Self::NumericTooManyElements => "Too many elements in numeric expression",
            Self::NumericTooManyTerms => "Too many terms in numeric range expression",
            Self::BottomNotBelowTop => "Bottom must be less than top",
            Self::NumberOutOfRange => "Value must be between -5.0E9 and 5.0E9, inclusive",
            Self::NumberTooPrecise => "Only values upto 6 decimals are supported",
            Self::AnythingButWithoutName => "Anything-But expression name not found",
            Self::AnythingButBadValue => "Value of anything-but must be an array or single string/number value.",
            Self::AnythingButBadMember => "Inside anything but list, start|null|boolean is not supported.",
            Self::AnythingButMixed => {
                "Inside anything but list, either all values are number or string, mixed type is not supported"
            }
            Self::AnythingButIgnoreCaseNotAString => {
                "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
            }
            Self::AnythingButAffixNotAString => "prefix/suffix match pattern must be a string",
            Self::AnythingButAffixEmpty => "Null prefix/suffix not allowed",
            Self::CidrNotAString => "prefix match pattern must be a string",
            Self::CidrWithoutSlash => "Malformed CIDR, one '/' required",
            Self::CidrMaskNotAnInteger => "Malformed CIDR, mask bits must be an integer",
            Self::CidrMaskNegative => "Malformed CIDR, mask bits must not be negative",
            Self::CidrMaskTooWideV4 => "IPv4 mask bits must be < 32",
            Self::CidrMaskTooWideV6 => "IPv6 mask bits must be < 128",
            Self::TooComplex => {
                "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a \
                 wildcard character"
            }
            _ => "Unsupported pattern",
        }
    }
}
