//! Configurations that are well-formed, and mostly make sense.

use arbitrary::{Arbitrary, Result, Unstructured};
use serde_json::{Map, Value, json};

/// The paths of all settings and groups, and of one that does not exist.
pub(super) const SETTINGS: &[&[&str]] = &[
    &["Redis", "Configuration"],
    &["MemoryCache"],
    &["Redis"],
    &["StreamConfiguration"],
    &["Breaker"],
    &["Policies"],
    &["DefaultAbsoluteExpiration"],
    &["DefaultSlidingExpiration"],
    &["EnableCompression"],
    &["CompressionThreshold"],
    &["MaxValueSize"],
    &["Serialization"],
    &["UseStreamsForInvalidation"],
    &["EnableEffectivenessMetrics"],
    &["MaxStaleness"],
    &["LeaseTtl"],
    &["LeaseWait"],
    &["LoadTimeout"],
    &["MaxPending"],
    &["MaxBans"],
    &["MaxStalenes"],
    &["MemoryCache", "Enabled"],
    &["MemoryCache", "SizeLimit"],
    &["MemoryCache", "CompactionPercentage"],
    &["MemoryCache", "ExpirationScanFrequency"],
    &["Redis", "Enabled"],
    &["Redis", "InstanceName"],
    &["Redis", "DefaultDatabase"],
    &["Redis", "PubSubChannel"],
    &["Redis", "ConnectTimeout"],
    &["Redis", "CommandTimeout"],
    &["Redis", "Password"],
    &["Redis", "PasswordFile"],
    &["Redis", "SentinelPassword"],
    &["Redis", "SentinelPasswordFile"],
    &["Redis", "CertificateAuthority"],
    &["Redis", "ClientCertificate"],
    &["Redis", "ClientKey"],
    &["Redis", "Partitions"],
    &["StreamConfiguration", "StreamName"],
    &["StreamConfiguration", "ConsumerGroup"],
    &["StreamConfiguration", "ConsumerName"],
    &["StreamConfiguration", "MaxStreamLength"],
    &["StreamConfiguration", "PollInterval"],
    &["StreamConfiguration", "AckTimeout"],
    &["Breaker", "FailureThreshold"],
    &["Breaker", "OpenDuration"],
    &["Breaker", "MaxOpenDuration"],
    &["Heartbeat"],
    &["Heartbeat", "Enabled"],
    &["Heartbeat", "Interval"],
    &["Inspect"],
    &["Inspect", "SampleRate"],
    &["Inspect", "MaxLoadsPerSecond"],
    &["Inspect", "Grace"],
    &["Policies", "stock:*", "AbsoluteExpiration"],
    &["Policies", "stock:*", "SlidingExpiration"],
    &["Policies", "stock:*", "Size"],
    &["Policies", "stock:*", "Priority"],
    &["Policies", "stock:*", "Label"],
    &["Policies", "", "Size"],
    &["Policies", "a\n", "Size"],
];

/// What is written into a setting.
const TEXTS: &[&str] = &[
    "00:00:00.001",
    "00:00:00.500",
    "00:00:01",
    "00:00:05",
    "00:02:00",
    "1.00:00:00",
    "24:00:00",
    "-00:00:01",
    "true",
    "false",
    "0",
    "1",
    "2",
    "10",
    " 7 ",
    "+5",
    "-1",
    "0.5",
    "1.5",
    "NaN",
    "inf",
    "1e308",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "localhost",
    "localhost:6379,ssl=true",
    "redis://h/1",
    "h,connectTimeout=5000,defaultDatabase=2",
    "h,passwrod=x",
    "Low",
    "NeverRemove",
    "Json",
    "messagepack",
    "",
    "{MachineName}",
    "a{b}",
    "k:1",
    "meta",
    "RealTimeApp:",
    ":",
    "\t",
];

/// A section with these settings.
#[derive(Debug)]
pub(super) struct Document {
    section: Value,
}

/// A configuration with this one setting.
pub(super) fn nested(path: &[&str], value: Value) -> Value {
    let around = |inner: Value, name: &&str| json!({ *name: inner });
    json!({ "Unstale": path.iter().rev().fold(value, around) })
}

