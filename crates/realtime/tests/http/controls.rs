//! The page's stream and its buttons, as a client sees them.

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::{api::Answer, service::Service};

/// Long enough for a slow machine.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A page that listens.
struct Page {
    stream: reqwest::Response,
    /// What was read and is no whole event yet.
    text: String,
}

impl Page {
    /// Whatever happens from now on is heard.
    async fn open(service: &Service) -> Self {
        let request = service.b.request(Method::GET, "/events");
        let stream = request.send().await.unwrap();
        assert_eq!(stream.headers()[header::CONTENT_TYPE], "text/event-stream");
        let text = String::new();
        Self { stream, text }
    }

    /// Reads until an event of this name has what is looked for.
    async fn until(&mut self, name: &str, has: impl Fn(&Value) -> bool) -> Value {
        let heard = async {
            loop {
                let event = self.event().await;
                let data = event.strip_prefix(&format!("event: {name}\ndata: "));
                let data: Option<Value> = data.map(|data| serde_json::from_str(data).unwrap());
                if let Some(data) = data.filter(&has) {
                    return data;
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .unwrap_or_else(|_| panic!("no {name} had it"))
    }

    async fn event(&mut self) -> String {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let event = event.to_owned();
                self.text = rest.to_owned();
                return event;
            }
            let bytes = self.stream.chunk().await.unwrap();
            let bytes = bytes.expect("the stream goes on");
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }
}

/// The same on a page that is opened for it.
async fn listen(service: &Service, name: &str, has: impl Fn(&Value) -> bool) -> Value {
    Page::open(service).await.until(name, has).await
}

pub(crate) async fn a_scene_and_the_log_come_by_themselves(service: &Service) {
    let mut page = Page::open(service).await;
    let scene = page.until("scene", |_| true).await;
    assert_eq!(scene["instances"].as_array().unwrap().len(), 2);
    assert_eq!(scene["checker"]["stale"], 0);
    assert_eq!(scene["controls"]["canWrite"], false);
    assert_eq!(scene["controls"]["canForget"], false);

    service.b.get("/api/StockPrices/CALM").await.with(200);
    let put = service.a.put("/api/StockPrices/CALM", json!(9.5));
    put.await.written(204);
    let is_received = |line: &&Value| line["kind"] == "received";
    let lines = page
        .until("log", |lines| {
            lines
                .as_array()
                .unwrap()
                .iter()
                .any(|line| is_received(&line))
        })
        .await;
    let received = lines.as_array().unwrap().iter().find(is_received).unwrap();
    assert_eq!(received["instance"], 1);
    assert_eq!(received["changes"], json!(["stock:price:CALM"]));
    let fell = |scene: &Value| scene["instances"][1]["prices"][5]["fall"]["micros"].is_u64();
    page.until("scene", fell).await;
}

pub(crate) async fn without_controls_there_are_none(service: &Service) {
    for path in ["/controls/write", "/controls/break"] {
        service
            .a
            .post(path, json!({ "what": "flush" }))
            .await
            .refused(404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_others_can_reach_it_there_are_none_either() {
    let service = Service::hub_for_everybody().await;
    without_controls_there_are_none(&service).await;
    let scene = listen(&service, "scene", |_| true).await;
    for button in ["canWrite", "canForget", "canBreak"] {
        assert_eq!(scene["controls"][button], false, "{button}");
    }
    service.stop().await;
}

async fn press(service: &Service, what: Value) -> Answer {
    service.a.post("/controls/break", what).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_break_and_mend_the_hub() {
    let service = Service::hub_with_controls().await;
    for (what, seen) in [
        (json!({ "what": "cutOff", "instance": 1 }), true),
        (json!({ "what": "reconnect", "instance": 1 }), false),
    ] {
        press(&service, what).await.with(204);
        listen(&service, "scene", |scene| {
            scene["instances"][1]["cutOff"] == seen
        })
        .await;
    }
    for (what, seen) in [("stopAnswers", true), ("resumeAnswers", false)] {
        press(&service, json!({ "what": what })).await.with(204);
        listen(&service, "scene", |scene| {
            scene["controls"]["silent"] == seen
        })
        .await;
    }
    for what in ["flush", "trim"] {
        press(&service, json!({ "what": what })).await.with(204);
    }
    let flushed = |scene: &Value| scene["instances"][0]["gaps"].as_u64() > Some(0);
    listen(&service, "scene", flushed).await;
    press(&service, json!({ "what": "cutOff", "instance": 2 }))
        .await
        .refused(404);
    press(&service, json!({ "what": "explode" }))
        .await
        .refused(400);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buttons_write_on_any_instance() {
    let service = Service::hub_with_controls().await;
    let write = json!({ "instance": 1, "symbol": "calm", "price": 12.5 });
    let written = service.a.post("/controls/write", write).await.with(200);
    assert_eq!(written["version"], 2);
    assert!(
        written["position"].as_str().unwrap().contains('-'),
        "{written}"
    );
    let price = service.b.get("/api/StockPrices/CALM").await.with(200);
    assert_eq!(
        (&price["price"], &price["version"]),
        (&json!(12.5), &json!(2))
    );
    let unknown = json!({ "instance": 0, "symbol": "ENRN", "price": 1 });
    service
        .a
        .post("/controls/write", unknown)
        .await
        .refused(404);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_forgets_to_invalidate_is_found() {
    let service = Service::hub_that_inspects().await;
    let prices = "stock:price:*";
    let figures = async |name: &str| {
        let stats = service.b.get("/api/CacheMetrics/stats").await.with(200);
        let metrics = stats["metrics"].as_array().unwrap().iter();
        let mut of_prices = metrics.filter(|one| one["keyPattern"] == prices);
        of_prices
            .next()
            .map_or(0, |one| one[name].as_u64().unwrap())
    };
    let read_until = async |what: &str, name: &str| {
        testbed::eventually(what, PATIENCE, || async {
            service.b.get("/api/StockPrices/CALM").await.with(200);
            figures(name).await > 0
        })
        .await;
    };
    read_until("copies are compared", "inspected").await;
    let write = json!({ "instance": 0, "symbol": "CALM", "price": 12.5 });
    service.a.post("/controls/write", write).await.with(200);
    let before = figures("inspected").await;
    testbed::eventually("more are compared", PATIENCE, || async {
        service.b.get("/api/StockPrices/CALM").await.with(200);
        figures("inspected").await > before
    })
    .await;
    let scene = listen(&service, "scene", |_| true).await;
    assert_eq!(scene["controls"]["canForget"], true);
    assert_eq!(figures("differences").await, 0);

    let forget = json!({ "instance": 0, "symbol": "CALM", "price": 13, "forget": true });
    let written = service.a.post("/controls/write", forget).await.with(200);
    assert_eq!(
        (&written["version"], &written["position"]),
        (&json!(3), &Value::Null)
    );
    read_until("the difference is found", "differences").await;
    let price = service.b.get("/api/StockPrices/CALM").await.with(200);
    assert_eq!(price["version"], 2, "finding it does not mend it");
    listen(&service, "scene", |scene| {
        let patterns = scene["patterns"].as_array().unwrap();
        let differs =
            |one: &Value| one["pattern"] == prices && one["differences"].as_u64() > Some(0);
        patterns.iter().any(differs)
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_others_cannot_press_them() {
    let service = Service::hub_with_controls().await;
    let flush = || service.a.request(Method::POST, "/controls/break");
    let rebound = flush()
        .header(header::HOST, "evil.example")
        .json(&json!({ "what": "flush" }));
    Answer::to(rebound).await.refused(403);
    // What a form or a simple request of another site can send.
    let simple = flush()
        .header(header::CONTENT_TYPE, "text/plain")
        .body(r#"{"what":"flush"}"#);
    Answer::to(simple).await.refused(415);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_broken_on_a_server() {
    let service = Service::redis_with_controls().await;
    let why = press(&service, json!({ "what": "flush" }))
        .await
        .refused(409);
    assert!(why.contains("UNSTALE_REDIS"), "{why}");
    let scene = listen(&service, "scene", |_| true).await;
    assert_eq!(scene["controls"]["canBreak"], false);
    assert!(
        scene["controls"]["whyNot"]
            .as_str()
            .unwrap()
            .contains("UNSTALE_REDIS")
    );
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_does_not_keep_the_service_from_stopping() {
    let service = Service::hub().await;
    let mut stream = service
        .a
        .request(Method::GET, "/events")
        .send()
        .await
        .unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    let began = std::time::Instant::now();
    service.stop().await;
    // Five seconds are what a request under way is given.
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    while stream.chunk().await.unwrap().is_some() {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_do_not_read_hold_up_nothing() {
    let service = Service::hub().await;
    let mut asleep = vec![];
    for _ in 0..64 {
        asleep.push(
            service
                .a
                .request(Method::GET, "/events")
                .send()
                .await
                .unwrap(),
        );
    }
    let one_more = Answer::to(service.a.request(Method::GET, "/events")).await;
    assert!(one_more.refused(503).contains("Too many pages"));
    for price in 1..=200 {
        service
            .a
            .put("/api/StockPrices/CALM", json!(price))
            .await
            .written(204);
    }
    drop(asleep);
    let patience = std::time::Duration::from_secs(20);
    testbed::eventually("there is room again", patience, || async {
        let stream = service.a.request(Method::GET, "/events").send().await;
        stream.unwrap().status() == 200
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_is_whole_and_takes_nothing_from_elsewhere() {
    let service = Service::hub().await;
    let html = service.a.get("/").await.with(200);
    let html = html.as_str().unwrap();
    let mut parts: Vec<String> = html
        .split('"')
        .filter(|text| text.starts_with("/page/"))
        .map(str::to_owned)
        .collect();
    assert_eq!(parts.len(), 2, "a style and a script");
    let mut place = 0;
    while let Some(path) = parts.get(place).cloned() {
        let part = service.a.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(part.status(), 200, "{path}");
        let policy = part.headers()[header::CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
        let kind = part.headers()[header::CONTENT_TYPE].to_str().unwrap();
        let expected = if path.ends_with(".css") {
            "text/css"
        } else {
            "text/javascript"
        };
        assert!(kind.starts_with(expected), "{path}: {kind}");
        let text = part.text().await.unwrap();
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{path}"
        );
        for module in text.split("from \"./").skip(1) {
            let name = module.split('"').next().unwrap();
            let path = format!("/page/{name}");
            if !parts.contains(&path) {
                parts.push(path);
            }
        }
        place += 1;
    }
    assert_eq!(parts.len(), 7, "{parts:?}");
    service.stop().await;
}
