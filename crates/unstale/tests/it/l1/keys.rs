//! Keys of any text.

use unstale::{Cache, EntryOptions};

use super::alone;

fn unusual() -> Vec<String> {
    let texts = [
        " ",
        "a b",
        "*",
        "a:*",
        "?",
        "[a]",
        "\\",
        "\\*",
        "{}",
        "{a}:b",
        "ключ:日本:🦀",
        "a\r\nb",
        "\0",
        "\0ballast:0",
        ":",
        "::",
        "k:",
        "\"quoted\"",
        "'",
        "%s",
        "../..",
    ];
    let mut keys: Vec<_> = texts.map(str::to_owned).to_vec();
    keys.push("x".repeat(4 * 1024));
    keys.push(format!("{}:1", "long:".repeat(800)));
    keys
}

async fn held(cache: &Cache, keys: &[String]) -> Vec<Option<usize>> {
    let values = cache.get_many::<usize>(keys).await;
    values
        .iter()
        .map(|value| value.as_deref().copied())
        .collect()
}

#[tokio::test]
async fn every_text_is_a_key_of_its_own() {
    let cache = alone().await;
    let keys = unusual();
    for (number, key) in keys.iter().enumerate() {
        cache.set(key, &number, EntryOptions::new()).await.unwrap();
    }
    let mut expected: Vec<_> = (0..keys.len()).map(Some).collect();
    assert_eq!(held(&cache, &keys).await, expected);

    for (number, key) in keys.iter().enumerate() {
        assert!(cache.remove(key).await.is_applied());
        expected[number] = None;
        assert_eq!(held(&cache, &keys).await, expected, "{key:?} was removed");
    }
}

#[tokio::test]
async fn a_space_escapes_its_ids() {
    let cache = alone().await;
    let space = cache.space::<u32>("thing:*:part:*");
    for id in ["*", "?", "[ab]", "a", "\\", ""] {
        space.set((id, 1), &1, EntryOptions::new()).await.unwrap();
    }
    assert_eq!(space.key(("*", 1)), "thing:*:part:1");
    space.remove_pattern(("*", unstale::ANY)).await;
    assert_eq!(space.get(("*", 1)).await, None);
    space.remove_pattern(("[ab]", unstale::ANY)).await;
    assert_eq!(space.get(("[ab]", 1)).await, None);
    for id in ["?", "a", "\\", ""] {
        assert!(space.get((id, 1)).await.is_some(), "{id:?}");
    }
    space.remove_pattern((unstale::ANY, 1)).await;
    for id in ["?", "a", "\\", ""] {
        assert_eq!(space.get((id, 1)).await, None, "{id:?}");
    }
}

/// `a:*` stands for everything that begins with `a:`, and `a:` itself.
#[tokio::test]
async fn a_pattern_means_what_it_means_in_redis() {
    let keys = ["a", "a:", "a:b", "a:b:c", "a:bb:c", "a:x:d", "ab:c", "b"];
    for (pattern, taken) in [
        ("a:*", "a: a:b a:b:c a:bb:c a:x:d"),
        ("a:b:*", "a:b:c"),
        ("a*", "a a: a:b a:b:c a:bb:c a:x:d ab:c"),
        ("a:*:c", "a:b:c a:bb:c"),
        ("a:?:*", "a:b:c a:x:d"),
        ("a:[bx]:?", "a:b:c a:x:d"),
        ("a:[^b]:?", "a:x:d"),
        ("a:b", "a:b"),
        ("?", "a b"),
        ("*", "a a: a:b a:b:c a:bb:c a:x:d ab:c b"),
        ("a:\\*", ""),
        ("", ""),
    ] {
        let cache = alone().await;
        let entries = keys.map(|key| (key, 1_u32));
        cache.set_many(&entries, EntryOptions::new()).await.unwrap();
        assert!(cache.remove_pattern(pattern).await.is_applied());
        let values = cache.get_many::<u32>(&keys).await;
        let gone = keys.iter().zip(values).filter(|(_, value)| value.is_none());
        let gone: Vec<_> = gone.map(|(key, _)| *key).collect();
        assert_eq!(gone.join(" "), taken, "{pattern}");
    }
}