impl Document {
    pub(super) fn choose(choices: &mut Unstructured<'_>) -> Result<Self> {
        let mut section = Value::Object(Map::new());
        let only_texts = choices.ratio(1, 2)?;
        for _ in 0..choices.int_in_range(1..=6)? {
            let path = choices.choose(SETTINGS)?;
            let value = if only_texts || choices.ratio(3, 4)? {
                Value::String(a_text(choices)?)
            } else {
                something_else(choices)?
            };
            place(&mut section, path, value);
        }
        Ok(Self { section })
    }

    pub(super) fn plain(&self) -> String {
        json!({ "Unstale": self.section }).to_string()
    }

    /// The same with what .NET accepts beyond JSON.
    pub(super) fn decorated(&self, choices: &mut Unstructured<'_>) -> Result<String> {
        let mut text = String::from("\u{feff}");
        decorate(&json!({ "Unstale": self.section }), choices, &mut text)?;
        Ok(text)
    }

    /// The same as environment variables, which can hold nothing but texts.
    pub(super) fn variables(&self) -> Option<Vec<(String, String)>> {
        let mut variables = Vec::new();
        texts("UNSTALE", &self.section, &mut variables).then_some(variables)
    }
}

/// Sets a setting; what was written in the place of its group goes.
fn place(group: &mut Value, path: &[&str], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *group = value;
        return;
    };
    if !group.is_object() {
        *group = Value::Object(Map::new());
    }
    place(&mut group[*first], rest, value);
}

fn texts(path: &str, value: &Value, variables: &mut Vec<(String, String)>) -> bool {
    match value {
        Value::Object(group) => group
            .iter()
            .all(|(name, value)| texts(&format!("{path}__{name}"), value, variables)),
        Value::String(text) => {
            variables.push((path.to_owned(), text.clone()));
            true
        }
        _ => false,
    }
}

fn decorate(value: &Value, choices: &mut Unstructured<'_>, text: &mut String) -> Result<()> {
    let comma = |choices: &mut Unstructured<'_>, last: bool| {
        let trailing = last && !bool::arbitrary(choices)?;
        Ok(if trailing { "" } else { "," })
    };
    text.push_str(some_space(choices)?);
    match value {
        Value::Object(group) => {
            text.push('{');
            for (index, (name, value)) in group.iter().enumerate() {
                text.push_str(some_space(choices)?);
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push_str(some_space(choices)?);
                text.push(':');
                decorate(value, choices, text)?;
                text.push_str(comma(choices, index + 1 == group.len())?);
            }
            text.push_str(some_space(choices)?);
            text.push('}');
        }
        Value::Array(list) => {
            text.push('[');
            for (index, value) in list.iter().enumerate() {
                decorate(value, choices, text)?;
                text.push_str(comma(choices, index + 1 == list.len())?);
            }
            text.push_str(some_space(choices)?);
            text.push(']');
        }
        plain => text.push_str(&plain.to_string()),
    }
    text.push_str(some_space(choices)?);
    Ok(())
}

fn some_space(choices: &mut Unstructured<'_>) -> Result<&'static str> {
    let spaces = [
        "",
        " ",
        "\n\t\r",
        "// a comment\n",
        "/**/",
        "/* \" , } */",
        "//\n//\"\n",
        "/*/ */",
    ];
    Ok(*choices.choose(&spaces)?)
}

fn a_text(choices: &mut Unstructured<'_>) -> Result<String> {
    if choices.ratio(7, 8)? {
        return Ok((*choices.choose(TEXTS)?).to_owned());
    }
    let text: &str = Arbitrary::arbitrary(choices)?;
    Ok(text.to_owned())
}

fn something_else(choices: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match choices.int_in_range(0..=6)? {
        0 => Value::Null,
        1 => Value::Bool(Arbitrary::arbitrary(choices)?),
        2 => json!(u64::arbitrary(choices)?),
        3 => json!(i64::arbitrary(choices)?),
        4 => json!(f64::arbitrary(choices)?),
        5 => json!(["a", { "b": 1 }, []]),
        _ => json!({ "Anything": { "Deeper": 1 } }),
    })
}
