//! What the cache keeps on the server, and what it makes of what others left there.

use testbed::eventually;

use super::{bytes, command, integer, number, plain, record, set, steady, text, two};
use crate::bed::{Bed, PATIENCE, Source, Transport, on_every_server};

on_every_server!(
    names_can_be_read_in_redis_cli,
    garbage_is_a_miss_and_is_replaced,
    a_damaged_record_is_a_miss_and_is_replaced,
    a_record_of_another_epoch_is_a_miss_and_is_replaced,
    a_key_of_another_kind_is_a_miss,
    a_longer_life_is_announced_before_it_begins,
);

async fn names_can_be_read_in_redis_cli(transport: Transport) {
    let bed = Bed::start(transport);
    let mut config = steady(&bed);
    config.redis.instance_name = "RealTimeApp:".into();
    config.stream.stream_name = "my:log".into();
    config.redis.pub_sub_channel = "my:channel".into();
    let cache = bed.instance_with("a", config).await;
    set(&cache, "stock:price:MSFT", 1).await;
    cache.remove("other").await;
    let instances = "{RealTimeApp:0}:instances";
    eventually("it has told of itself", PATIENCE, || async {
        integer(command(&bed, &["ZCARD", instances])) == 1
    })
    .await;
    let mut names = match command(&bed, &["KEYS", "*"]) {
        testbed::Value::Array(names) => names.into_iter().map(text).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    names.sort();
    assert!(names.remove(0).starts_with("{RealTimeApp:0}:i:"));
    assert_eq!(names.remove(0), instances);
    let (key, meta) = ("{RealTimeApp:0}:k:stock:price:MSFT", "{RealTimeApp:0}:meta");
    assert_eq!(names, [key, meta, "{RealTimeApp:0}:my:log"]);
    if transport == Transport::PubSub {
        let channels = command(&bed, &["PUBSUB", "NUMSUB", "{RealTimeApp:0}:my:channel"]);
        let testbed::Value::Array(channels) = channels else {
            panic!("{channels:?}")
        };
        assert_eq!(channels.last(), Some(&testbed::Value::Int(1)));
    }
    let value = bytes(command(&bed, &["GET", key])).unwrap();
    assert!(value.starts_with(b"V1 "), "{value:?}");
    for field in ["epoch", "nonce", "seq", "owner", "ttl"] {
        assert!(!text(command(&bed, &["HGET", meta, field])).is_empty());
    }
}

/// Nothing to `get`; a load replaces it, and others find that.
async fn is_replaced(bed: &Bed, key: &str) {
    let (a, b) = two(bed).await;
    assert_eq!(number(&a, key).await, None, "{key}");
    assert_eq!(a.get_many::<u32>(&[key]).await, [None], "{key}");
    let source = Source::ready();
    let loaded = a.get_or_load(key, || source.load(7_u32)).await;
    assert_eq!(loaded.unwrap().as_deref(), Some(&7), "{key}");
    assert_eq!(source.loads(), 1, "{key}");
    assert_eq!(number(&b, key).await, Some(7), "{key}: it was not replaced");
    assert_eq!(a.health().breaker, "closed");
}

async fn garbage_is_a_miss_and_is_replaced(transport: Transport) {
    let bed = Bed::start(transport);
    let large = "x".repeat(100_000);
    for (number, garbage) in [
        "",
        " ",
        "hello",
        "V",
        "V1",
        "V1 ",
        "V1 ;",
        "V1 1 2 3 4 ;",
        "L1 ;",
        "V9 1 1 0 t 0 ;",
        "V1 a b c d e f g h i j ;",
        "\u{0}\u{1}\u{2}",
        "{\"json\":1}",
        "V1 1 1 0 t 0 0 0 0 0 999 ;",
        "V1 99999999999999999999999 1 0 t 0 1000 0 1 1 0 ;",
        &large,
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("key:{number}");
        command(&bed, &["SET", &record(&key), garbage]);
        is_replaced(&bed, &key).await;
    }
}

async fn a_damaged_record_is_a_miss_and_is_replaced(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, _) = two(&bed).await;
    let options = plain().tag("a tag");
    a.set("whole", &1_u32, options).await.unwrap();
    let whole = text(command(&bed, &["GET", &record("whole")]));
    let fields: Vec<_> = whole.split(' ').collect();
    let mut damaged = vec![
        // A later format, unknown flags, another priority, a shorter and a longer tag list.
        whole.replacen("V1", "V2", 1),
        whole[..whole.len() - 1].to_owned(),
    ];
    for (field, value) in [
        (5, "7"),
        (9, "17"),
        (10, "3"),
        (10, "500"),
        (10, "-1"),
        (6, ""),
    ] {
        let mut fields = fields.clone();
        fields[field] = value;
        damaged.push(fields.join(" "));
    }
    for (number, record_bytes) in damaged.iter().enumerate() {
        assert_ne!(record_bytes, &whole);
        let key = format!("key:{number}");
        command(&bed, &["SET", &record(&key), record_bytes, "PX", "60000"]);
        is_replaced(&bed, &key).await;
    }
    // The undamaged one, under another key, is a hit: the damage made the difference.
    command(&bed, &["SET", &record("copy"), &whole, "PX", "60000"]);
    assert_eq!(number(&a, "copy").await, Some(1));
}

