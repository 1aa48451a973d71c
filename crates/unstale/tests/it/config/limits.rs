//! That a setting that cannot work is told what is allowed and why.

use std::time::Duration;

use unstale::config::{Config, Connection};
use unstale::policy::{Policy, PolicyTable};

use super::refused;

#[test]
fn an_impossible_value_is_told_what_is_allowed_and_why() {
    refused(&[
        (
            r#""StreamConfiguration": { "PollInterval": "00:00:00" }"#,
            &[
                "TheTechLoopCache:StreamConfiguration:PollInterval: is 00:00:00",
                "from 00:00:00.001 to 01:00:00",
            ],
        ),
        (
            r#""StreamConfiguration": { "PollInterval": "-00:00:01" }"#,
            &["PollInterval: `-00:00:01` is negative"],
        ),
        (
            r#""StreamConfiguration": { "PollInterval": "00:00:01.500" }"#,
            &[
                "StreamConfiguration:PollInterval: is 00:00:01.500",
                "at most half of MaxStaleness (00:00:01)",
                "every poll proves it once",
            ],
        ),
        (
            r#""MaxStaleness": "00:00:01""#,
            &["PollInterval: is 00:00:01", "MaxStaleness (00:00:00.500)"],
        ),
        (
            r#""StreamConfiguration": { "MaxStreamLength": 0 }"#,
            &["MaxStreamLength: is 0. Write a whole number from 1"],
        ),
        (
            r#""StreamConfiguration": { "AckTimeout": "00:00:01" }"#,
            &["more than PollInterval (00:00:01)"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "meta" }"#,
            &["is `meta`", "another name"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "k:log" }"#,
            &["does not begin with `k:`"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "h:log" }"#,
            &["is `h:log`", "`h:`"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "i:log" }"#,
            &["is `i:log`", "or `i:`"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "instances" }"#,
            &["is `instances`"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "a{b}" }"#,
            &["contains a brace", "hash tag"],
        ),
        (
            r#""StreamConfiguration": { "MaxStreamLength": 9223372036854775808 }"#,
            &["is 9223372036854775808", "at most 9223372036854775807"],
        ),
        (
            r#""StreamConfiguration": { "StreamName": "" }"#,
            &["StreamName: is empty"],
        ),
        (
            r#""StreamConfiguration": { "ConsumerName": "{Machine}" }"#,
            &["only `{MachineName}`"],
        ),
        (
            r#""MemoryCache": { "SizeLimit": 0 }"#,
            &["MemoryCache:SizeLimit: is 0"],
        ),
        (
            r#""MemoryCache": { "CompactionPercentage": 0 }"#,
            &["above 0 and at most 1"],
        ),
        (
            r#""MemoryCache": { "CompactionPercentage": 30 }"#,
            &["is 30. Write a number above 0 and at most 1"],
        ),
        (
            r#""MemoryCache": { "ExpirationScanFrequency": "00:00:00" }"#,
            &["ExpirationScanFrequency: is 00:00:00"],
        ),
        (
            r#""DefaultAbsoluteExpiration": "00:00:00""#,
            &["DefaultAbsoluteExpiration: is 00:00:00"],
        ),
        (
            r#""DefaultSlidingExpiration": "00:03:00""#,
            &["at most DefaultAbsoluteExpiration (00:02:00)"],
        ),
        (
            r#""LeaseWait": "00:00:11""#,
            &["at most LeaseTtl (00:00:10)"],
        ),
        (
            r#""LeaseTtl": "00:00:00", "LeaseWait": "00:00:00""#,
            &["LeaseTtl: is 00:00:00"],
        ),
        (
            r#""LoadTimeout": "00:00:00""#,
            &["LoadTimeout: is 00:00:00"],
        ),
        (r#""MaxPending": 0"#, &["MaxPending: is 0"]),
        (r#""MaxBans": 0"#, &["MaxBans: is 0"]),
        (
            r#""Redis": { "Partitions": 0 }"#,
            &[
                "Redis:Partitions: is 0",
                "from 1 to 64, the same for all instances",
            ],
        ),
        (
            r#""Redis": { "Partitions": 65 }"#,
            &["Redis:Partitions: is 65", "from 1 to 64"],
        ),
        (
            r#""Redis": { "Partitions": -1 }"#,
            &["Redis:Partitions: is -1"],
        ),
        (
            r#""Breaker": { "FailureThreshold": 0 }"#,
            &["Breaker:FailureThreshold: is 0"],
        ),
        (
            r#""Breaker": { "OpenDuration": "00:01:00" }"#,
            &["at most MaxOpenDuration (00:00:02)"],
        ),
        (
            r#""Heartbeat": { "Interval": "00:00:00.050" }"#,
            &[
                "Heartbeat:Interval: is 00:00:00.050",
                "from 00:00:00.100 to",
            ],
        ),
        (
            r#""Inspect": { "SampleRate": 1.5 }"#,
            &["Inspect:SampleRate: is 1.5", "from 0 to 1"],
        ),
        (
            r#""Inspect": { "SampleRate": -0.1 }"#,
            &["Inspect:SampleRate: is -0.1"],
        ),
        (
            r#""Inspect": { "SampleRate": "NaN" }"#,
            &["Inspect:SampleRate: is NaN"],
        ),
        (
            r#""Inspect": { "MaxLoadsPerSecond": 0 }"#,
            &["MaxLoadsPerSecond: is 0", "set SampleRate to 0"],
        ),
        (
            r#""Inspect": { "Grace": "00:00:00" }"#,
            &["Inspect:Grace: is 00:00:00"],
        ),
        (
            r#""Inspect": { "SamplRate": 1 }"#,
            &["Inspect:SamplRate: there is no such setting", "SampleRate"],
        ),
        (
            r#""Redis": { "Enabled": true }"#,
            &["Redis:Configuration: is missing, but Redis is enabled"],
        ),
        (
            r#""Redis": { "InstanceName": "::" }"#,
            &["Redis:InstanceName: is empty"],
        ),
        (
            r#""Redis": { "InstanceName": "{a}:" }"#,
            &["InstanceName: contains a brace"],
        ),
        (
            r#""Redis": { "PubSubChannel": "a\u0000" }"#,
            &["control character"],
        ),
        (
            r#""Redis": { "DefaultDatabase": -1 }"#,
            &["DefaultDatabase: is -1"],
        ),
        (
            r#""Redis": { "Configuration": "h,defaultDatabase=1", "DefaultDatabase": 2 }"#,
            &["Redis:DefaultDatabase: is 2, but the connection string in Configuration says 1"],
        ),
        (
            r#""Redis": { "Configuration": "h,connectTimeout=10", "ConnectTimeout": "00:00:01" }"#,
            &["says 00:00:00.010"],
        ),
        (
            r#""Policies": { "a:*": { "SlidingExpiration": "00:10:00" } }"#,
            &[
                r#"Policies:"a:*":SlidingExpiration: is 00:10:00"#,
                "at most DefaultAbsoluteExpiration (00:02:00)",
            ],
        ),
        (
            r#""Policies": { "a:*": { "SlidingExpiration": "00:00:10", "AbsoluteExpiration": "00:00:05" } }"#,
            &["at most AbsoluteExpiration (00:00:05)"],
        ),
        (r#""Policies": { "a:*": { "Size": 0 } }"#, &["Size: is 0"]),
        (
            r#""Policies": { "a:*": { "Size": 10001 } }"#,
            &["at most MemoryCache:SizeLimit (10000)"],
        ),
        (
            r#""Policies": { "": {} }"#,
            &[r#"Policies:"": is an empty pattern"#],
        ),
    ]);
}

#[test]
fn a_configuration_made_in_code_is_checked_alike() {
    let mut config = Config::default();
    config.stream.poll_interval = Duration::from_secs(5);
    config.memory.compaction_percentage = f64::NAN;
    config.policies = PolicyTable::new().with("a:*", Policy::new().size(20_000));
    config.redis.enabled = true;
    let error = config.validate().unwrap_err().to_string();
    for part in [
        "Unstale:StreamConfiguration:PollInterval: is 00:00:05",
        "Unstale:MemoryCache:CompactionPercentage: is NaN",
        r#"Unstale:Policies:"a:*":Size: is 20000"#,
        "Unstale:Redis:Configuration: is missing",
    ] {
        assert!(error.contains(part), "{error}\n  want: {part}");
    }
    let mut config = Config::default();
    config.redis.connect_to(Connection::default());
    let error = config.validate().unwrap_err().to_string();
    assert!(
        error.contains("Redis:Configuration: names no server"),
        "{error}"
    );
}

#[test]
fn logins_and_certificates_have_to_go_together() {
    refused(&[
        (
            r#""Redis": { "Configuration": "h,user=app" }"#,
            &[
                "Redis:Configuration: names a user, but no password is given",
                "Set Password or PasswordFile",
            ],
        ),
        (
            r#""Redis": { "Configuration": "h,password=a", "PasswordFile": "/run/b" }"#,
            &["Redis:Password: is given in the connection string and in PasswordFile. Keep one"],
        ),
        (
            r#""Redis": { "Configuration": "h", "PasswordFile": "secrets/redis" }"#,
            &[
                "Redis:PasswordFile: is not an absolute path",
                "belongs into `Password`",
            ],
        ),
        (
            r#""Redis": { "Configuration": "redis://h", "CertificateAuthority": "ca.pem" }"#,
            &[
                "CertificateAuthority: is set, but Configuration does not ask for TLS",
                "rediss://",
            ],
        ),
        (
            r#""Redis": { "Configuration": "h,ssl=true", "ClientCertificate": "c.pem" }"#,
            &[
                "Redis:ClientKey: is missing",
                "ClientCertificate and ClientKey both",
            ],
        ),
        (
            r#""Redis": { "Configuration": "h,ssl=true", "ClientKey": "c.key" }"#,
            &["Redis:ClientCertificate: is missing"],
        ),
        (
            r#""Redis": { "Configuration": "h,ssl=true", "CertificateAuthority": "-----BEGIN CERTIFICATE-----\nMII" }"#,
            &[
                "CertificateAuthority: is not the path of a file",
                "not what the file contains",
            ],
        ),
    ]);
    for right in [
        r#""Configuration": "h,user=app", "Password": "p""#,
        r#""Configuration": "redis://h?user=app", "PasswordFile": "/run/secrets/redis""#,
        r#""Configuration": "rediss://h", "CertificateAuthority": "ca.pem""#,
        r#""Configuration": "h,ssl=true", "ClientCertificate": "c.pem", "ClientKey": "c.key""#,
    ] {
        let text = format!(r#"{{ "Unstale": {{ "Redis": {{ {right} }} }} }}"#);
        Config::from_json_only(&text).unwrap_or_else(|error| panic!("{right}: {error}"));
    }
}
