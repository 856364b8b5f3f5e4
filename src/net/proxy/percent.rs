//! Percent-encoding (RFC 3986, 2.1).

use std::borrow::Cow;

/// The text that `text` stands for; `None` if a `%` is not followed by two hexadecimal digits, or what comes out is not
/// UTF-8 or has control characters.
pub fn decode(text: &str) -> Option<Cow<'_, str>> {
    let mut decoded = Cow::Borrowed(text);
    if text.contains('%') {
        let mut bytes = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            let mut digit = || char::from(rest.next()?).to_digit(16);
            bytes.push(if byte == b'%' { (digit()? << 4 | digit()?) as u8 } else { byte });
        }
        decoded = Cow::Owned(String::from_utf8(bytes).ok()?);
    }
    (!decoded.chars().any(char::is_control)).then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn what_is_no_escape_is_refused() {
        assert_eq!(decode("p%40ss%3a+%c3%A9").as_deref(), Some("p@ss:+é"));
        for text in ["%", "%4", "%4g", "%+1", "100%", "%ff", "%0d%0a", "%00"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
