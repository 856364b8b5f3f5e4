//! What a form has sent, as an answer to the login.

use std::collections::HashMap;

use mtwire::auth::Answer;
use mtwire::session::Secret;

/// The fields of a form. Some are secrets, so there is no `Debug`.
pub struct Sent(HashMap<String, String>);

impl Sent {
    /// The fields as they came.
    pub fn new(fields: HashMap<String, String>) -> Self {
        Self(fields)
    }

    fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Taken out, so that no copy of it is left behind.
    fn secret(&mut self, name: &str) -> Secret {
        Secret::from(self.0.remove(name).unwrap_or_default())
    }

    /// The word of the page that it was on.
    pub fn form(&self) -> &str {
        self.field("form")
    }

    /// The answer, by the button that was pressed.
    ///
    /// # Errors
    /// A sentence for the user.
    pub fn answer(&mut self) -> Result<Answer, &'static str> {
        Ok(match self.field("do") {
            "phone" => Answer::Phone(self.field("phone").to_owned()),
            "qr" => Answer::Qr,
            "code" => Answer::Code(self.secret("code")),
            "resend" => Answer::Resend,
            "email" => Answer::Email(self.field("email").to_owned()),
            "reset_email" => Answer::ResetEmail,
            "password" => Answer::Password(self.secret("password")),
            "recover" => Answer::Recover,
            "reset_account" => Answer::ResetAccount,
            "confirm" => Answer::Confirm(true),
            "decline" => Answer::Confirm(false),
            "new_password" if self.field("password") != self.field("again") => {
                return Err("The two passwords differ.");
            }
            "new_password" => {
                Answer::NewPassword { hint: self.field("hint").to_owned(), password: self.secret("password") }
            }
            "no_password" if self.field("sure") != "yes" => {
                return Err("Tick the box to go on without a password.");
            }
            "no_password" => Answer::NoPassword,
            "accept_terms" if self.field("accepted") != "yes" => {
                return Err("Tick the box to accept the terms, or go back.");
            }
            "accept_terms" => Answer::Terms(true),
            "name" => Answer::Name {
                first: self.field("first").trim().to_owned(),
                last: self.field("last").trim().to_owned(),
            },
            // Also the buttons of the pages on which nothing is asked.
            _ => Answer::Back,
        })
    }
}
