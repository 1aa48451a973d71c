//! Writing on one instance, and seeing the other's copy fall.

use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::{demo::Demo, open_page::OpenPage};

const HAS_FALLEN: &str = r"return /B’s copy fell [0-9.]+ (µs|ms|s) after/.test(text('#written'))";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_instances_tick_and_a_write_on_one_makes_the_others_copy_fall() {
    let page = OpenPage::open().await;
    tick_and_write(&page).await;
    page.resize(1280).await;
    page.keep_picture("light").await;
    page.close().await;
}

#[cfg(feature = "postgres-tests")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_do_so_on_postgres() {
    let started = tokio::task::spawn_blocking(|| {
        let server = testbed::Postgres::start().unwrap();
        let url = server.create_database().unwrap();
        (server, url)
    });
    let (_server, url) = started.await.unwrap();
    let page = OpenPage::of(Demo::on_postgres(&url).await).await;
    tick_and_write(&page).await;
    page.close().await;
}

async fn tick_and_write(page: &OpenPage) {
    for letter in ["A", "B"] {
        let before = page
            .ask(&format!("return version('{letter}', 'MSFT')"))
            .await;
        let ticks = format!("return version('{letter}', 'MSFT') > {before}");
        page.until("the price ticks", &ticks).await;
        let holds = format!(
            "return cell('{letter}', 'CALM', 'copy') !== 'none' && cell('{letter}', 'CALM', 'answer') === 'L1'"
        );
        page.until("it holds a copy of what nobody writes", &holds)
            .await;
    }
    let before = page.ask("return version('B', 'CALM')").await;
    let price = page.find("#price").await;
    price.clear().await.unwrap();
    price.send_keys("12.34").await.unwrap();
    page.click("#write-buttons button[value='0']").await;
    page.until("B's copy fell, with the time it took", HAS_FALLEN)
        .await;
    let seen =
        format!("return version('B', 'CALM') > {before} && cell('B', 'CALM', 'price') === '12.34'");
    page.until("B shows the new price", &seen).await;
    page.until(
        "and when its copy fell",
        "return /^[0-9.]+ (µs|ms)$/.test(cell('B', 'CALM', 'fall'))",
    )
    .await;
    page.until("the log tells of it", "return /B heard/.test(text('#log'))")
        .await;
    page.until("the histogram has it", "return [...document.querySelectorAll('#histogram b')].some(bar => count(bar.textContent) > 0)")
        .await;
}

/// The demo with many hits compared with the database, so that nobody has to wait. Not more: six stocks
/// are read one right after the other, within a tick of the clock by which the limit goes. It lets
/// through the first of them that is in the sample, and with three in ten that was never the last.
async fn demo_that_inspects_much() -> Demo {
    let mut settings: Value = serde_json::from_str(realtime::APPSETTINGS).unwrap();
    let inspect = &mut settings["TheTechLoopCache"]["Inspect"];
    (inspect["SampleRate"], inspect["MaxLoadsPerSecond"]) = (json!(0.1), json!(1_000));
    let file = tempfile::NamedTempFile::new().unwrap();
    serde_json::to_writer(&file, &settings).unwrap();
    let config = file.path().to_str().unwrap();
    // It has been read by then.
    Demo::start_with(&["--no-feed", "--config", config]).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_forgets_to_invalidate_is_found() {
    let page = OpenPage::of(demo_that_inspects_much().await).await;
    let holds = "return cell('B', 'CALM', 'answer') === 'L1'";
    page.until("B holds a copy", holds).await;
    page.until(
        "hits are compared",
        "return /compared/.test(text('#inspected'))",
    )
    .await;
    let is_told = "return document.querySelector('#forgotten').checkVisibility()";
    assert_eq!(page.ask(is_told).await, false);
    let before = page.ask("return version('B', 'CALM')").await;
    page.click("#forget").await;
    page.until(
        "what was done is said",
        "return /nothing was removed/.test(text('#written'))",
    )
    .await;
    page.until("it is found", is_told).await;
    let told = page.ask("return text('#forgotten')").await;
    assert!(told.as_str().unwrap().contains("stock:price:*"), "{told}");
    assert_eq!(page.ask("return version('B', 'CALM')").await, before);
    page.resize(1280).await;
    page.keep_picture("forgotten").await;

    page.click("#write-buttons button[value='0']").await;
    let mended = format!("return version('B', 'CALM') === {before} + 2");
    page.until("a write that invalidates mends it", &mended)
        .await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_is_enough() {
    let page = OpenPage::open().await;
    let focus = "const focused = document.activeElement;
        if (focused === document.body) return null;
        const outline = getComputedStyle(focused);
        return [focused.id || focused.textContent, parseFloat(outline.outlineWidth) > 0 && outline.outlineStyle !== 'none']";
    let mut reached = vec![];
    for _ in 0..40 {
        page.press(Key::Tab).await;
        let focused = page.ask(focus).await;
        if focused.is_null() {
            break;
        }
        let name = focused[0].as_str().unwrap().to_owned();
        if reached.contains(&name) {
            break;
        }
        assert_eq!(focused[1], true, "the focus can be seen on {name}");
        if name == "Write on A" {
            page.resize(1280).await;
            page.keep_picture("keyboard").await;
            page.press(Key::Enter).await;
            page.until("B's copy fell", HAS_FALLEN).await;
        }
        if name == "answers" {
            page.press(Key::Space).await;
            page.until(
                "Redis is silent",
                "return text('#answers') === 'Let Redis answer again'",
            )
            .await;
            page.press(Key::Space).await;
            page.until("it answers", "return text('#answers').startsWith('Stop')")
                .await;
        }
        reached.push(name);
    }
    for expected in [
        "Skip to the instances",
        "Swagger",
        "Cut A off from the log",
        "Cut B off from the log",
        "symbol",
        "price",
        "Write on A",
        "Write on B",
        "forget",
        "answers",
        "flush",
        "trim",
        "pause",
        "log",
    ] {
        assert!(
            reached.iter().any(|name| name == expected),
            "{expected}: {reached:?}"
        );
    }
    page.close().await;
}
