//! That every mistake is named by its path and followed by what to do, and no secret is shown.

use std::fs;

use unstale::config::Config;
use unstale::error::Problem;

use super::{mistake, problems, refused};

fn with_variables(text: &str, pairs: &[(&str, &str)]) -> Vec<Problem> {
    let variables = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    problems(Config::from_json_with(text, variables))
}

#[test]
fn an_unknown_setting_is_named_with_the_nearest_and_all_allowed_ones() {
    refused(&[
        (
            r#""MaxStalenes": "00:00:01""#,
            &[
                "TheTechLoopCache:MaxStalenes: there is no such setting",
                "Did you mean `MaxStaleness`?",
                "Allowed here: MemoryCache, Redis, DefaultAbsoluteExpiration",
            ],
        ),
        (
            r#""Redis": { "configuraton": "h" }"#,
            &[
                "TheTechLoopCache:Redis:configuraton",
                "Did you mean `Configuration`? Allowed here: Configuration, Enabled, Password",
            ],
        ),
        (
            r#""StreamConfiguration": { "Zzz": 1 }"#,
            &[
                "TheTechLoopCache:StreamConfiguration:Zzz",
                ". Allowed here: ConsumerName, StreamName",
            ],
        ),
        (
            r#""Policies": { "a:*": { "Prio": "Low" } }"#,
            &[
                r#"TheTechLoopCache:Policies:"a:*":Prio"#,
                "Did you mean `Priority`?",
            ],
        ),
        (
            r#""Breaker": { "Treshold": 1 }"#,
            &["Did you mean `FailureThreshold`?"],
        ),
    ]);
}

