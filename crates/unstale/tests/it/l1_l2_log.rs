//! Two instances with an L1 each, one L2, one log.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use testbed::eventually;
use unstale::EntryOptions;

use crate::bed::{Bed, PATIENCE, Transport, on_every_transport};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Product {
    id: u32,
    name: String,
    price: u32,
}

on_every_transport!(
    update_product_invalidates_cache_across_instances,
    high_frequency_writes_invalidate_correctly,
);

/// The specification's first integration test.
async fn update_product_invalidates_cache_across_instances(transport: Transport) {
    let bed = Bed::start(transport);
    let instance1 = bed.instance("instance1").await;
    let instance2 = bed.instance("instance2").await;
    let product = Product {
        id: 1,
        name: "Original".into(),
        price: 100,
    };
    let cache_key = format!("product:{}", product.id);

    let options = EntryOptions::new().absolute_expiration(Duration::from_secs(300));
    assert!(
        instance1
            .set(&cache_key, &product, options)
            .await
            .unwrap()
            .is_applied()
    );

    let cached = instance2.get::<Product>(&cache_key).await;
    assert_eq!(
        cached.as_deref().map(|product| &*product.name),
        Some("Original")
    );

    assert!(instance1.remove(&cache_key).await.is_applied());

    eventually("the other instance dropped its copy", PATIENCE, || async {
        instance2.get::<Product>(&cache_key).await.is_none()
    })
    .await;
}

/// The specification's second integration test.
async fn high_frequency_writes_invalidate_correctly(transport: Transport) {
    let bed = Bed::start(transport);
    let instance = bed.instance("instance").await;
    let cache_key = "product:1";
    for i in 0..100 {
        let product = Product {
            id: 1,
            name: format!("Version-{i}"),
            price: i,
        };
        let options = EntryOptions::new().absolute_expiration(Duration::from_secs(120));
        assert!(
            instance
                .set(cache_key, &product, options)
                .await
                .unwrap()
                .is_applied()
        );
        assert!(instance.remove(cache_key).await.is_applied());
    }
    assert_eq!(instance.get::<Product>(cache_key).await, None);
}
