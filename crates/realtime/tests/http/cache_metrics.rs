use std::time::Duration;

use serde_json::{Value, json};

use crate::service::Service;

const WORDS: [&str; 4] = [
    "Excellent (unexpectedly high for write-heavy)",
    "Good (expected for write-heavy)",
    "Fair (high write frequency)",
    "Low (consider longer TTL or reduce writes)",
];

pub(crate) async fn stats_have_the_fields_and_words_of_the_specification(service: &Service) {
    let a = &service.a;
    for _ in 0..4 {
        a.get("/api/Inventory/1").await.with(200);
        a.get("/api/StockPrices/MSFT").await.with(200);
    }
    let stats = a.get("/api/CacheMetrics/stats").await.with(200);
    assert_eq!(stats["cacheType"], "Write-Heavy (Invalidation-Focused)");
    assert_eq!(stats["expectedHitRate"], "50-70%");
    assert!(stats["timestamp"].as_str().unwrap().ends_with('Z'));
    let metrics = stats["metrics"].as_array().unwrap();
    let patterns: Vec<&str> = metrics
        .iter()
        .map(|one| one["keyPattern"].as_str().unwrap())
        .collect();
    assert!(patterns.is_sorted(), "{patterns:?}");
    assert!(
        metrics
            .iter()
            .all(|one| WORDS.contains(&one["status"].as_str().unwrap())),
        "{stats}"
    );

    let stock = metrics
        .iter()
        .find(|one| one["keyPattern"] == "inventory:stock:*")
        .unwrap();
    assert_eq!(
        (&stock["hits"], &stock["misses"]),
        (&json!(3), &json!(1)),
        "{stock}"
    );
    assert_eq!(
        (&stock["totalRequests"], &stock["hitRate"]),
        (&json!(4), &json!("75.00%"))
    );
    assert_eq!(stock["status"], WORDS[0]);
    let latency = stock["avgLatency"]
        .as_str()
        .unwrap()
        .strip_suffix("ms")
        .unwrap();
    assert!(latency.split_once('.').unwrap().1.len() == 2 && latency.parse::<f64>().is_ok());
}

pub(crate) async fn invalidations_are_counted_on_both_sides(service: &Service) {
    let (a, b) = (&service.a, &service.b);
    let path = "/api/CacheMetrics/invalidations";
    for price in 1..=10 {
        a.put("/api/StockPrices/MSFT", json!(price))
            .await
            .written(204);
    }
    let here = a.get(path).await.with(200);
    assert!(here["totalInvalidations"].as_u64().unwrap() >= 10, "{here}");
    assert!(
        here["averageInvalidationLatency"]
            .as_str()
            .unwrap()
            .ends_with("ms"),
        "{here}"
    );
    assert!(here["invalidationsPerSecond"].is_number(), "{here}");
    assert_eq!(
        (&here["pending"], &here["gaps"]),
        (&json!(0), &json!(0)),
        "{here}"
    );
    testbed::eventually(
        "the other instance heard of all",
        Duration::from_secs(10),
        || async {
            let there: Value = b.get(path).await.with(200);
            if there["crossInstanceInvalidations"].as_u64() >= Some(10) {
                Ok(())
            } else {
                Err(there)
            }
        },
    )
    .await;
}
