//! A page for each question, in HTML.

use mtwire::auth::{CodeSent, EmailReset, Notice, PasswordInfo, Prompt, QrCode};
use mtwire::session::{Terms, User};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode as Drawing};

use crate::visitor::{Page, View};

/// Seconds after which a page that waits for something is loaded again.
const AGAIN: u32 = 2;

/// The whole page, with what is wrong with the form that was sent.
pub fn html(view: &View, wrong: Option<&str>) -> String {
    let form = Form(&view.form);
    match &view.page {
        Page::Question(prompt) => question(form, prompt, wrong),
        Page::Working => document("One moment", Some(AGAIN), "<h1>One moment …</h1>"),
        Page::Done { user, dc } => document("Logged in", None, &done(form, user, *dc)),
        Page::Ended { title, why } => {
            let body = format!(
                "<h1>{title}</h1>{}{}",
                paragraph("notice", &sentence(why)),
                form.around(&main_button("again", "Log in"))
            );
            document(title, None, &body)
        }
    }
}

/// The page when there are too many logins.
pub fn full() -> String {
    let body = "<h1>Too many logins</h1><p>Too many people log in just now. Try again in a few minutes.</p>";
    document("Too many logins", None, body)
}

fn question(form: Form, prompt: &Prompt, wrong: Option<&str>) -> String {
    let (title, refresh, notice, body) = match prompt {
        Prompt::Phone { notice } => ("Log in", None, notice, phone(form)),
        Prompt::Qr { code, notice } => ("Scan the code", Some(AGAIN), notice, qr(form, code)),
        Prompt::Code { sent, notice } => ("Enter the code", None, notice, code(form, sent)),
        Prompt::Email { notice } => ("Set a login e-mail address", None, notice, email(form)),
        Prompt::EmailCode { address, length, notice } => {
            ("Confirm the address", None, notice, email_code(form, address, *length))
        }
        Prompt::Password { info, notice } => ("Enter your password", None, notice, password(form, info)),
        Prompt::RecoveryCode { pattern, notice } => {
            ("Recover the password", None, notice, recovery_code(form, pattern))
        }
        Prompt::NewPassword { notice } => ("Choose a new password", None, notice, new_password(form)),
        Prompt::ResetAccount => ("Delete the account?", None, &None, reset_account(form)),
        Prompt::Terms { terms, notice } => ("Terms of service", None, notice, terms_of_service(form, terms)),
        Prompt::Name { notice } => ("Make an account", None, notice, name(form)),
        _ => ("Not known", None, &None, form.around(&button("back", "Back"))),
    };
    let mut page = format!("<h1>{title}</h1>");
    if let Some(wrong) = wrong {
        page += &paragraph("error", wrong);
    }
    // A renewed QR code shows itself.
    if let Some(notice) = notice.as_ref().filter(|notice| **notice != Notice::QrRenewed) {
        page += &paragraph(if notice.is_refusal() { "error" } else { "notice" }, &notice.to_string());
    }
    document(title, refresh, &(page + &body))
}

fn phone(form: Form) -> String {
    let number = r#"<label>Phone number, with the country code
<input name="phone" type="tel" inputmode="tel" autocomplete="tel" placeholder="+1 123 456 7890" required autofocus></label>"#;
    let bot = r#"<details><summary>Log in a bot</summary><label>Bot token, from @BotFather
<input name="phone" type="password" autocomplete="off" required></label>"#;
    let more = r#"<p class="soft">Or scan a code with the Telegram app, then nothing has to be typed.</p>"#;
    form.around(&format!("{number}{}", main_button("phone", "Send me a code")))
        + &form.around(&format!("{more}{}", button("qr", "Show a QR code")))
        + &form.around(&format!("{bot}{}</details>", button("phone", "Log the bot in")))
}

