//! Questions and answers.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use thiserror::Error;

use super::{Console, Options, Presets, StdConsole, qr, texts};
use crate::{
    auth::{
        Answer, Authenticator, CodeSent, EmailReset, NoAnswer, Notice, PasswordInfo, Prompt, QrCode, Success,
        normalize_phone,
    },
    net::on_own_thread,
    session::{CodeVia, PendingLogin, Secret, Terms},
};

/// Why the dialogue ended without an answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NoInput {
    /// There is no terminal, and the input has ended.
    #[error("there is no input for {what}: {remedy}")]
    Ended {
        /// What was asked for.
        what: &'static str,
        /// What to do instead.
        remedy: String,
    },
    /// An answer given in advance is not taken; asking for another would surprise a script.
    #[error("{option} is not taken: {why}")]
    PresetRefused {
        /// The option that gave it.
        option: &'static str,
        /// Why not.
        why: String,
    },
    /// The terminal or pipe failed.
    #[error("cannot ask: {0}")]
    Io(#[from] io::Error),
}

/// What to do when there is no input for a question.
#[derive(Clone, Copy)]
enum Remedy {
    Phone,
    Code,
    Password,
    SignUp,
}

impl Remedy {
    fn text(self, options: Options) -> String {
        match self {
            Self::Phone => format!("run the login in a terminal, or give {} or {}", options.phone, options.bot_token),
            Self::Code => {
                "the code was sent and the login is kept, so run the login again in a terminal, or pipe the code into it"
                    .to_owned()
            }
            Self::Password => {
                format!("the login is kept, so run it again in a terminal or with {}", options.password)
            }
            Self::SignUp => {
                "the login is kept, so run it again in a terminal, or pipe the answers into it".to_owned()
            }
        }
    }
}

/// The dialogue. Blocks while it waits; as an [`Authenticator`] it does so on a thread of its own.
#[derive(Debug)]
pub struct Terminal<C = StdConsole> {
    // Shared with the thread that asks: a question whose future was dropped holds it until it sees that it is over.
    dialogue: Arc<Mutex<Dialogue<C>>>,
}

#[derive(Debug)]
struct Dialogue<C> {
    console: C,
    presets: Presets,
    gave_phone: bool,
    gave_password: bool,
    said_password: bool,
    said_no_account: bool,
    /// Lines that the QR code on the screen takes, for the next one to take its place.
    qr_lines: usize,
}

/// Says when the question's future is dropped.
#[derive(Default)]
struct Over(Arc<AtomicBool>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl<C: Console + 'static> Terminal<C> {
    /// A dialogue over `console` that uses `presets` first.
    #[must_use]
    pub fn new(console: C, presets: Presets) -> Self {
        let dialogue = Dialogue {
            console,
            presets,
            gave_phone: false,
            gave_password: false,
            said_password: false,
            said_no_account: false,
            qr_lines: 0,
        };
        Self { dialogue: Arc::new(Mutex::new(dialogue)) }
    }

    /// Answers one question, blocking. A QR code is shown until a line is typed.
    ///
    /// # Errors
    /// [`NoInput`].
    pub fn ask(&mut self, prompt: &Prompt) -> Result<Answer, NoInput> {
        lock(&self.dialogue).answer(prompt, &|| false)
    }

    /// The last lines of the dialogue: success, who, where.
    ///
    /// # Errors
    /// When they cannot be shown.
    pub fn welcome(&mut self, success: &Success, dc: i32, session: Option<&Path>) -> Result<(), NoInput> {
        let console = &mut lock(&self.dialogue).console;
        console.say(texts::LOGGED_IN)?;
        console.say(&texts::who_and_where(success, dc, session))?;
        if let Some(days) = success.relogin_after_days {
            console.say(&texts::set_password(days))?;
        }
        Ok(())
    }
}

fn lock<C>(dialogue: &Mutex<Dialogue<C>>) -> MutexGuard<'_, Dialogue<C>> {
    // A panic in a question leaves the dialogue as good as it was.
    dialogue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<C: Console + 'static> Authenticator for Terminal<C> {
    async fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoAnswer> {
        let over = Over::default();
        let (dialogue, is_over, prompt) = (Arc::clone(&self.dialogue), Arc::clone(&over.0), prompt.clone());
        let ask = move || lock(&dialogue).answer(&prompt, &|| is_over.load(Ordering::Acquire));
        Ok(on_own_thread("terminal", ask).await??)
    }

    fn resumes(&self, pending: &PendingLogin) -> bool {
        lock(&self.dialogue).presets.resumes(pending)
    }
}

