//! The web form, end to end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};

use mtwire::server::{EmailPurpose, Event};

use crate::http::Browser;
use crate::world::{ADA, API_HASH, BOB, BOT, EVE, MAIL, NEW, PASSWORD, World, example};

/// The example's process.
struct Web {
    child: Child,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Web {
    fn start(world: &World) -> Self {
        let mut child = Command::new(example("web_login"))
            .args(["1", API_HASH, "0"])
            .env("MTWIRE_DC", world.mtwire_dc())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().strip_suffix('/').unwrap().to_owned();
        assert!(address.starts_with("127.0.0.1:"), "{address}");
        Self { child, stdout, address }
    }

    fn browser(&self) -> Browser {
        Browser::open(&self.address)
    }

    /// Whatever it has said besides its address.
    fn said(mut self) -> String {
        self.child.kill().unwrap();
        let mut text = String::new();
        self.stdout.read_to_string(&mut text).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Until the code has been given.
fn with_code(browser: &mut Browser, phone: &str, code: &str) {
    browser.press("phone", &[("phone", phone)]);
    browser.says("<h1>Enter the code</h1>");
    browser.press("code", &[("code", code)]);
}

fn mailed(world: &mut World, wanted: EmailPurpose) -> String {
    world.event(|event| match event {
        Event::EmailCode { code, purpose, .. } if purpose == wanted => Some(code),
        _ => None,
    })
}

#[test]
fn the_right_way_and_out_again() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    browser.says("<h1>Log in</h1>");
    browser.press("phone", &[("phone", "+999-661-1234")]);
    browser.says("The code (5 digits) comes to +9996611234 in a text message.");
    browser.press("code", &[("code", "11111")]);
    browser.says("<h1>Logged in</h1>");
    browser.says("You are <b>Ada Lovelace (@ada)</b>, at home on DC 1.");
    browser.press("log_out", &[]);
    browser.says("You have logged out.");
    browser.press("again", &[]);
    browser.says("<h1>Log in</h1>");
    with_code(&mut browser, BOB, "22222");
    browser.says("You are <b>Bob</b>");
    assert_eq!(web.said(), "", "nothing of a login is printed");
}

#[test]
fn what_is_wrong_is_said_and_asked_again() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    browser.press("phone", &[("phone", "hello")]);
    browser.says("That is neither a phone number");
    browser.press("phone", &[("phone", BOB)]);
    browser.press("code", &[("code", "123")]);
    browser.says("The code has 5 digits.");
    browser.press("code", &[("code", "11111")]);
    browser.says(r#"<p class="error" role="alert">That code is wrong; 4 tries are left.</p>"#);
    browser.press("resend", &[]);
    browser.says("Another code can be sent in ");
    browser.press("back", &[]);
    browser.says("<h1>Log in</h1>");
    with_code(&mut browser, ADA, "11111");
    browser.says("You are <b>Ada Lovelace (@ada)</b>");
}

#[test]
fn a_code_typed_too_often_stops_the_login_and_it_can_be_begun_again() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    browser.press("phone", &[("phone", BOB)]);
    for _ in 0..5 {
        browser.press("code", &[("code", "11111")]);
    }
    browser.says("<h1>The login has stopped</h1>");
    browser.says("A wrong code was typed too often");
    browser.press("again", &[]);
    with_code(&mut browser, BOB, "22222");
    browser.says("<h1>Logged in</h1>");
}

#[test]
fn a_password_is_wrong_and_then_right() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    with_code(&mut browser, EVE, "22222");
    browser.says("<h1>Enter your password</h1>");
    browser.press("password", &[("password", "guess")]);
    browser.says("That password is wrong; 4 tries are left.");
    assert!(!browser.page.contains("guess"), "{}", browser.page);
    browser.press("password", &[("password", PASSWORD)]);
    browser.says("You are <b>Eve</b>");
    assert_eq!(web.said(), "");
}