fn qr(form: Form, code: &QrCode) -> String {
    let drawn = Drawing::with_error_correction_level(code.url.expose(), EcLevel::M).map(|drawing| {
        drawing.render::<svg::Color>().dark_color(svg::Color("#000")).light_color(svg::Color("#fff")).build()
    });
    // The picture stands inside the page, where XML's first line has no place.
    let drawn = drawn.unwrap_or_default();
    let picture = drawn.find("<svg").map_or("", |at| &drawn[at..]);
    format!(
        r#"<div class="qr" role="img" aria-label="QR code of the login">{picture}</div>
<p>In the Telegram app of the account open <b>Settings</b>, <b>Devices</b>, <b>Link Desktop Device</b>, and point the camera here.</p>
<p class="soft">The code is renewed by itself, and the page goes on when it was scanned.</p>{}"#,
        form.around(&button("back", "Log in with a phone number"))
    )
}

fn code(form: Form, sent: &CodeSent) -> String {
    let mut more = String::new();
    if let Some(next) = sent.next {
        let when = match sent.resend_in {
            0 => String::new(),
            seconds => format!(" (in {seconds} s)"),
        };
        more += &button("resend", &format!("Get a code {}{when}", next.how()));
    }
    match sent.email_reset {
        None => {}
        Some(EmailReset::After(_)) => more += &button("reset_email", "I have lost that mailbox"),
        Some(EmailReset::At(_)) => more += &button("reset_email", "When is the address reset?"),
    }
    more += &button("back", "Another number");
    format!(
        r#"<p>{}</p><p class="soft">Type it here only: a code that is sent on in any chat is void at once.</p>{}{}"#,
        escape(&sent.to_string()),
        form.around(&format!("{}{}", code_field("Code", sent.length), main_button("code", "Log in"))),
        form.around(&more)
    )
}

fn email(form: Form) -> String {
    let field = r#"<label>E-mail address
<input name="email" type="email" autocomplete="email" required autofocus></label>"#;
    format!(
        "<p>The account must get an e-mail address, to which its login codes are sent.</p>{}{}",
        form.around(&format!("{field}{}", main_button("email", "Send a code there"))),
        form.around(&button("back", "Another number"))
    )
}

fn email_code(form: Form, address: &str, length: Option<u32>) -> String {
    format!(
        "<p>A code was sent to {}.</p>{}{}",
        escape(address),
        form.around(&format!("{}{}", code_field("Code", length), main_button("code", "Confirm"))),
        form.around(&(button("resend", "Send another code") + &button("back", "Another address")))
    )
}

fn password(form: Form, info: &PasswordInfo) -> String {
    let hint =
        info.hint.as_deref().map(|hint| format!("<p>Your hint: {}</p>", escape(hint))).unwrap_or_default();
    let goes = match info.reset_at {
        Some(_) => paragraph("notice", "The removal of this password was asked for from another session."),
        None => String::new(),
    };
    let field = r#"<label>Password
<input name="password" type="password" autocomplete="current-password" required autofocus></label>"#;
    let recover = match info.can_recover {
        true => button("recover", "Recover it by e-mail"),
        false => String::new(),
    };
    format!(
        r#"<p>The account is protected by two-step verification.</p>{hint}{goes}{}<h2>Forgotten?</h2>{}"#,
        form.around(&format!("{field}{}", main_button("password", "Log in"))),
        form.around(&format!(
            "{recover}{}{}",
            danger_button("reset_account", "Delete the account and make a new one"),
            button("back", "Another number")
        ))
    )
}

fn recovery_code(form: Form, pattern: &str) -> String {
    format!(
        "<p>A code to recover the password was sent to {}.</p>{}{}",
        escape(pattern),
        form.around(&format!("{}{}", code_field("Code", None), main_button("code", "Go on"))),
        form.around(
            &(button("resend", "Send another code") + &button("back", "I know the password after all"))
        )
    )
}

fn new_password(form: Form) -> String {
    let fields = r#"<label>New password
<input name="password" type="password" autocomplete="new-password" required autofocus></label>
<label>The same again
<input name="again" type="password" autocomplete="new-password" required></label>
<label>Hint (whoever has a login code sees it)
<input name="hint" autocomplete="off"></label>"#;
    let none = r#"<h2>Or go on without one</h2>
<p>Two-step verification goes then: whoever gets a login code gets the account.</p>
<label class="check"><input type="checkbox" name="sure" value="yes" required> I understand, and want no password.</label>"#;
    format!(
        "{}{}{}",
        form.around(&format!("{fields}{}", main_button("new_password", "Set it and log in"))),
        form.around(&format!("{none}{}", danger_button("no_password", "Log in without a password"))),
        form.around(&button("back", "I know the old password after all"))
    )
}