impl<C: Console> Dialogue<C> {
    fn answer(&mut self, prompt: &Prompt, is_over: &dyn Fn() -> bool) -> Result<Answer, NoInput> {
        match prompt {
            Prompt::Phone { notice } => self.phone(notice.as_ref()),
            Prompt::Qr { code, notice } => self.qr(code, notice.as_ref(), is_over),
            Prompt::Code { sent, notice } => self.code(sent, notice.as_ref()),
            Prompt::Email { notice } => self.email(notice.as_ref()),
            Prompt::EmailCode { address, length, notice } => {
                let sent = texts::email_code_sent(address, *length);
                self.mailed_code(&sent, texts::MAIL_CODE, "the code sent by e-mail", notice.as_ref())
            }
            Prompt::Password { info, notice } => self.password(info, notice.as_ref()),
            Prompt::RecoveryCode { pattern, notice } => {
                let sent = texts::recovery_code_sent(pattern);
                self.mailed_code(&sent, texts::RECOVERY_CODE, "the recovery code", notice.as_ref())
            }
            Prompt::NewPassword { notice } => self.new_password(notice.as_ref()),
            Prompt::ResetAccount => {
                self.console.say(texts::RESET_WARNING)?;
                self.yes_or_no(texts::RESET, "the confirmation", Remedy::Password).map(Answer::Confirm)
            }
            Prompt::Terms { terms, notice } => self.terms(terms, notice.as_ref()),
            Prompt::Name { notice } => self.name(notice.as_ref()),
        }
    }

    fn phone(&mut self, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        if let Some(notice @ (Notice::NotAPhone | Notice::PhoneRefused(_))) = notice
            && self.gave_phone
        {
            return Err(NoInput::PresetRefused {
                option: self.presets.options.phone,
                why: notice.to_string(),
            });
        }
        self.say_notice(notice)?;
        if let Some(token) = &self.presets.bot_token {
            return Ok(Answer::BotToken(token.clone()));
        }
        // Coming back from a later question, the user wants another number, or none.
        if std::mem::take(&mut self.presets.qr) {
            return Ok(Answer::Qr);
        }
        if let Some(phone) = self.presets.phone.take() {
            self.gave_phone = true;
            return Ok(Answer::Phone(phone));
        }
        self.gave_phone = false;
        loop {
            let typed = self.line(texts::PHONE, "the phone number", Remedy::Phone)?;
            match typed.as_str() {
                "" => continue,
                "q" | "Q" | "qr" | "QR" => return Ok(Answer::Qr),
                _ => {}
            }
            // A token is not shown again, and what is no number is not worth a question.
            if typed.contains(':')
                || normalize_phone(&typed).is_none()
                || self.yes_or_no(&texts::confirm(&typed), "the phone number", Remedy::Phone)?
            {
                return Ok(Answer::Phone(typed));
            }
        }
    }

    fn code(&mut self, sent: &CodeSent, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        if is_news(notice) {
            self.console.say(&sent.to_string())?;
            self.console.say(texts::DO_NOT_FORWARD)?;
            self.console.say(&texts::commands(sent))?;
        }
        let prompt = if sent.via == CodeVia::Email { texts::MAIL_CODE } else { texts::CODE };
        loop {
            match self.line(prompt, "the login code", Remedy::Code)?.as_str() {
                "" => {}
                "r" | "R" => return Ok(Answer::Resend),
                "b" | "B" => return Ok(Answer::Back),
                "q" | "Q" => return Ok(Answer::Qr),
                "e" | "E" => match sent.email_reset {
                    Some(EmailReset::After(_))
                        if !self.yes_or_no(texts::RESET_EMAIL, "the confirmation", Remedy::Code)? => {}
                    // What cannot be reset is said by the answer.
                    _ => return Ok(Answer::ResetEmail),
                },
                code => return Ok(Answer::Code(Secret::from(code))),
            }
        }
    }

    fn qr(
        &mut self,
        code: &QrCode,
        notice: Option<&Notice>,
        is_over: &dyn Fn() -> bool,
    ) -> Result<Answer, NoInput> {
        let screen = self.console.is_screen();
        let renewed = notice == Some(&Notice::QrRenewed);
        if screen && renewed && self.qr_lines > 0 {
            // The new code takes the place of the old one.
            self.console.say(&format!("\x1b[{}A\x1b[0J{}", self.qr_lines + 1, texts::SCAN))?;
        } else {
            self.say_notice(notice)?;
            self.console.say(texts::SCAN)?;
        }
        self.qr_lines = 0;
        let drawn = qr::lines(code.url.expose(), screen).unwrap_or_default();
        let url = code.url.expose_str().unwrap_or_default().to_owned();
        for line in drawn.iter().chain([&url, &texts::scan_help(code.expires_in)]) {
            self.console.say(line)?;
            self.qr_lines += 1;
        }
        loop {
            match self.console.wait_for_line(is_over)? {
                Some(line) if line.expose().eq_ignore_ascii_case(b"b") => return Ok(Answer::Back),
                Some(_) => self.qr_lines += 1,
                // Nobody waits for this answer any more.
                None => return Err(NoInput::Io(io::ErrorKind::Interrupted.into())),
            }
        }
    }

    fn email(&mut self, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        if is_news(notice) {
            self.console.say(texts::NEEDS_EMAIL)?;
        }
        loop {
            match self.line(texts::EMAIL, "the e-mail address", Remedy::Code)?.as_str() {
                "" => {}
                "b" | "B" => return Ok(Answer::Back),
                address => return Ok(Answer::Email(address.to_owned())),
            }
        }
    }