#[test]
fn a_forgotten_password_is_recovered_by_mail() {
    let mut world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    with_code(&mut browser, EVE, "22222");
    browser.press("reset_account", &[]);
    browser.says("This deletes the account");
    browser.press("decline", &[]);
    browser.press("recover", &[]);
    browser.says("A code to recover the password was sent to e***e@example.org.");
    let code = mailed(&mut world, EmailPurpose::PasswordRecovery);
    browser.press("code", &[("code", &code)]);
    browser.says("<h1>Choose a new password</h1>");
    browser.press("new_password", &[("password", "new one"), ("again", "other"), ("hint", "")]);
    browser.says("The two passwords differ.");
    browser.press("no_password", &[]);
    browser.says("Tick the box to go on without a password.");
    browser
        .press("new_password", &[("password", "new one"), ("again", "new one"), ("hint", "<first> & only")]);
    browser.says("You are <b>Eve</b>");

    let mut other = web.browser();
    with_code(&mut other, EVE, "22222");
    // The other session gets this one.
    other.says("Your hint: &lt;first&gt; &amp; only");
    other.press("password", &[("password", "new one")]);
    other.says("You are <b>Eve</b>");
}

#[test]
fn a_new_number_accepts_the_terms_and_makes_an_account() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    with_code(&mut browser, NEW, "22222");
    browser.says("<h1>Terms of service</h1>");
    browser.press("accept_terms", &[]);
    browser.says("Tick the box to accept the terms, or go back.");
    browser.press("accept_terms", &[("accepted", "yes")]);
    browser.press("name", &[("first", " "), ("last", "")]);
    browser.says("The server does not take that name; the first name is needed.");
    browser.press("name", &[("first", "<b>"), ("last", "O'Neill")]);
    browser.says("You are <b>&lt;b&gt; O&#39;Neill</b>");
}

#[test]
fn an_account_gets_its_mail_address_first() {
    let mut world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    browser.press("phone", &[("phone", MAIL)]);
    browser.says("<h1>Set a login e-mail address</h1>");
    browser.press("email", &[("email", "nobody")]);
    browser.says("That is not an e-mail address.");
    browser.press("email", &[("email", "mallory@example.org")]);
    browser.says("A code was sent to mallory@example.org.");
    let code = mailed(&mut world, EmailPurpose::LoginSetup);
    browser.press("code", &[("code", &code)]);
    browser.says("<h1>Enter the code</h1>");
    browser.press("code", &[("code", "22222")]);
    browser.says("You are <b>Mallory</b>");
}

#[test]
fn a_bot_logs_in_too() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    browser.press("phone", &[("phone", BOT)]);
    browser.says(", a bot, at home on DC 2.");
}

/// Reads the picture as a phone does.
fn scanned(page: &str) -> String {
    let (_, rest) = page.split_once("viewBox=\"0 0 ").unwrap();
    let side: usize = rest.split(' ').next().unwrap().parse().unwrap();
    let (_, rest) = rest.split_once(" d=\"").unwrap();
    let mut dark = vec![false; side * side];
    // M{left} {top}h{width}v{height}H{left}V{top}
    for rectangle in rest.split('"').next().unwrap().split('M').skip(1) {
        let numbers: Vec<usize> =
            rectangle.split(|mark: char| !mark.is_ascii_digit()).flat_map(str::parse).collect();
        let [left, top, width, height, ..] = numbers[..] else { panic!("{rectangle}") };
        (top..top + height).for_each(|y| dark[y * side + left..][..width].fill(true));
    }
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(
            side,
            side,
            |x, y| if dark[y * side + x] { 0 } else { 255 },
        );
    let [grid] = &picture.detect_grids()[..] else { panic!("no QR code in {page}") };
    grid.decode().unwrap().1
}