fn reset_account(form: Form) -> String {
    format!(
        "<p>This deletes the account with all its chats, contacts and files, for ever; the number can then make a new one. \
         The server may ask for a wait of days first, in which whoever has the password can prevent it.</p>{}",
        form.around(&(main_button("decline", "Keep it") + &danger_button("confirm", "Delete the account")))
    )
}

fn terms_of_service(form: Form, terms: &Terms) -> String {
    let age = terms.min_age.map(|age| format!(", and am at least {age} years old")).unwrap_or_default();
    let accept = format!(
        r#"<label class="check"><input type="checkbox" name="accepted" value="yes" required> I accept these terms{age}.</label>"#
    );
    format!(
        r#"<p>This number has no account yet. Read this before one is made.</p>
<div class="terms" tabindex="0">{}</div>{}{}"#,
        escape(&terms.text),
        form.around(&format!("{accept}{}", main_button("accept_terms", "Go on"))),
        form.around(&button("back", "Another number"))
    )
}

fn name(form: Form) -> String {
    let fields = r#"<label>First name
<input name="first" autocomplete="given-name" maxlength="64" required autofocus></label>
<label>Last name (may be empty)
<input name="last" autocomplete="family-name" maxlength="64"></label>"#;
    form.around(&format!("{fields}{}", main_button("name", "Make the account")))
        + &form.around(&button("back", "Another number"))
}

fn done(form: Form, user: &User, dc: i32) -> String {
    format!(
        r#"<h1>Logged in</h1><p>You are <b>{}</b>{}, at home on DC {dc}.</p>{}"#,
        escape(&user.names()),
        if user.bot { ", a bot" } else { "" },
        form.around(&button("log_out", "Log out"))
    )
}

/// The word that forms of this page carry.
#[derive(Clone, Copy)]
struct Form<'a>(&'a str);

impl Form<'_> {
    fn around(self, fields: &str) -> String {
        format!(
            "<form method=\"post\" action=\"/\"><input type=\"hidden\" name=\"form\" value=\"{}\">{fields}</form>",
            self.0
        )
    }
}

fn code_field(label: &str, length: Option<u32>) -> String {
    let hint = length.map(|length| format!(" placeholder=\"{}\"", "•".repeat(length.min(12) as usize)));
    format!(
        r#"<label>{label}
<input class="code" name="code" autocomplete="one-time-code" autocapitalize="off" spellcheck="false"{} required autofocus></label>"#,
        hint.unwrap_or_default()
    )
}

fn main_button(does: &str, label: &str) -> String {
    format!(r#"<button class="main" name="do" value="{does}">{label}</button>"#)
}

fn danger_button(does: &str, label: &str) -> String {
    format!(r#"<button class="danger" name="do" value="{does}">{label}</button>"#)
}

fn button(does: &str, label: &str) -> String {
    format!(r#"<button name="do" value="{does}">{}</button>"#, escape(label))
}

fn paragraph(class: &str, text: &str) -> String {
    let role = if class == "error" { "alert" } else { "status" };
    format!(r#"<p class="{class}" role="{role}">{}</p>"#, escape(text))
}

/// Errors begin small and end without a full stop, to be part of a line.
fn sentence(error: &str) -> String {
    let mut letters = error.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let stop = if error.ends_with('.') { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn document(title: &str, refresh: Option<u32>, body: &str) -> String {
    let refresh = refresh
        .map(|seconds| format!(r#"<meta http-equiv="refresh" content="{seconds}">"#))
        .unwrap_or_default();
    format!(
        r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}<title>{title}</title>
<link rel="stylesheet" href="/style.css">
<link rel="icon" href="data:,">
</head>
<body><main>
{body}
</main></body>
</html>
"#
    )
}
