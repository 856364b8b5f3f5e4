//! A QR code in the characters of a terminal.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// White paper and black ink, whatever the colours of the terminal: phones do not read a code that is inverted.
const INK_ON_PAPER: &str = "\x1b[30;107m";
const RESET: &str = "\x1b[0m";

/// The lines that show `text`, two rows of the code in each; `None` if it is too long for a QR code. On a `screen` the
/// colours are set; elsewhere a light background is assumed.
pub(super) fn lines(text: &[u8], screen: bool) -> Option<Vec<String>> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().build();
    let line = |line: &str| match screen {
        true => format!("{INK_ON_PAPER}{line}{RESET}"),
        false => line.to_owned(),
    };
    Some(drawn.lines().map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_url_fits_a_small_terminal() {
        let url = format!("tg://login?token={}", "x".repeat(48));
        let drawn = lines(url.as_bytes(), false).unwrap();
        assert!(drawn.len() <= 24 && drawn.iter().all(|line| line.chars().count() <= 80), "{}", drawn.len());
        assert!(lines(&[b'x'; 5000], false).is_none());
    }

    #[test]
    fn colours_are_set_only_on_a_screen() {
        assert!(lines(b"x", true).unwrap().iter().all(|line| line.starts_with(INK_ON_PAPER)));
        assert!(lines(b"x", false).unwrap().iter().all(|line| !line.contains('\x1b')));
    }
}
