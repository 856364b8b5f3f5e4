//! The text forms of proxies.

use proptest::prelude::*;

use super::{Credentials, Proxy, ProxyTextError};
use crate::net::Address;
use crate::transport::{ProxySecret, SecretError};

const HEX: &str = "ee852380f362a09343efb4690c4e17862e676f6f676c652e636f6d";
const BASE64: &str = "7oUjgPNioJND77RpDE4Xhi5nb29nbGUuY29t";

fn mtproxy(host: &str, port: u16) -> Proxy {
    Proxy::MtProxy { address: Address::new(host, port), secret: HEX.parse().unwrap() }
}

#[test]
fn every_form_of_an_mtproxy() {
    for text in [
        format!("mtproxy://{HEX}@proxy.example:443"),
        format!("MTProxy://{BASE64}@proxy.example:443/"),
        format!("tg://proxy?server=proxy.example&port=443&secret={HEX}"),
        format!("tg:proxy?server=proxy.example&port=443&secret={HEX}"),
        format!("TG://proxy?secret={BASE64}&port=443&server=proxy.example"),
        format!("https://t.me/proxy?server=proxy.example&port=443&secret={HEX}"),
        format!("http://t.me/proxy?server=proxy%2Eexample&port=443&secret={HEX}#x"),
        format!("https://telegram.me/proxy/?server=proxy.example&port=443&secret={HEX}&tag=x"),
        format!("t.me/proxy?server=proxy.example&port=443&secret={HEX}"),
        format!("www.telegram.dog/proxy?server=proxy.example&port=443&secret={HEX}"),
    ] {
        assert_eq!(text.parse::<Proxy>().unwrap(), mtproxy("proxy.example", 443), "{text}");
    }
    let padded = "t.me/proxy?server=::1&port=1&secret=-_-_-_-_-_-_-_-_-_-_-w%3D%3D".parse::<Proxy>().unwrap();
    assert_eq!(padded.to_string(), "mtproxy://[::1]:1");
}

#[test]
fn every_form_of_the_others() {
    let socks = |credentials| Proxy::Socks5 { address: Address::new("::1", 1080), credentials };
    let login = || Some(Credentials::new("us er", "p@:ss"));
    for (text, expected) in [
        ("socks5://[::1]:1080", socks(None)),
        ("socks5://us%20er:p%40%3Ass@[::1]:1080", socks(login())),
        ("socks5://us%20er:p@:ss@[::1]:1080/", socks(login())),
        ("tg://socks?server=::1&port=1080", socks(None)),
        ("tg://socks?server=[::1]&port=1080&user=&pass=", socks(None)),
        ("https://t.me/socks?server=::1&port=1080&user=us%20er&pass=p%40:ss", socks(login())),
        (
            "http://127.0.0.1:3128",
            Proxy::Http { address: Address::new("127.0.0.1", 3128), credentials: None },
        ),
        (
            "HTTP://us%20er:p%40:ss@proxy.example:3128",
            Proxy::Http { address: Address::new("proxy.example", 3128), credentials: login() },
        ),
        (
            "http://u@proxy.example:3128",
            Proxy::Http {
                address: Address::new("proxy.example", 3128),
                credentials: Some(Credentials::new("u", "")),
            },
        ),
    ] {
        assert_eq!(text.parse::<Proxy>().unwrap(), expected, "{text}");
    }
}

#[test]
fn what_is_no_proxy_says_why() {
    use ProxyTextError::{Address, Form, Missing, Percent, Port, Rest, Secret, Twice};
    for (text, expected) in [
        ("", Form),
        ("127.0.0.1:1080", Form),
        ("ftp://127.0.0.1:21", Form),
        ("https://127.0.0.1:3128", Form),
        ("https://t.me/telegram", Form),
        ("https://t.me.evil.example/proxy?server=a&port=1&secret=00112233445566778899aabbccddeeff", Form),
        ("socks5://127.0.0.1", Address),
        ("socks5://:1080", Address),
        ("socks5://a b:1080", Address),
        ("socks5://a%20b:1080", Address),
        ("socks5://127.0.0.1:0", Port),
        ("socks5://127.0.0.1:1080/x", Rest),
        ("http://127.0.0.1:3128?x=y", Rest),
        ("socks5://u:%zz@127.0.0.1:1080", Percent),
        ("http://u:%0d%0a@127.0.0.1:1080", Percent),
        ("mtproxy://127.0.0.1:443", Missing("secret")),
        ("mtproxy://0011@127.0.0.1:443", Secret(SecretError::Length(2))),
        ("tg://proxy?server=a&port=1", Missing("secret")),
        ("tg://proxy?port=1&secret=00112233445566778899aabbccddeeff", Missing("server")),
        ("tg://socks?server=a", Missing("port")),
        ("tg://socks?server=a&port=65536", Port),
        ("tg://socks?server=a&port=+1", Port),
        ("tg://socks?server=a&port=1&port=2", Twice("port")),
        ("tg://socks?server=a/b&port=1", Address),
        ("tg://resolve?domain=x", Form),
    ] {
        assert_eq!(text.parse::<Proxy>(), Err(expected), "{text}");
    }
}

#[test]
fn nothing_secret_shows() {
    for text in ["socks5://alice:hunter2@proxy.example:1", "http://alice:hunter2@proxy.example:1"] {
        let shown = format!("{:?} {0}", text.parse::<Proxy>().unwrap());
        assert!(shown.contains("proxy.example:1") && !shown.contains("alice") && !shown.contains("hunter2"));
    }
    let shown = format!("{:?} {0}", mtproxy("proxy.example", 1));
    assert!(shown.contains("proxy.example:1") && !shown.contains("8523"));
    assert_eq!(format!("{:?}", Credentials::new("alice", "hunter2")), "Credentials(..)");
}

proptest! {
    #[test]
    fn links_round_trip(
        host in "[a-z0-9]{1,20}(\\.[a-z]{2,5})?",
        port in 1..=u16::MAX,
        key in any::<[u8; 16]>(),
        form in 0..3_usize,
    ) {
        let bytes = [vec![], vec![0xdd], vec![0xee]][form].iter().copied().chain(key).collect::<Vec<_>>();
        let bytes = [&bytes[..], if form == 2 { b"site" } else { b"" }].concat();
        let secret = ProxySecret::from_bytes(&bytes).unwrap();
        let text = format!("tg://proxy?server={host}&port={port}&secret={}", *secret.to_hex());
        prop_assert_eq!(
            text.parse::<Proxy>().unwrap(),
            Proxy::MtProxy { address: Address::new(host, port), secret }
        );
    }

    #[test]
    fn no_text_is_too_much(text in "(socks5://|http://|tg://proxy\\?|t.me/socks\\?|mtproxy:)?.{0,60}") {
        let _ = text.parse::<Proxy>();
    }
}