#[test]
fn a_qr_code_is_scanned_by_another_session() {
    let world = World::start();
    let web = Web::start(&world);
    let phone = world.logged_in(BOB);
    let mut browser = web.browser();
    browser.press("qr", &[]);
    browser.says("<h1>Scan the code</h1>");
    browser.says(r#"<meta http-equiv="refresh" content="2">"#);
    let url = scanned(&browser.page);
    assert!(url.starts_with("tg://login?token="), "{url}");
    assert!(!browser.page.contains(&url), "the code is a picture, and not in the text");
    world.runtime.block_on(phone.accept_login(&url)).unwrap();
    // As the page does by itself.
    for _ in 0..600 {
        browser.load();
        if !browser.page.contains("<svg") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    browser.says("You are <b>Bob</b>");
    world.runtime.block_on(phone.disconnect());
}

#[test]
fn from_the_qr_code_back_to_the_number() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    browser.press("qr", &[]);
    browser.press("back", &[]);
    with_code(&mut browser, BOB, "22222");
    browser.says("You are <b>Bob</b>");
}

#[test]
fn browsers_have_logins_of_their_own() {
    let world = World::start();
    let web = Web::start(&world);
    let (mut one, mut other) = (web.browser(), web.browser());
    assert_ne!(one.cookie, other.cookie);
    one.press("phone", &[("phone", ADA)]);
    other.says("<h1>Log in</h1>");
    other.load();
    other.says("<h1>Log in</h1>");
    with_code(&mut other, BOB, "22222");
    one.load();
    one.says("<h1>Enter the code</h1>");
    one.press("code", &[("code", "11111")]);
    one.says("You are <b>Ada");
    other.load();
    other.says("You are <b>Bob</b>");
}

#[test]
fn whoever_only_looks_takes_nobodys_place() {
    let world = World::start();
    let web = Web::start(&world);
    for _ in 0..1001 {
        web.browser();
    }
    let mut browser = web.browser();
    let cookie = browser.cookie.clone();
    // A second look, as in another tab: the form of the first is as good as before.
    let form = browser.form();
    browser.load();
    assert_eq!((&browser.cookie, browser.form()), (&cookie, form));
    with_code(&mut browser, BOB, "22222");
    browser.says("You are <b>Bob</b>");
}

#[test]
fn what_comes_from_elsewhere_is_not_taken() {
    let world = World::start();
    let web = Web::start(&world);
    let mut browser = web.browser();
    let attributes = browser.headers.to_lowercase();
    assert!(attributes.contains("; path=/; httponly; samesite=strict\r"), "{attributes}");
    for header in ["cache-control: no-store", "frame-ancestors 'none'", "referrer-policy: no-referrer"] {
        assert!(attributes.contains(header), "{header}: {attributes}");
    }
    let id = browser.cookie.clone().unwrap();
    assert_eq!(id.len(), "login=".len() + 64, "{id}");
    let old = browser.form();
    browser.press("phone", &[("phone", BOB)]);

    // A form that another site has made up; one of an earlier page, sent again; one from a browser without a login.
    for form in ["", "0123456789abcdef0123456789abcdef", &old] {
        browser.send(&[("form", form), ("do", "code"), ("code", "22222")]);
        assert_eq!(browser.status, 409, "{form}");
        browser.says("That page was an old one");
        browser.says("<h1>Enter the code</h1>");
    }
    browser.cookie = None;
    browser.send(&[("form", &old), ("do", "code"), ("code", "22222")]);
    browser.says("<h1>Log in</h1>");
    assert_ne!(browser.cookie.as_ref(), Some(&id), "the server chooses the cookie");
    for made_up in
        ["0123456789abcdef0123456789abcdef".to_owned(), "0123456789abcdef".repeat(4), "é".repeat(32)]
    {
        let cookie = format!("login={made_up}");
        browser.cookie = Some(cookie.clone());
        browser.load();
        assert_ne!(browser.cookie, Some(cookie));
    }

    browser.cookie = Some(id);
    browser.load();
    browser.press("code", &[("code", "22222")]);
    browser.says("You are <b>Bob</b>");
    let long = "x".repeat(20_000);
    browser.send(&[("form", &long)]);
    assert_eq!(browser.status, 413);
}