    /// A code that came by e-mail, for something else than the login itself.
    fn mailed_code(
        &mut self,
        sent: &str,
        prompt: &str,
        what: &'static str,
        notice: Option<&Notice>,
    ) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        if is_news(notice) {
            self.console.say(sent)?;
        }
        loop {
            match self.line(prompt, what, Remedy::Code)?.as_str() {
                "" => {}
                "r" | "R" => return Ok(Answer::Resend),
                "b" | "B" => return Ok(Answer::Back),
                code => return Ok(Answer::Code(Secret::from(code))),
            }
        }
    }

    fn password(&mut self, info: &PasswordInfo, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        if matches!(notice, Some(Notice::WrongPassword { .. })) && self.gave_password {
            let (option, why) = (self.presets.options.password, "the password is wrong".to_owned());
            return Err(NoInput::PresetRefused { option, why });
        }
        if let Some(password) = self.presets.password.take() {
            self.gave_password = true;
            return Ok(Answer::Password(password));
        }
        self.gave_password = false;
        self.say_notice(notice)?;
        if !std::mem::replace(&mut self.said_password, true) {
            self.console.say(texts::HAS_PASSWORD)?;
            if let Some(at) = info.reset_at {
                self.console.say(&texts::password_goes(at))?;
            }
        }
        loop {
            match self.console.ask_hidden(&texts::password(info.hint.as_deref()))? {
                Some(password) if password.expose().is_empty() => {}
                Some(password) => return Ok(Answer::Password(password)),
                None => return Err(self.ended("the password", Remedy::Password)),
            }
            // What is typed as a password is one, so that commands have a question of their own.
            match self.line(&texts::forgotten(info), "the password", Remedy::Password)?.as_str() {
                "" => {}
                "r" | "R" if info.can_recover => return Ok(Answer::Recover),
                "d" | "D" => return Ok(Answer::ResetAccount),
                "b" | "B" => return Ok(Answer::Back),
                _ => self.console.say(texts::NONE_OF_THESE)?,
            }
        }
    }

    fn new_password(&mut self, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        loop {
            let first = self.hidden(texts::NEW_PASSWORD)?;
            if first.expose().is_empty() {
                self.console.say(texts::NO_PASSWORD_WARNING)?;
                if self.yes_or_no(texts::NO_PASSWORD, "the confirmation", Remedy::Password)? {
                    return Ok(Answer::NoPassword);
                }
                continue;
            }
            if self.hidden(texts::NEW_PASSWORD_AGAIN)? == first {
                let hint = self.line(texts::NEW_HINT, "the hint", Remedy::Password)?;
                return Ok(Answer::NewPassword { password: first, hint });
            }
            self.console.say(texts::THEY_DIFFER)?;
        }
    }

    fn hidden(&mut self, prompt: &str) -> Result<Secret, NoInput> {
        let line = self.console.ask_hidden(prompt)?;
        line.ok_or_else(|| self.ended("the new password", Remedy::Password))
    }

    fn terms(&mut self, terms: &Terms, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        self.say_no_account()?;
        self.console.say(&texts::terms(terms))?;
        loop {
            let typed = self.line(texts::ACCEPT_TERMS, "the terms of service", Remedy::SignUp)?;
            match typed.to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(Answer::Terms(true)),
                "n" | "no" => return Ok(Answer::Terms(false)),
                "b" => return Ok(Answer::Back),
                _ => {}
            }
        }
    }

    fn name(&mut self, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        self.say_no_account()?;
        let first = self.line(texts::FIRST_NAME, "the first name", Remedy::SignUp)?;
        if first == "b" {
            return Ok(Answer::Back);
        }
        let last = self.line(texts::LAST_NAME, "the last name", Remedy::SignUp)?;
        Ok(Answer::Name { first, last })
    }

    fn say_notice(&mut self, notice: Option<&Notice>) -> io::Result<()> {
        notice.map_or(Ok(()), |notice| self.console.say(&notice.to_string()))
    }

    fn say_no_account(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.said_no_account, true) {
            return Ok(());
        }
        self.console.say(texts::NO_ACCOUNT)
    }

    fn ended(&self, what: &'static str, remedy: Remedy) -> NoInput {
        NoInput::Ended { what, remedy: remedy.text(self.presets.options) }
    }

    fn line(&mut self, prompt: &str, what: &'static str, remedy: Remedy) -> Result<String, NoInput> {
        let line = self.console.ask(prompt)?.ok_or_else(|| self.ended(what, remedy))?;
        let text = line
            .expose_str()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the input is not UTF-8"))?;
        Ok(text.trim().to_owned())
    }

    fn yes_or_no(&mut self, question: &str, what: &'static str, remedy: Remedy) -> Result<bool, NoInput> {
        loop {
            match self.line(question, what, remedy)?.to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
    }
}

/// Whether the question is a new one, which is explained, and not asked again because of its answer.
fn is_news(notice: Option<&Notice>) -> bool {
    notice.is_none_or(|notice| !notice.is_refusal())
}