#[test]
fn a_value_of_another_type_is_told_what_it_is_and_should_be() {
    refused(&[
        (
            r#""Redis": []"#,
            &["TheTechLoopCache:Redis: is an array. Write an object"],
        ),
        (
            r#""Redis": "h:6379,password=hunter2""#,
            &["Redis: is a string. Write an object"],
        ),
        (
            r#""EnableCompression": 1"#,
            &["is a number. Write true or false."],
        ),
        (
            r#""EnableCompression": "yes""#,
            &["is the string `yes`. Write true or false."],
        ),
        (
            r#""MemoryCache": { "SizeLimit": true }"#,
            &["MemoryCache:SizeLimit: is a boolean. Write a whole"],
        ),
        (
            r#""MemoryCache": { "SizeLimit": 1.5 }"#,
            &["Write a whole number."],
        ),
        (
            r#""MemoryCache": { "SizeLimit": -1 }"#,
            &["is -1. Write a whole number from 0 to"],
        ),
        (
            r#""MemoryCache": { "CompactionPercentage": "x" }"#,
            &["is the string `x`. Write a number."],
        ),
        (
            r#""MaxStaleness": 2"#,
            &["is a number. Write a TimeSpan in quotes, such as \"00:02:00\""],
        ),
        (
            r#""MaxStaleness": null"#,
            &["is null. Write a TimeSpan in quotes"],
        ),
        (
            r#""MaxStaleness": "2s""#,
            &["`2s` is not a TimeSpan", "[d.]hh:mm:ss[.fffffff]"],
        ),
        (
            r#""MaxStaleness": "2""#,
            &["bare number, which .NET would read as days", "00:02:00"],
        ),
        (
            r#""DefaultSlidingExpiration": 5"#,
            &["in quotes", "or null"],
        ),
        (
            r#""Serialization": "xml""#,
            &["is the string `xml`. Write one of MessagePack, Json."],
        ),
        (
            r#""Policies": { "a": { "Priority": "Urgent" } }"#,
            &["Write one of Low, Normal, High, NeverRemove, or null."],
        ),
        (
            r#""Policies": { "a:b": 1 }"#,
            &[r#"Policies:"a:b": is a number. Write an object"#],
        ),
        (
            r#""Redis": { "Configuration": 6379 }"#,
            &["is a number. Write a connection string, such as"],
        ),
        (
            r#""Redis": { "InstanceName": null }"#,
            &["is null. Write a string"],
        ),
    ]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    let text = r#"{ "Unstale": {
        "MaxStalenes": 1, "MaxBans": "many",
        "Redis": { "Configuration": "h,passwrod=hunter2" },
        "MemoryCache": { "SizeLimit": 0 }
    } }"#;
    let error = Config::from_json_only(text).unwrap_err().to_string();
    for part in [
        "4 problems",
        "Unstale:MaxStalenes: ",
        "Unstale:MaxBans: is the string `many`",
        "Unstale:Redis:Configuration: the connection string has an unknown option `passwrod`",
        "Unstale:MemoryCache:SizeLimit: is 0",
    ] {
        assert!(error.contains(part), "{error}\n  want: {part}");
    }
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn the_section_is_required_and_has_one_name() {
    let missing = problems(Config::from_json_only(r#"{ "Logging": {} }"#));
    let missing = missing[0].to_string();
    assert!(
        missing.contains("`TheTechLoopCache` (or `Unstale`)"),
        "{missing}"
    );
    let both = problems(Config::from_json_only(
        r#"{ "TheTechLoopCache": {}, "Unstale": {} }"#,
    ));
    assert!(
        both[0].to_string().contains("They mean the same"),
        "{both:?}"
    );
    let repeated = problems(Config::from_json_only(
        r#"{ "Unstale": {}, "UNSTALE": {} }"#,
    ));
    assert!(repeated[0].to_string().contains("Unstale: is given twice"));
    let twice = mistake(r#""MaxBans": 1, "maxbans": 2"#);
    assert!(
        twice.contains("TheTechLoopCache:maxbans: is given twice"),
        "{twice}"
    );
}

#[test]
fn text_that_is_not_json_is_told_where() {
    let error = problems(Config::from_json_only(
        "{ \"Unstale\": {\n  \"MaxBans\" 1 } }",
    ));
    assert!(
        error[0].to_string().contains("line 2 column 13"),
        "{error:?}"
    );
    let error = problems(Config::from_json_only("[]"));
    assert!(
        error[0]
            .to_string()
            .contains("must be an object, but is an array"),
        "{error:?}"
    );
    assert!(Config::from_json_only("{} {}").is_err());
}

#[test]
fn variables_are_named_where_they_are_wrong() {
    let wrong = with_variables(
        "{}",
        &[("UNSTALE__REDSI__CONFIGURATION", "h,password=hunter2")],
    );
    let wrong = wrong[0].to_string();
    assert!(
        wrong.contains("(from environment variable UNSTALE__REDSI__CONFIGURATION)"),
        "{wrong}"
    );
    assert!(
        wrong.contains("Did you mean `Redis`?") && !wrong.contains("hunter2"),
        "{wrong}"
    );

    let impossible = with_variables("{}", &[("Unstale__MemoryCache__SizeLimit", "0")]);
    let origin = impossible[0].origin.as_deref();
    assert_eq!(
        origin,
        Some("environment variable Unstale__MemoryCache__SizeLimit")
    );

    for pairs in [
        [
            ("Unstale__MaxBans", "1"),
            ("TheTechLoopCache__MaxBans", "2"),
        ],
        [
            ("Unstale__Redis", "h"),
            ("Unstale__Redis__Configuration", "h"),
        ],
    ] {
        let problems = with_variables("{}", &pairs);
        let shown = problems[0].to_string();
        assert!(
            shown.contains("contradicts environment variable"),
            "{shown}"
        );
        assert!(shown.contains("Unset one of them"), "{shown}");
    }
}

#[test]
fn files_are_named_where_they_are_wrong() {
    let folder = std::env::temp_dir().join(format!("unstale-errors-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (base, over) = (folder.join("base.json"), folder.join("over.json"));
    fs::write(
        &base,
        r#"{ "Unstale": { "Redis": { "Configuration": "h" }, "MaxBans": 1 } }"#,
    )
    .unwrap();
    fs::write(
        &over,
        r#"{ "Unstale": { "Redis": { "Port": 1 }, "MaxBans": 0 } }"#,
    )
    .unwrap();
    let found = problems(Config::from_files_with(&[&base, &over], []));
    fs::remove_dir_all(&folder).unwrap();
    let over = over.display().to_string();
    assert_eq!(found.len(), 2, "{found:#?}");
    for problem in found {
        assert_eq!(problem.origin.as_deref(), Some(&*over), "{problem}");
    }
}

/// Whoever writes a name decides what it looks like, and not what the log looks like.
#[test]
fn every_mistake_is_told_in_one_line() {
    for settings in [
        r#""a\nb": 1"#,
        r#""Policies": { "a\nb\u001b[2J": { "Size": 0 } }"#,
        r#""Policies": { "a\nb": { "Sise": 1 } }"#,
        r#""Redis": { "Configuration": "h\n:6379" }"#,
    ] {
        let told = mistake(settings);
        assert!(!told.contains(char::is_control), "{told:?}");
    }
    let variables = [("Unstale__Policies__a\nb__Size", "0")];
    let told = with_variables("{}", &variables)[0].to_string();
    assert!(!told.contains(char::is_control), "{told:?}");
}

/// Each name is a group of its own, and a stack that overflows ends the process.
#[test]
fn variables_of_any_length_are_answered() {
    let deep = format!("Unstale{}", "__a".repeat(40_000));
    let told = with_variables("{}", &[(&deep, "1")]);
    assert_eq!(told.len(), 1);
    let told = told[0].to_string();
    assert!(told.contains("names a setting that does not exist"));
    assert!(told.len() < 500, "{told}");
    let long = format!("Unstale__{}", "a".repeat(1_000_000));
    let told = with_variables("{}", &[(&long, "1")])[0].to_string();
    assert!(told.contains("there is no such setting"), "{told}");
}

#[test]
fn no_secret_is_ever_shown() {
    for secret in [
        "h,password=hunter2",
        "redis://app:hunter2@h",
        "unix:///s?password=hunter2",
    ] {
        let text = format!(r#"{{ "Unstale": {{ "Redis": {{ "Configuration": "{secret}" }} }} }}"#);
        let config = Config::from_json_only(&text).unwrap();
        let shown = format!("{config:?} {config:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    for settings in [
        r#""Redis": { "Configuration": "h,password=a,hunter2" }"#,
        r#""Redis": { "Configuration": ["h,password=hunter2"] }"#,
        r#""Redis": { "Enabled": "h,password=hunter2" }"#,
        r#""Redis": { "DefaultDatabase": "password=hunter2" }"#,
        r#""Redis": { "CommandTimeout": "redis://:hunter2@h" }"#,
        r#""Redis": { "Configuration": "h,password=hunter2", "Enabled": "x" }"#,
        r#""Redis": { "Passwort": "hunter2" }"#,
        r#""Redis": { "Password": ["hunter2"] }"#,
        r#""Redis": { "Configuration": "h,password=hunter2", "Password": "hunter2" }"#,
        r#""Redis": { "PasswordFile": "hunter2" }"#,
        r#""Redis": { "ClientKey": "-----BEGIN PRIVATE KEY-----\nhunter2" }"#,
        r#""Password": "hunter2""#,
        r#""h,password=hunter2": 1"#,
        r#""Redis": { "redis://:hunter2@h": "" }"#,
        r#""Redis": { "h,password=hunter2": "", "h,password=hunter2": "" }"#,
        r#""Redis": { "InstanceName": "h,password={hunter2}" }"#,
        r#""StreamConfiguration": { "StreamName": "k:6379,password=hunter2" }"#,
        r#""Redis": { "Configuration": "redis://:p@h?user=u,password=hunter2" }"#,
    ] {
        let text = format!("{{ \"Unstale\": {{ {settings} }} }}");
        let error = Config::from_json_only(&text).unwrap_err();
        let shown = format!("{error} {error:?} {error:#?}");
        assert!(!shown.contains("hunter2"), "{settings}: {shown}");
    }
}
