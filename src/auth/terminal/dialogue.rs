//! Questions, answers, and answers that were given in advance.

use std::{fs::File, io, path::Path};

use thiserror::Error;

use super::{Console, StdConsole, console::read_line, texts};
use crate::{
    auth::{Answer, Authenticator, CodeSent, NoAnswer, Notice, Prompt, Success, normalize_phone},
    net::off_thread,
    session::{CodeVia, PendingLogin, Secret, Terms},
};

/// Answers that are given in advance, so that nobody is asked.
#[derive(Clone, Debug, Default)]
pub struct Presets {
    /// `--phone`.
    pub phone: Option<String>,
    /// `--bot-token`.
    pub bot_token: Option<Secret>,
    /// The password, as [`read_password`](Self::read_password) gives it.
    pub password: Option<Secret>,
}

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
        remedy: &'static str,
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

const PHONE_REMEDY: &str = "run the login in a terminal, or give --phone or --bot-token";
const CODE_REMEDY: &str =
    "the code was sent and the login is kept, so run the login again in a terminal, or pipe the code into it";
const PASSWORD_REMEDY: &str = "the login is kept, so run it again in a terminal or with --password-file";
const SIGN_UP_REMEDY: &str = "the login is kept, so run it again in a terminal, or pipe the answers into it";

/// The dialogue. Blocks while it waits; as an [`Authenticator`] it does so on a thread of its own.
#[derive(Debug)]
pub struct Terminal<C = StdConsole> {
    // Taken while a question is asked on another thread.
    dialogue: Option<Dialogue<C>>,
}

#[derive(Debug)]
struct Dialogue<C> {
    console: C,
    presets: Presets,
    gave_phone: bool,
    gave_password: bool,
    said_password: bool,
    said_no_account: bool,
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
        };
        Self { dialogue: Some(dialogue) }
    }

    /// Answers one question, blocking.
    ///
    /// # Errors
    /// [`NoInput`].
    pub fn ask(&mut self, prompt: &Prompt) -> Result<Answer, NoInput> {
        self.dialogue()?.answer(prompt)
    }

    /// The last lines of the dialogue: success, who, where.
    ///
    /// # Errors
    /// When they cannot be shown.
    pub fn welcome(&mut self, success: &Success, dc: i32, session: Option<&Path>) -> Result<(), NoInput> {
        let console = &mut self.dialogue()?.console;
        console.say(texts::LOGGED_IN)?;
        Ok(console.say(&texts::who_and_where(success, dc, session))?)
    }

    fn dialogue(&mut self) -> Result<&mut Dialogue<C>, NoInput> {
        // Only a future of `answer` that was dropped half-way leaves it away: its question is still open.
        self.dialogue
            .as_mut()
            .ok_or_else(|| NoInput::Io(io::Error::other("an earlier question is still open")))
    }
}

impl<C: Console + 'static> Authenticator for Terminal<C> {
    async fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoAnswer> {
        self.dialogue()?;
        let Some(mut dialogue) = self.dialogue.take() else { return Err(NoAnswer::from("unreachable")) };
        let prompt = prompt.clone();
        let (dialogue, answer) = off_thread(move || {
            let answer = dialogue.answer(&prompt);
            (dialogue, answer)
        })
        .await;
        self.dialogue = Some(dialogue);
        Ok(answer?)
    }

    fn resumes(&self, pending: &PendingLogin) -> bool {
        self.dialogue.as_ref().is_some_and(|dialogue| dialogue.presets.resumes(pending))
    }
}

impl Presets {
    /// Reads the password from the first line of a file (`--password-file`).
    ///
    /// # Errors
    /// When it cannot be read, or the line is empty.
    pub fn read_password(path: &Path) -> io::Result<Secret> {
        let line = read_line(&mut io::BufReader::new(File::open(path)?))?;
        let empty = || io::Error::new(io::ErrorKind::InvalidData, "its first line is empty");
        line.filter(|line| !line.expose().is_empty()).ok_or_else(empty)
    }

    /// What was given in advance decides who logs in, so an unfinished login of somebody else is dropped.
    fn resumes(&self, pending: &PendingLogin) -> bool {
        let same_phone = |phone: &String| normalize_phone(phone).as_ref() == Some(&pending.phone);
        self.bot_token.is_none() && self.phone.as_ref().is_none_or(same_phone)
    }
}

impl<C: Console> Dialogue<C> {
    fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoInput> {
        match prompt {
            Prompt::Phone { notice } => self.phone(notice.as_ref()),
            Prompt::Code { sent, notice } => self.code(sent, notice.as_ref()),
            Prompt::Password { hint, notice } => self.password(hint.as_deref(), notice.as_ref()),
            Prompt::Terms { terms } => self.terms(terms),
            Prompt::Name { notice } => self.name(notice.as_ref()),
        }
    }

