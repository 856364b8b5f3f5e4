//! A browser without eyes: forms, one cookie, and redirections.

use std::io::{Read, Write};
use std::net::TcpStream;

pub struct Browser {
    address: String,
    pub cookie: Option<String>,
    pub status: u16,
    pub headers: String,
    pub page: String,
}

impl Browser {
    /// Opens the first page.
    pub fn open(address: &str) -> Self {
        let address = address.to_owned();
        let mut browser =
            Self { address, cookie: None, status: 0, headers: String::new(), page: String::new() };
        browser.load();
        browser
    }

    pub fn load(&mut self) {
        self.request("GET", "");
        assert_eq!(self.status, 200, "{}", self.page);
    }

    /// Sends the form of the page by the button with this value, and goes where that leads.
    pub fn press(&mut self, button: &str, fields: &[(&str, &str)]) {
        let there = self.page.contains(&format!("name=\"do\" value=\"{button}\""));
        assert!(there, "there is no button `{button}`:\n{}", self.page);
        let form = self.form();
        self.send(&[&[("form", form.as_str()), ("do", button)], fields].concat());
    }

    /// The hidden word of the page's forms.
    pub fn form(&self) -> String {
        let (_, rest) = self.page.split_once("name=\"form\" value=\"").expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Sends these fields and nothing else.
    pub fn send(&mut self, fields: &[(&str, &str)]) {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        self.request("POST", &pairs.join("&"));
        if self.status == 303 {
            assert!(
                self.headers.contains("\nlocation: /\r"),
                "nothing of a form is in an address: {}",
                self.headers
            );
            self.load();
        }
    }

    fn request(&mut self, method: &str, body: &str) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let cookie = self.cookie.iter().map(|cookie| format!("Cookie: other=1; {cookie}\r\n"));
        let head = format!(
            "{method} / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            cookie.collect::<String>(),
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (headers, page) = answer.split_once("\r\n\r\n").unwrap();
        self.status = headers.split(' ').nth(1).unwrap().parse().unwrap();
        self.headers = format!("{headers}\r\n");
        self.page = page.to_owned();
        if let Some((_, cookie)) = self.headers.split_once("\nset-cookie: ") {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
    }

    /// The page says this.
    #[track_caller]
    pub fn says(&self, text: &str) {
        assert!(self.page.contains(text), "no `{text}`:\n{}", self.page);
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
