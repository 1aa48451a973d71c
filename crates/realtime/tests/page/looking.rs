//! What the page looks like, where it gets that from, and what it says when nobody answers.

use crate::{demo::Demo, open_page::OpenPage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_fits_a_narrow_screen() {
    let page = OpenPage::open().await;
    page.resize(400).await;
    let width = page
        .ask("return document.documentElement.scrollWidth")
        .await;
    assert_eq!(width, 400, "nothing has to be scrolled sideways");
    let cut = page
        .ask(
            "return [...document.querySelectorAll('h1, h2, h3, p, dd, td span, td small, button, label')]
                .filter(one => one.checkVisibility() && !one.closest('.unseen'))
                .filter(one => { const box = one.getBoundingClientRect(); return box.right > 400 || box.left < 0; })
                .map(one => one.outerHTML.slice(0, 120))",
        )
        .await;
    assert_eq!(cut.as_array().unwrap().len(), 0, "{cut}");
    page.keep_picture("narrow").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_dark_for_those_who_like_it_dark() {
    let page = OpenPage::open().await;
    let paper = "return getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).slice(0, 3).map(Number)
        .reduce((sum, part) => sum + part, 0)";
    page.prefer("light").await;
    assert!(page.ask(paper).await.as_u64().unwrap() > 600);
    page.prefer("dark").await;
    assert!(page.ask(paper).await.as_u64().unwrap() < 150);
    page.resize(1280).await;
    page.keep_picture("dark").await;
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_comes_from_the_service_itself() {
    let page = OpenPage::open().await;
    let foreign = page
        .ask(
            "return performance.getEntriesByType('resource').map(one => one.name)
                .filter(name => new URL(name).origin !== location.origin && !name.startsWith('data:'))",
        )
        .await;
    assert_eq!(foreign.as_array().unwrap().len(), 0, "{foreign}");
    let refused = page
        .ask(
            "let refused = false;
            document.addEventListener('securitypolicyviolation', () => { refused = true; });
            const script = document.createElement('script');
            script.textContent = 'document.body.dataset.injected = true';
            document.body.append(script);
            return document.body.dataset.injected === undefined",
        )
        .await;
    assert_eq!(
        refused, true,
        "a script that is not the page's own does not run"
    );
    page.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_when_the_service_is_gone() {
    let mut page = OpenPage::of(Demo::start_with(&["--no-feed"]).await).await;
    assert_eq!(
        page.ask("return text('[data-figure=writes]')").await,
        "no feed"
    );
    page.demo.kill().await;
    page.until(
        "it says so",
        "return document.querySelector('#lost').checkVisibility()",
    )
    .await;
    page.browser.stop().await;
}