    fn phone(&mut self, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        if let Some(notice @ (Notice::NotAPhone | Notice::PhoneRefused(_))) = notice
            && self.gave_phone
        {
            return Err(NoInput::PresetRefused { option: "--phone", why: notice.to_string() });
        }
        self.say_notice(notice)?;
        if let Some(token) = &self.presets.bot_token {
            return Ok(Answer::BotToken(token.clone()));
        }
        // Coming back from a later question, the user wants another number.
        if let Some(phone) = self.presets.phone.take() {
            self.gave_phone = true;
            return Ok(Answer::Phone(phone));
        }
        self.gave_phone = false;
        loop {
            let typed = self.line(texts::PHONE, "the phone number", PHONE_REMEDY)?;
            if typed.is_empty() {
                continue;
            }
            // A token is not shown again.
            if typed.contains(':')
                || self.yes_or_no(&texts::confirm(&typed), "the phone number", PHONE_REMEDY)?
            {
                return Ok(Answer::Phone(typed));
            }
        }
    }

    fn code(&mut self, sent: &CodeSent, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_notice(notice)?;
        if is_new_code(notice) {
            self.console.say(&texts::sent(sent))?;
            self.console.say(texts::DO_NOT_FORWARD)?;
            self.console.say(&texts::commands(sent))?;
        }
        let prompt = if sent.via == CodeVia::Email { texts::MAIL_CODE } else { texts::CODE };
        loop {
            match self.line(prompt, "the login code", CODE_REMEDY)?.as_str() {
                "" => {}
                "r" => return Ok(Answer::Resend),
                "b" => return Ok(Answer::Back),
                "q" => self.console.say(texts::NO_QR)?,
                code => return Ok(Answer::Code(Secret::from(code))),
            }
        }
    }

    fn password(&mut self, hint: Option<&str>, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        if let Some(notice @ Notice::WrongPassword { .. }) = notice
            && self.gave_password
        {
            let why = notice.to_string();
            return Err(NoInput::PresetRefused { option: "the password of --password-file", why });
        }
        if let Some(password) = self.presets.password.take() {
            self.gave_password = true;
            return Ok(Answer::Password(password));
        }
        self.say_notice(notice)?;
        if !self.said_password {
            self.console.say(texts::HAS_PASSWORD)?;
            self.said_password = true;
        }
        match self.console.ask_hidden(&texts::password(hint))? {
            Some(password) => Ok(Answer::Password(password)),
            None => Err(NoInput::Ended { what: "the password", remedy: PASSWORD_REMEDY }),
        }
    }

    fn terms(&mut self, terms: &Terms) -> Result<Answer, NoInput> {
        self.say_no_account()?;
        self.console.say(&texts::terms(terms))?;
        self.yes_or_no(texts::ACCEPT_TERMS, "the terms of service", SIGN_UP_REMEDY).map(Answer::Terms)
    }

    fn name(&mut self, notice: Option<&Notice>) -> Result<Answer, NoInput> {
        self.say_no_account()?;
        self.say_notice(notice)?;
        let first = self.line(texts::FIRST_NAME, "the first name", SIGN_UP_REMEDY)?;
        let last = self.line(texts::LAST_NAME, "the last name", SIGN_UP_REMEDY)?;
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

    fn line(&mut self, prompt: &str, what: &'static str, remedy: &'static str) -> Result<String, NoInput> {
        let line = self.console.ask(prompt)?.ok_or(NoInput::Ended { what, remedy })?;
        let text = line
            .expose_str()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the input is not UTF-8"))?;
        Ok(text.trim().to_owned())
    }

    fn yes_or_no(
        &mut self,
        question: &str,
        what: &'static str,
        remedy: &'static str,
    ) -> Result<bool, NoInput> {
        loop {
            match self.line(question, what, remedy)?.to_ascii_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
    }
}

/// Whether the question is about a code that was not described yet.
fn is_new_code(notice: Option<&Notice>) -> bool {
    match notice {
        None | Some(Notice::Resumed | Notice::CodeExpired | Notice::Restarted | Notice::Resent) => true,
        Some(
            Notice::NotAPhone
            | Notice::PhoneRefused(_)
            | Notice::NotResumed
            | Notice::WrongCode { .. }
            | Notice::CodeLength { .. }
            | Notice::ResendLater { .. }
            | Notice::NoResend
            | Notice::WrongPassword { .. }
            | Notice::NameRefused,
        ) => false,
    }
}
