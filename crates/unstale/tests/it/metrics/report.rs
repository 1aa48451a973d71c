//! How effectiveness is shown, and kept small.

use testbed::eventually;

use super::{alone, names, only};
use crate::bed::PATIENCE;
use crate::l1_l2::{number, plain, set};

#[tokio::test]
async fn the_block_is_the_specifications() {
    let cache = alone(|_| ()).await;
    let stock = cache.space::<u32>("inventory:stock");
    let document = cache.space::<u32>("document");
    stock.set(1, &1, plain()).await.unwrap();
    for _ in 0..220 {
        assert!(stock.get(1).await.is_some());
    }
    for missing in 1000..1180 {
        assert!(stock.get(missing).await.is_none());
    }
    document.get(1).await;

    let shown = cache.effectiveness().to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert_eq!(lines[0], "Cache Effectiveness Metrics:");
    let starts = [
        "  document:* - Hit Rate: 0.0% (0/1 requests), Avg Latency: ",
        "  inventory:stock:* - Hit Rate: 55.0% (220/400 requests), Avg Latency: ",
    ];
    for (line, start) in lines[1..].iter().zip(starts) {
        let latency = line.strip_prefix(start).expect(line);
        let millis = latency.strip_suffix("ms").expect(latency);
        let (whole, tenths) = millis.split_once('.').expect(latency);
        assert!(whole.parse::<u32>().is_ok() && tenths.len() == 1, "{line}");
    }
}

#[tokio::test]
async fn figures_can_be_serialized() {
    let cache = alone(|_| ()).await;
    number(&cache, "item:1").await;
    let json = serde_json::to_value(cache.effectiveness()).unwrap();
    assert_eq!(json["enabled"], true);
    assert_eq!(json["patterns"][0]["pattern"], "item:*");
    assert_eq!(json["patterns"][0]["misses"], 1);
    let json = serde_json::to_value(cache.invalidations()).unwrap();
    assert_eq!(json["total"], 0);
    let json = serde_json::to_value(cache.health()).unwrap();
    assert_eq!(json["healthy"], true);
}

#[tokio::test]
async fn the_labels_of_keys_are_bounded() {
    let cache = alone(|_| ()).await;
    let kind = |number: usize| {
        let letter = |place: usize| char::from(b'a' + (number / place % 26) as u8);
        format!("{}{}{}", letter(676), letter(26), letter(1))
    };
    for number in 0..1_000 {
        self::number(&cache, &format!("{}:7", kind(number))).await;
    }
    let effectiveness = cache.effectiveness();
    let names = names(&effectiveness);
    assert_eq!(names.len(), 101, "{names:?}");
    assert!(names.contains(&"(other)"));
    let misses: u64 = effectiveness
        .patterns
        .iter()
        .map(|stats| stats.misses)
        .sum();
    assert_eq!(misses, 1_000, "all are counted, somewhere");
}

/// A space is made where it is used, with whatever text is at hand.
#[tokio::test]
async fn the_labels_of_spaces_are_bounded() {
    let cache = alone(|_| ()).await;
    for number in 0..1_000 {
        let space = cache.space::<u32>(&format!("session-of-{number}:part"));
        space.get(1).await;
    }
    let effectiveness = cache.effectiveness();
    let labels = effectiveness.patterns.len();
    assert!(labels <= 201, "{labels} labels");
    let misses: u64 = effectiveness
        .patterns
        .iter()
        .map(|stats| stats.misses)
        .sum();
    assert_eq!(misses, 1_000, "all are counted, somewhere");
}

#[tokio::test]
async fn switched_off_nothing_is_counted() {
    let cache = alone(|config| config.enable_effectiveness_metrics = false).await;
    set(&cache, "item:1", 1).await;
    for key in ["item:1", "item:2"] {
        number(&cache, key).await;
    }
    let load = || async { Ok::<_, ()>(Some(3_u32)) };
    cache.get_or_load("item:3", load).await.unwrap();
    cache.space::<u32>("item").get(1).await;
    cache.remove("item:1").await;
    let effectiveness = cache.effectiveness();
    assert!(!effectiveness.enabled && effectiveness.patterns.is_empty());
    let shown = effectiveness.to_string();
    assert_eq!(shown, "Cache Effectiveness Metrics: off");
    let invalidations = cache.invalidations();
    assert_eq!((invalidations.enabled, invalidations.total), (false, 0));
}

#[tokio::test]
async fn a_rate_is_told_per_second() {
    let cache = alone(|_| ()).await;
    for key in 0..100 {
        cache.remove(&format!("item:{key}")).await;
    }
    let first = cache.invalidations().per_second;
    assert!(first > 0.0, "{first}");
    assert_eq!(only(&cache, "item:*").removals, 100);
    eventually("it falls when nothing is removed", PATIENCE, || async {
        let rate = cache.invalidations().per_second;
        (rate < first / 2.0).then_some(()).ok_or(rate)
    })
    .await;
}
