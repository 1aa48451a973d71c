//! Waiting for a condition by polling, with a deadline.

use std::{fmt::Debug, future::Future, panic::Location, time::Duration};

use tokio::time::{Instant, sleep, timeout_at};

/// The first pause between two checks; each pause is twice the one before it, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(25);

/// What a check of [`eventually`] answers: `true`, `Some` and `Ok` say that the condition is met.
pub trait Condition {
    /// What the waiting test gets.
    type Value;

    /// The value if the condition is met, otherwise what was seen instead.
    ///
    /// # Errors
    ///
    /// What was seen instead, in words.
    fn met(self) -> Result<Self::Value, String>;
}

impl Condition for bool {
    type Value = ();

    fn met(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "false".into())
    }
}

impl<T> Condition for Option<T> {
    type Value = T;

    fn met(self) -> Result<T, String> {
        self.ok_or_else(|| "None".into())
    }
}

impl<T, E: Debug> Condition for Result<T, E> {
    type Value = T;

    fn met(self) -> Result<T, String> {
        self.map_err(|error| format!("{error:?}"))
    }
}

/// Checks again and again until the condition is met, and returns its value.
///
/// `what` completes the sentence "it did not happen that …", for instance `"every instance dropped
/// the key"`. A check that hangs is given up at the deadline too.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::time::Duration;
///
/// let mut answers = [None, None, Some(7)].into_iter();
/// let seven = testbed::eventually("the answer came", Duration::from_secs(5), || {
///     let answer = answers.next().flatten();
///     async move { answer }
/// })
/// .await;
/// assert_eq!(seven, 7);
/// # }
/// ```
///
/// # Panics
///
/// When the condition is not met within `timeout`, with a message that names `what`, the caller's
/// line and what the last check saw.
#[track_caller]
pub fn eventually<C, F>(
    what: &str,
    timeout: Duration,
    mut check: impl FnMut() -> F,
) -> impl Future<Output = C::Value>
where
    C: Condition,
    F: Future<Output = C>,
{
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + timeout;
        let mut pause = FIRST_PAUSE;
        let mut seen = "nothing: the first check did not end".to_owned();
        loop {
            match timeout_at(deadline, check()).await.map(Condition::met) {
                Ok(Ok(value)) => return value,
                Ok(Err(instead)) => seen = instead,
                Err(_) => fail(what, timeout, caller, &seen),
            }
            if Instant::now() >= deadline {
                fail(what, timeout, caller, &seen);
            }
            sleep(pause.min(deadline - Instant::now())).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[allow(
    clippy::panic,
    reason = "a test that waits in vain has failed, and this is how a test fails"
)]
fn fail(what: &str, timeout: Duration, caller: &Location<'_>, seen: &str) -> ! {
    panic!("{caller}: within {timeout:?} it did not happen that {what}; last seen: {seen}")
}
