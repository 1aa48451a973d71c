use super::*;
use proptest::prelude::*;

fn read(text: &str) -> Connection {
    Connection::read(text).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"))
}

fn refused(text: &str) -> String {
    let error = text.parse::<Connection>().unwrap_err();
    format!("{error} {error:?}")
}

fn tcp(host: &str, port: u16) -> Endpoint {
    Endpoint::Tcp {
        host: host.to_owned(),
        port,
    }
}

fn password(connection: &Connection) -> Option<&str> {
    connection.password.as_ref().map(Secret::expose)
}

#[test]
fn stackexchange_options_are_read_in_any_case() {
    let connection = read(
        "one:6390, two ,[::1]:7000,USER=app,Password=a=b==,ssl=True,sslHost=cache.example,\
         defaultDatabase=3,connectTimeout=5000,syncTimeout=900,AsyncTimeout=800,keepAlive=60,\
         name=web,abortConnect=false,allowAdmin=true,connectRetry=3,protocol=resp3",
    );
    assert_eq!(
        connection,
        Connection {
            endpoints: vec![tcp("one", 6390), tcp("two", 6380), tcp("::1", 7000)],
            user: Some("app".to_owned()),
            password: Some(Secret::new("a=b==")),
            tls: true,
            tls_host: Some("cache.example".to_owned()),
            service: None,
            sentinel_user: None,
            sentinel_password: None,
            database: Some(3),
            connect_timeout: Some(Duration::from_secs(5)),
            command_timeout: Some(Duration::from_millis(800)),
            keep_alive: Some(Duration::from_secs(60)),
            client_name: Some("web".to_owned()),
        }
    );
    assert_eq!(connection.to_string(), "one:6390,two:6380,[::1]:7000");
    assert_eq!(
        read("h,syncTimeout=900").command_timeout,
        Some(Duration::from_millis(900))
    );
    assert_eq!(read("localhost"), Connection::to(tcp("localhost", 6379)));
    assert_eq!(read("::1").endpoints, [tcp("::1", 6379)]);
    assert_eq!(
        read("!/run/redis.sock").endpoints,
        [Endpoint::Unix("/run/redis.sock".into())]
    );
    assert_eq!(
        read("h,password=,keepAlive=-1"),
        Connection::to(tcp("h", 6379))
    );
}

#[test]
fn a_service_is_known_to_its_sentinels() {
    let connection = read("one,two:26380,serviceName=mymaster,ssl=true");
    assert_eq!(connection.service.as_deref(), Some("mymaster"));
    assert_eq!(connection.endpoints, [tcp("one", 26379), tcp("two", 26380)]);
    assert_eq!(read("one,serviceName=").service, None);
}

#[test]
fn sentinels_are_named_in_a_url_too() {
    let connection = read(
        "redis-sentinel://app:p%2Fw@one,two:26380,[::1]:7000/my%20master/3\
         ?sentinelUser=guest&sentinelPassword=s%26w",
    );
    let written = "one,two:26380,[::1]:7000,serviceName=my master,user=app,password=p/w,\
                   defaultDatabase=3,sentinelUser=guest,sentinelPassword=s&w";
    assert_eq!(connection, read(written));
    assert_eq!(connection.endpoints[0], tcp("one", 26379));
    assert_eq!(connection.service.as_deref(), Some("my master"));
    assert!(!format!("{connection:?}").contains("s&w"));

    let connection = read("rediss-sentinel://one/mymaster?db=2");
    assert_eq!(
        connection,
        read("one,serviceName=mymaster,ssl=true,defaultDatabase=2")
    );
    for (text, expected) in [
        ("redis-sentinel://one", "names no service"),
        ("redis-sentinel:///mymaster", "Write a server as host"),
        ("redis-sentinel://one,/mymaster", "Write a server as host"),
        ("redis-sentinel://one/mymaster/two", "whole number from 0"),
        (
            "redis-sentinel://app:hun/ter2@one:26379",
            "has a login that is not",
        ),
        (
            "redis-sentinel://:hunter2@one,:hunter2@two/m",
            "has a login that is not",
        ),
        ("redis-sentinel://one/mymaster,ssl=true", "mixes a URL"),
        (
            "one,serviceName=m,sentinelPassword=hun,ter2",
            "behind the password, is not an option",
        ),
    ] {
        let told = refused(text);
        assert!(told.contains(expected), "{text}: {told}");
        assert!(!told.contains("ter2"), "{told}");
    }
}

