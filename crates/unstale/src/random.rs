//! Random numbers: ids of instances and nonces of histories.

/// A number that nobody else has drawn.
pub(crate) fn number() -> Result<u64, getrandom::Error> {
    #[cfg(feature = "evidence")]
    if let Some(number) = crate::evidence::surroundings(|surroundings| surroundings.number()) {
        return Ok(number);
    }
    getrandom::u64()
}
