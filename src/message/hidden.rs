//! Bodies as `Debug` shows them. They hold whatever is called: passwords, codes and tokens among it.

use std::fmt;

use bytes::Bytes;

/// Shows how long a body is, and nothing of it.
pub(crate) struct Hidden<'a>(pub(crate) &'a Bytes);

impl fmt::Debug for Hidden<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A body that a leak shows up by: [`shows`] finds it.
    pub(crate) const SECRET: Bytes = Bytes::from_static(b"1234 a secret marker");

    /// Whether the text holds any of [`SECRET`], as `Bytes` or as a list of numbers.
    pub(crate) fn shows(text: &str) -> bool {
        let numbers = format!("{:?}", b"marker");
        text.contains("marker") || text.contains(numbers.trim_matches(['[', ']']))
    }

    #[test]
    fn only_the_length_is_shown() {
        assert!(shows(&format!("{SECRET:?}")) && shows(&format!("{:?}", SECRET.to_vec())));
        assert_eq!(format!("{:?}", Hidden(&SECRET)), "20 bytes");
    }
}