#[test]
fn urls_are_read_and_their_escapes_undone() {
    let connection = read("redis://app:p%40ss%2Fw%3Ard@cache.example:6390/5");
    assert_eq!(connection.endpoints, [tcp("cache.example", 6390)]);
    assert_eq!(connection.user.as_deref(), Some("app"));
    assert_eq!(password(&connection), Some("p@ss/w:rd"));
    assert_eq!(connection.database, Some(5));
    assert!(!connection.tls);

    let connection = read("rediss://:p@ss=,w@[2001:db8::7]?db=2&protocol=resp3");
    assert_eq!(connection.endpoints, [tcp("2001:db8::7", 6379)]);
    assert_eq!(password(&connection), Some("p@ss=,w"));
    assert_eq!(
        (connection.user.as_deref(), connection.database),
        (None, Some(2))
    );
    assert!(connection.tls);

    for scheme in ["unix", "redis+unix", "UNIX"] {
        let connection = read(&format!("{scheme}:///run/re%20dis.sock?db=1&user=u&pass=p"));
        assert_eq!(
            connection.endpoints,
            [Endpoint::Unix("/run/re dis.sock".into())]
        );
        assert_eq!(connection.database, Some(1));
        assert_eq!(
            (connection.user.as_deref(), password(&connection)),
            (Some("u"), Some("p"))
        );
    }
    assert_eq!(
        read("redis://localhost"),
        Connection::to(tcp("localhost", 6379))
    );
    assert_eq!(
        read("redis://localhost/"),
        Connection::to(tcp("localhost", 6379))
    );
    assert_eq!(password(&read("h,password=http://x")), Some("http://x"));
}

#[test]
fn mistakes_say_what_to_do() {
    for (text, expected) in [
        ("", "names no server"),
        ("ssl=true", "names no server"),
        ("host:notaport", "1 to 65535"),
        ("host:0", "1 to 65535"),
        ("[::1", "without its `]`"),
        ("[localhost]:1", "IPv6"),
        ("[::1]6379", "between address and port"),
        (
            "h,passwrod=x",
            "unknown option `passwrod`. Did you mean `password`?",
        ),
        ("h,conectTimeout=1", "Did you mean `connectTimeout`?"),
        ("h,ssl=maybe", "Write true or false"),
        ("h,connectTimeout=0", "milliseconds"),
        ("h,keepAlive=soon", "seconds"),
        ("h,defaultDatabase=-1", "whole number from 0"),
        ("h,ssl=true,SSL=false", "gives `ssl` twice"),
        ("h,proxy=Twemproxy", "not supported"),
        ("http://localhost", "unknown scheme"),
        ("redis://", "Write a server as host"),
        ("redis://h/one", "whole number from 0"),
        ("redis://h/1?db=2", "two databases"),
        ("redis://h?timeout=5", "unknown parameter. Allowed here: db"),
        ("redis://h#insecure", "%23"),
        ("redis://:%ff@h", "UTF-8"),
        ("unix://run/redis.sock", "three slashes"),
        ("unix://", "three slashes"),
        ("redis://h:6379,ssl=true", "mixes a URL with options"),
        ("redis://app@h", "redis://:password@host"),
        ("redis://h&db=2", "Begin the parameters with `?`"),
        (
            "unix:///run/redis.sock&db=2",
            "Begin the parameters with `?`",
        ),
        ("redis://!h", "without a proper name"),
    ] {
        let error = refused(text);
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn a_refusal_never_repeats_what_may_be_a_password() {
    for text in [
        "h,password=pa,hunter2",
        "h,password=pa,hunter2=x",
        "h,password=pa,hunter2:6379,ssl=true",
        "h,password=hunter2,ssl=hunter2",
        "h,password=hunter2,defaultDatabase=hunter2",
        "h,pasword=hunter2",
        "hunter2@host:6379",
        "hunter2=",
        "redis://:pa/hunter2@h",
        "redis://:pa#hunter2@h",
        "redis://:pa?hunter2@h",
        "redis://:pa?hunter2=1@h",
        "redis://:hunter2@h:port",
        "redis://:hunter2%ff@h",
        "redsi://:hunter2@h",
        "redis://hunter2@h",
        "redis://h:6379,password=hunter2",
        "unix:///run/redis.sock,password=hunter2",
        "unix://:hunter2@host/x",
        "redis://:p@h?user=u,password=hunter2",
        "unix://u:p@/run/redis.sock&password=hunter2",
        "redis://u&password=hunter2:p@h",
    ] {
        let error = refused(text);
        assert!(!error.contains("hunter2"), "{text}: {error}");
    }
    let torn = refused("h,password=pa,hunter2");
    assert!(torn.contains("entry 3") && torn.contains("%2C"), "{torn}");
}

#[test]
fn debug_and_display_hide_the_password() {
    for text in ["h,user=app,password=hunter2", "redis://app:hunter2@h"] {
        let connection = read(text);
        assert_eq!(password(&connection), Some("hunter2"));
        let shown = format!("{connection} {connection:?} {connection:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_password_survives_a_url(text in "\\PC{1,12}") {
        let escaped = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC);
        let connection = read(&format!("redis://:{escaped}@h"));
        prop_assert_eq!(password(&connection), Some(&*text));
    }

    #[test]
    fn any_password_without_comma_survives_the_options(text in "[^, \\pC\\pZ]{1,12}") {
        let connection = read(&format!("h,password={text}"));
        prop_assert_eq!(password(&connection), Some(&*text));
    }

    #[test]
    fn no_text_leaks_its_secret(
        before in "((rediss?|unix|[a-z]{1,4})://)?[:@/?#,=a-z0-9\\[\\]%]{0,8}",
        after in "[:@/?#,=a-z0-9\\[\\]%]{0,12}",
    ) {
        let result = Connection::read(&format!("{before},password=QZQZ{after}"));
        let shown = format!("{result:?}");
        prop_assert!(!shown.contains("QZQZ"), "{}", shown);
    }
}