async fn a_record_of_another_epoch_is_a_miss_and_is_replaced(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, _) = two(&bed).await;
    set(&a, "key", 1).await;
    let epoch = text(command(&bed, &["HGET", "{unstale:0}:meta", "epoch"]));
    let stored = text(command(&bed, &["GET", &record("key")]));
    assert!(stored.starts_with(&format!("V1 {epoch} ")), "{stored}");
    let epoch: u64 = epoch.parse().unwrap();
    for other in [0, 1, epoch - 1, epoch + 1] {
        let foreign = stored.replacen(&epoch.to_string(), &other.to_string(), 1);
        let key = format!("key:{other}");
        command(&bed, &["SET", &record(&key), &foreign, "PX", "60000"]);
        is_replaced(&bed, &key).await;
        // A lease of another epoch is nobody's.
        let lease = format!("L1 {other} 1 0 token ;");
        let key = format!("lease:{other}");
        command(&bed, &["SET", &record(&key), &lease, "PX", "60000"]);
        is_replaced(&bed, &key).await;
    }
}

async fn a_key_of_another_kind_is_a_miss(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    command(&bed, &["RPUSH", &record("key"), "an element"]);
    assert_eq!(number(&a, "key").await, None);
    set(&a, "good", 2).await;
    let values = b.get_many::<u32>(&["good", "key", "good"]).await;
    let values: Vec<_> = values
        .iter()
        .map(|value| value.as_deref().copied())
        .collect();
    assert_eq!(values, [Some(2), None, Some(2)]);
    let source = Source::ready();
    let loaded = a.get_or_load("key", || source.load(7_u32)).await;
    assert_eq!(loaded.unwrap().as_deref(), Some(&7));
    assert_eq!(number(&b, "key").await, Some(7), "it is replaced");
    set(&a, "key", 3).await;
    eventually("b dropped its copy", PATIENCE, || async {
        number(&b, "key").await == Some(3)
    })
    .await;
}

/// Bans have to be kept for as long as the longest life, so the server knows of it first.
async fn a_longer_life_is_announced_before_it_begins(transport: Transport) {
    let bed = Bed::start(transport);
    let (a, b) = two(&bed).await;
    let ttl = || integer(command(&bed, &["HGET", "{unstale:0}:meta", "ttl"]));
    assert_eq!(ttl(), 120_000);
    b.remove_pattern("before:*").await;
    let ban_ends = |pattern: &str| {
        let ban = text(command(&bed, &["HGET", "{unstale:0}:meta", pattern]));
        let (_, ends) = ban.split_once(' ').expect("a position and a time");
        ends.parse::<i64>().expect("milliseconds")
    };
    let before = ban_ends("b:p:before:*");
    let hour = plain().absolute_expiration(std::time::Duration::from_secs(3600));
    a.set("long", &1_u32, hour).await.unwrap();
    assert_eq!(ttl(), 3_600_000);
    assert_eq!(
        ban_ends("b:p:before:*"),
        before + 3_480_000,
        "earlier bans stay longer"
    );
    if transport == Transport::Streams {
        // The order in the log is the order of execution.
        let log = format!(
            "{:?}",
            command(
                &bed,
                &["XRANGE", "{unstale:0}:cache:invalidations", "-", "+"]
            )
        );
        let announced = log.find("\"l\\\":3600000").or_else(|| log.find("3600000"));
        assert!(announced.expect("it is announced") < log.find("long").expect("it is set"));
    }
    let load = || async {
        let two_hours = std::time::Duration::from_secs(7200);
        Ok::<_, ()>(Some(
            unstale::Entry::new(1_u32).absolute_expiration(two_hours),
        ))
    };
    b.get_or_load_entry("longer", load).await.unwrap();
    assert_eq!(ttl(), 7_200_000);
    set(&a, "short", 1).await;
    assert_eq!(ttl(), 7_200_000, "it only grows");
}
