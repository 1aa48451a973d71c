use std::collections::BTreeSet;

use reqwest::Method;

use crate::service::Service;

/// Everything the specification's controllers have, and the routes beside them.
const ROUTES: [&str; 27] = [
    "get /api/StockPrices/{symbol}",
    "put /api/StockPrices/{symbol}",
    "post /api/StockPrices/batch",
    "get /api/Documents/{documentId}",
    "put /api/Documents/{documentId}",
    "get /api/Documents/{documentId}/versions",
    "get /api/Documents/{documentId}/active-users",
    "post /api/Documents/{documentId}/join",
    "post /api/Documents/{documentId}/leave",
    "get /api/ActivityFeed/user/{userId}",
    "post /api/ActivityFeed",
    "get /api/ActivityFeed/{activityId}",
    "post /api/ActivityFeed/{activityId}/like",
    "get /api/Inventory/{productId}",
    "post /api/Inventory/{productId}/reserve",
    "post /api/Inventory/{productId}/restore",
    "get /api/Products",
    "get /api/Products/featured",
    "get /api/Products/category/{categoryId}",
    "get /api/Products/{id}",
    "put /api/Products/{id}",
    "post /api/Products/batch",
    "get /api/CacheMetrics/stats",
    "get /api/CacheMetrics/invalidations",
    "get /metrics",
    "get /live",
    "get /",
];

pub(crate) async fn every_route_is_described_and_every_description_is_a_route(service: &Service) {
    let a = &service.a;
    let description = a.get("/swagger/v1/swagger.json").await.with(200);
    let mut described = BTreeSet::new();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{method} {path}"
            );
            assert!(
                operation["tags"]
                    .as_array()
                    .is_some_and(|tags| tags.len() == 1),
                "{method} {path}"
            );
            described.insert(format!("{method} {path}"));
        }
    }
    let expected: BTreeSet<String> = ROUTES.iter().map(|&route| route.to_owned()).collect();
    assert_eq!(described, expected);
    for route in ROUTES {
        let (method, path) = route.split_once(' ').unwrap();
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let path = path.replace("{documentId}", "6f1c1f5e-0d0b-4b52-9a3e-5f0a4f6f0001");
        let path = path.replace("{symbol}", "IBM").replace(['{', '}'], "");
        let path = ["productId", "categoryId", "activityId", "userId", "id"]
            .iter()
            .fold(path, |path, name| path.replace(&format!("/{name}"), "/1"));
        let answer = a.send(method, &path, "!").await;
        assert!(
            ![404, 405, 500].contains(&answer.status),
            "{route}: {answer:?}"
        );
    }
}

pub(crate) async fn refusals_are_described(service: &Service) {
    let description = service.a.get("/swagger/v1/swagger.json").await.with(200);
    for route in ROUTES.iter().filter(|route| route.contains(" /api/")) {
        let (method, path) = route.split_once(' ').unwrap();
        let responses = description["paths"][path][method]["responses"]
            .as_object()
            .unwrap();
        let mut expected = match method {
            _ if path.starts_with("/api/CacheMetrics/") => BTreeSet::new(),
            "get" => BTreeSet::from(["400", "500"]),
            _ => BTreeSet::from(["400", "413", "415", "500"]),
        };
        if path.contains('{') {
            expected.insert("404");
        }
        if path.ends_with("/reserve") || path.ends_with("/restore") {
            expected.insert("409");
        }
        let described: BTreeSet<&str> = responses
            .keys()
            .map(String::as_str)
            .filter(|status| !status.starts_with('2'))
            .collect();
        assert_eq!(described, expected, "{route}");
    }
}

pub(crate) async fn swagger_is_served_without_downloads(service: &Service) {
    let page = service.a.get("/swagger/").await;
    assert!(page.content_type.starts_with("text/html"));
    let html = page.with(200).as_str().unwrap().to_owned();
    assert!(
        !html.contains("http://") && !html.contains("https://"),
        "{html}"
    );
    for file in [
        "swagger-ui-bundle.js",
        "swagger-ui.css",
        "swagger-initializer.js",
    ] {
        service.a.get(&format!("/swagger/{file}")).await.with(200);
    }
}
