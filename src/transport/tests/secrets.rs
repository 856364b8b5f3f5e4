//! The text and byte forms of a proxy's secret.

use serde_json::Value;

use crate::transport::{Disguise, Kind, ProxySecret, SecretError, Tagged};

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));

#[test]
fn known_secrets() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut done = 0;
    for vector in file["vectors"].as_array().unwrap().iter().filter(|v| v["kind"] == "mtproxy_secret") {
        let outputs = &vector["outputs"];
        for form in ["secret_hex", "secret_base64url"] {
            let text = vector["inputs"][form].as_str().unwrap();
            let parsed = text.parse::<ProxySecret>();
            let Some(key) = outputs["key16"].as_str() else {
                assert!(parsed.is_err(), "{text}");
                continue;
            };
            let secret = parsed.unwrap();
            let name = match secret.disguise() {
                Disguise::Plain => "simple",
                Disguise::Padded => "secured",
                Disguise::FakeTls { .. } => "tls",
            };
            assert_eq!(name, outputs["type"]);
            assert_eq!(secret.domain(), outputs["domain"].as_str());
            assert!(secret.to_hex().contains(key));
            assert_eq!(secret.to_hex().parse::<ProxySecret>().unwrap(), secret);
            done += 1;
        }
    }
    assert!(done >= 6);
}

#[test]
fn both_alphabets_of_base64_with_padding_and_without() {
    let expected = ProxySecret::from_bytes(&[0xfb, 0xff, 0xbf].repeat(6)[..16]).unwrap();
    for text in ["-_-_-_-_-_-_-_-_-_-_-w", "+/+/+/+/+/+/+/+/+/+/+w==", "-_-_-_-_-_-_-_-_-_-_-w=="] {
        assert_eq!(text.parse::<ProxySecret>().as_ref(), Ok(&expected), "{text}");
    }
    // 22 digits are 11 bytes in hexadecimal, and 16 in base64.
    assert!("abcdefabcdefabcdefabcA".parse::<ProxySecret>().is_ok());
}

#[test]
fn what_is_no_secret_says_why_and_nothing_of_itself() {
    let long = format!("ee{}{}", "11".repeat(16), "61".repeat(183));
    for (text, expected) in [
        ("", SecretError::Length(0)),
        ("dd", SecretError::Length(1)),
        ("1111", SecretError::Length(2)),
        ("no secret", SecretError::Text),
        ("ee11111111111111111111111111111111", SecretError::Length(17)),
        ("ef11111111111111111111111111111111", SecretError::Tag(0xef)),
        ("dd111111111111111111111111111111116161", SecretError::Length(19)),
        ("ee111111111111111111111111111111116100", SecretError::Domain),
        (&long, SecretError::Domain),
    ] {
        let error = text.parse::<ProxySecret>().unwrap_err();
        assert_eq!(error, expected, "{text}");
        assert!(text.len() < 3 || !error.to_string().contains(text));
    }
}

#[test]
fn a_secret_does_not_show() {
    let secret: ProxySecret = "ee000102030405060708090a0b0c0d0e0f6578616d706c652e636f6d".parse().unwrap();
    let shown = format!("{secret:?}");
    assert_eq!(shown, r#"ProxySecret { disguise: FakeTls { domain: "example.com" }, .. }"#);
}

#[test]
fn the_secret_decides_the_framing() {
    let plain = ProxySecret::from_bytes(&[1; 16]).unwrap();
    let padded = ProxySecret::from_bytes(&[0xdd; 17]).unwrap();
    for kind in Kind::ALL {
        match kind.tagged() {
            Some(tagged) => {
                assert_eq!(plain.framing(kind), Ok(tagged));
                assert_eq!(padded.framing(kind), Ok(Tagged::Padded));
            }
            None => assert!(plain.framing(kind).is_err() && padded.framing(kind).is_err()),
        }
    }
}
