//! Login by a QR code that the account's Telegram app scans (AU-9; <https://core.telegram.org/api/qr-login>).

use base64ct::{Base64UrlUnpadded, Encoding};

use super::{Action, At, Login, State, Step, Then, str_of};
use crate::{
    auth::{Call, LoginError, Notice, Prompt, QrCode},
    session::{Change, Secret},
    tl::{Bytes, enums, functions::auth, types},
};

/// How many tokens one run shows. Each is good for about half a minute.
const TOKENS: u32 = 40;

/// Bounds of the time that a token is shown, in seconds: a clock that is wrong must neither make it flicker nor keep a
/// dead one on the screen.
const SHOWN: std::ops::RangeInclusive<i64> = 3..=60;

/// What a token is appended to.
pub(crate) const URL: &str = "tg://login?token=";

impl Login {
    /// Leaves a login by number, if there is one.
    pub(super) fn begin_qr(&mut self) -> Step {
        let save = if self.pending.is_some() { vec![Change::Login(None)] } else { Vec::new() };
        self.forget_pending();
        self.phone.clear();
        Step { save, ..self.export_token(None) }
    }

    pub(super) fn export_token(&mut self, notice: Option<Notice>) -> Step {
        self.tries.tokens += 1;
        if self.tries.tokens > TOKENS {
            return self.fail(LoginError::TooManyAttempts { what: "a QR code was not scanned in time" });
        }
        self.notice = notice;
        self.invoke(Call::ExportToken(auth::ExportLoginToken {
            api_id: self.credentials.api_id,
            api_hash: str_of(&self.credentials.api_hash),
            except_ids: Vec::new(),
        }))
    }

    pub(super) fn import_token(&mut self, token: Bytes) -> Step {
        self.invoke(Call::ImportToken(auth::ImportLoginToken { token }))
    }

    pub(super) fn on_login_token(&mut self, call: &Call, token: enums::auth::LoginToken, at: At) -> Step {
        match token {
            enums::auth::LoginToken::LoginToken(token) => self.show_token(&token, at),
            enums::auth::LoginToken::MigrateTo(to) if to.dc_id <= 0 => {
                self.unexpected(call, "it sends us to a DC that cannot be")
            }
            enums::auth::LoginToken::MigrateTo(to) if to.dc_id == at.dc => self.import_token(to.token),
            enums::auth::LoginToken::MigrateTo(to) => self.move_to(to.dc_id, Then::Import(to.token)),
            enums::auth::LoginToken::Success(success) => match success.authorization {
                enums::auth::Authorization::Authorization(authorization) => self.done(call, &authorization),
                enums::auth::Authorization::SignUpRequired(_) => self.unexpected(call, "a sign-up is wanted"),
            },
        }
    }

    fn show_token(&mut self, token: &types::auth::LoginToken, at: At) -> Step {
        let left = i64::from(token.expires).saturating_sub(at.server_unix);
        let code = QrCode {
            url: Secret::from(format!("{URL}{}", Base64UrlUnpadded::encode_string(&token.token))),
            expires_in: u32::try_from(left.clamp(*SHOWN.start(), *SHOWN.end())).unwrap_or_default(),
        };
        self.state = State::Qr;
        Step::new(Action::Prompt(Prompt::Qr { code, notice: self.notice.take() }))
    }
}
