//! The dialogue, word for word.

use std::{
    collections::VecDeque,
    io,
    path::Path,
    sync::{Arc, Mutex},
};

use super::{
    terminal::{Console, NoInput, Presets, Terminal},
    *,
};

/// A terminal that types what it is told, and keeps what a screen would show.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<(VecDeque<&'static str>, String)>>);

impl Script {
    fn new(lines: &[&'static str]) -> Self {
        Self(Arc::new(Mutex::new((lines.iter().copied().collect(), String::new()))))
    }

    fn screen(&self) -> String {
        self.0.lock().unwrap().1.clone()
    }

    fn read(&self, prompt: &str, echo: bool) -> Option<Secret> {
        let (lines, screen) = &mut *self.0.lock().unwrap();
        screen.push_str(prompt);
        let line = lines.pop_front();
        screen.push_str(line.filter(|_| echo).unwrap_or_default());
        screen.push('\n');
        line.map(Secret::from)
    }
}

impl Console for Script {
    fn say(&mut self, line: &str) -> io::Result<()> {
        self.0.lock().unwrap().1.push_str(&format!("{line}\n"));
        Ok(())
    }

    fn ask(&mut self, prompt: &str) -> io::Result<Option<Secret>> {
        Ok(self.read(prompt, true))
    }

    fn ask_hidden(&mut self, prompt: &str) -> io::Result<Option<Secret>> {
        Ok(self.read(prompt, false))
    }

    fn wait_for_line(&mut self, _: &dyn Fn() -> bool) -> io::Result<Option<Secret>> {
        Ok(self.read("", true))
    }

    fn is_screen(&self) -> bool {
        false
    }
}

/// What the server says to one call.
type Said = Result<Reply, (i32, &'static str)>;

/// Plays a whole login; gives the screen and how the dialogue ended.
fn play(
    typed: &[&'static str],
    presets: Presets,
    server: Vec<(&str, Said)>,
) -> (String, Result<Run, NoInput>) {
    let script = Script::new(typed);
    let mut terminal = Terminal::new(script.clone(), presets);
    let mut server = VecDeque::from(server);
    let mut run = Run::new();
    let end = loop {
        match run.action.clone() {
            Action::Prompt(prompt) => match terminal.ask(&prompt) {
                Ok(answer) => run.answer(answer),
                Err(error) => break Err(error),
            },
            Action::Invoke(call) => {
                let (method, said) =
                    server.pop_front().unwrap_or_else(|| panic!("{call:?} was not expected"));
                assert_eq!(call.method(), method);
                match said {
                    Ok(reply) => run.reply(method, reply),
                    Err((code, message)) => run.refuse(method, code, message),
                }
            }
            Action::Prove(_) => run.proven(),
            Action::Derive(_) => run.derived(),
            Action::SwitchDc(dc) => run.switched(dc),
            Action::Done(success) => {
                terminal.welcome(&success, run.at.dc, Some(Path::new("my_account.session"))).unwrap();
                break Ok(run);
            }
            Action::Fail(_) => break Ok(run),
        };
    };
    (script.screen(), end)
}

const SENT: &str = "\
The code (5 digits) is in your Telegram app: look for a message from Telegram on a device where you are logged in.
Type it here only: a code that is sent on in any chat is void at once.
Or type r to get a code by text message (in 60 s), b for another number, q for a QR code.
";
const SENT_BY_SMS: &str = "\
The code (5 digits) comes to +11234567890 in a text message.
Type it here only: a code that is sent on in any chat is void at once.
Or type b for another number, q for a QR code.
";
const WELCOME: &str = "\
Logged in successfully
Ada (@ada), DC 2, session my_account.session
";

#[test]
fn the_dialogue_that_users_know() {
    let server = vec![("auth.sendCode", Ok(app_code())), ("auth.signIn", Ok(authorized()))];
    let (screen, end) = play(&["+1-123-456-7890", "y", "12345"], Presets::default(), server);
    end.unwrap().done();
    let wanted = format!(
        "Enter phone number: +1-123-456-7890\n\
         Is \"+1-123-456-7890\" correct? (y/n): y\n\
         {SENT}\
         Enter phone code: 12345\n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
}

#[test]
fn slips_resends_and_second_thoughts() {
    let typed = [
        "",
        "12",
        "+1 155 501",
        "n",
        "+1-123-456-7890",
        "maybe",
        "YES",
        "1234",
        "r",
        "11111",
        "b",
        "+1-123-456-7890",
        "y",
        "12345",
    ];
    let server = vec![
        ("auth.sendCode", Ok(app_code())),
        ("auth.signIn", Err((400, "PHONE_CODE_INVALID"))),
        ("auth.cancelCode", Ok(Reply::Bool(true))),
        ("auth.sendCode", Ok(sms_code())),
        ("auth.signIn", Ok(authorized())),
    ];
    let (screen, end) = play(&typed, Presets::default(), server);
    end.unwrap().done();
    let wanted = format!(
        "Enter phone number: \n\
         Enter phone number: 12\n\
         That is neither a phone number (like +1-123-456-7890) nor a bot token (it has a colon).\n\
         Enter phone number: +1 155 501\n\
         Is \"+1 155 501\" correct? (y/n): n\n\
         Enter phone number: +1-123-456-7890\n\
         Is \"+1-123-456-7890\" correct? (y/n): maybe\n\
         Is \"+1-123-456-7890\" correct? (y/n): YES\n\
         {SENT}\
         Enter phone code: 1234\n\
         The code has 5 digits.\n\
         Enter phone code: r\n\
         Another code can be sent in 60 s.\n\
         Enter phone code: 11111\n\
         That code is wrong; 4 tries are left.\n\
         Enter phone code: b\n\
         Enter phone number: +1-123-456-7890\n\
         Is \"+1-123-456-7890\" correct? (y/n): y\n\
         {SENT_BY_SMS}\
         Enter phone code: 12345\n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
}

#[test]
fn an_expired_code_brings_a_new_one() {
    let server = vec![
        ("auth.sendCode", Ok(app_code())),
        ("auth.signIn", Err((400, "PHONE_CODE_EXPIRED"))),
        ("auth.sendCode", Ok(sms_code())),
        ("auth.signIn", Ok(authorized())),
    ];
    let presets = Presets { phone: Some("+11234567890".into()), ..Presets::default() };
    let (screen, end) = play(&["12345", "54321"], presets, server);
    end.unwrap().done();
    let wanted = format!(
        "{SENT}\
         Enter phone code: 12345\n\
         That code has expired; a new one was sent.\n\
         {SENT_BY_SMS}\
         Enter phone code: 54321\n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
}

#[test]
fn passwords_are_not_shown() {
    let server = || {
        vec![
            ("auth.sendCode", Ok(app_code())),
            ("auth.signIn", Err((401, "SESSION_PASSWORD_NEEDED"))),
            ("account.getPassword", Ok(password_info(1))),
            ("auth.checkPassword", Err((400, "PASSWORD_HASH_INVALID"))),
            ("account.getPassword", Ok(password_info(2))),
            ("auth.checkPassword", Ok(authorized())),
        ]
    };
    let presets = || Presets { phone: Some("+11234567890".into()), ..Presets::default() };
    let (screen, end) = play(&["12345", "wrong", "right"], presets(), server());
    end.unwrap().done();
    let wanted = format!(
        "{SENT}\
         Enter phone code: 12345\n\
         The account is protected by a password (two-step verification). Press Enter alone if it is forgotten.\n\
         Enter password (hint: pet): \n\
         That password is wrong; 4 tries are left.\n\
         Enter password (hint: pet): \n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
    // From a file it is given once.
    let with_password = Presets { password: Some(Secret::from("wrong")), ..presets() };
    let (_, end) = play(&["12345"], with_password, server()[..5].to_vec());
    let Err(error) = end else { panic!() };
    assert_eq!(error.to_string(), "ClientBuilder::password is not taken: the password is wrong");
}

#[test]
fn a_forgotten_password() {
    let Reply::Password(info) = password_info(1) else { panic!() };
    let new_algo = (**info.current_algo.as_ref().unwrap()).clone();
    let info = || {
        let info =
            types::account::Password { has_recovery: true, new_algo: new_algo.clone(), ..*info.clone() };
        Reply::Password(Box::new(info))
    };
    let requested = types::auth::PasswordRecovery { email_pattern: Str::from("a***@e***") };
    let server = || {
        vec![
            ("auth.sendCode", Ok(app_code())),
            ("auth.signIn", Err((401, "SESSION_PASSWORD_NEEDED"))),
            ("account.getPassword", Ok(info())),
            ("auth.requestPasswordRecovery", Ok(Reply::Recovery(requested.clone()))),
            ("auth.checkRecoveryPassword", Err((400, "CODE_INVALID"))),
            ("auth.checkRecoveryPassword", Ok(Reply::Bool(true))),
        ]
    };
    let presets = || Presets { phone: Some("+11234567890".into()), ..Presets::default() };
    let begin = format!(
        "{SENT}\
         Enter phone code: 12345\n\
         The account is protected by a password (two-step verification). Press Enter alone if it is forgotten.\n\
         Enter password (hint: pet): \n\
         Type r to recover it by e-mail, d to delete the account and make a new one, b for another number; Enter alone asks for the password again: r\n\
         A code to recover the password was sent to a***@e***. Or type r for another code, b to type the password.\n\
         Enter recovery code: 1\n\
         That code is wrong; 4 tries are left.\n\
         Enter recovery code: 123456\n"
    );
    let new = vec![("account.getPassword", Ok(info())), ("auth.recoverPassword", Ok(authorized()))];
    let typed = ["12345", "", "r", "1", "123456", "new", "other", "new", "new", "cat"];
    let (screen, end) = play(&typed, presets(), [server(), new].concat());
    end.unwrap().done();
    let wanted = format!(
        "{begin}\
         Enter new password (Enter alone: none): \n\
         Enter new password again: \n\
         The two differ.\n\
         Enter new password (Enter alone: none): \n\
         Enter new password again: \n\
         Enter hint (may be empty, seen by whoever has a login code): cat\n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
    let typed = ["12345", "", "r", "1", "123456", "", "n", "", "y"];
    let (screen, end) =
        play(&typed, presets(), [server(), vec![("auth.recoverPassword", Ok(authorized()))]].concat());
    end.unwrap().done();
    let warning = "Two-step verification goes then: whoever gets a login code gets the account.";
    let wanted = format!(
        "{begin}\
         Enter new password (Enter alone: none): \n\
         {warning}\n\
         Go on without a password? (y/n): n\n\
         Enter new password (Enter alone: none): \n\
         {warning}\n\
         Go on without a password? (y/n): y\n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
}

#[test]
fn a_new_account() {
    let server = vec![
        ("auth.sendCode", Ok(app_code())),
        ("auth.signIn", Ok(sign_up_required(Some("Be kind.")))),
        ("auth.signUp", Ok(authorized())),
    ];
    let presets = Presets { phone: Some("+11234567890".into()), ..Presets::default() };
    let (screen, end) = play(&["12345", "y", "Ada", ""], presets, server);
    assert!(end.unwrap().done().new_account);
    let wanted = format!(
        "{SENT}\
         Enter phone code: 12345\n\
         This number has no Telegram account yet. One can be made now; or type b for another number.\n\
         Be kind.\n\
         By accepting you confirm that you are at least 16 years old.\n\
         Do you accept these terms of service? (y/n): y\n\
         Enter first name: Ada\n\
         Enter last name (may be empty): \n\
         {WELCOME}"
    );
    assert_eq!(screen, wanted);
}

#[test]
fn a_bot() {
    let server = || vec![("auth.importBotAuthorization", Ok(authorized()))];
    let (screen, end) = play(&["42:token"], Presets::default(), server());
    end.unwrap().done();
    assert_eq!(screen, format!("Enter phone number: 42:token\n{WELCOME}"));
    let presets = Presets { bot_token: Some(Secret::from("42:token")), ..Presets::default() };
    let (screen, end) = play(&[], presets, server());
    end.unwrap().done();
    assert_eq!(screen, WELCOME);
}

#[test]
fn without_input_it_fails_at_once_and_says_what_to_do() {
    let failure = |presets: Presets, server| match play(&[], presets, server) {
        (_, Err(error @ NoInput::Ended { .. })) => error.to_string(),
        _ => panic!(),
    };
    let text = failure(Presets::default(), vec![]);
    assert!(
        text.contains("phone number") && text.contains("::phone or ") && text.contains("::bot_token"),
        "{text}"
    );
    let phone = || Presets { phone: Some("+11234567890".into()), ..Presets::default() };
    let text = failure(phone(), vec![("auth.sendCode", Ok(app_code()))]);
    assert!(text.contains("login code") && text.contains("terminal"), "{text}");
    let (_, end) = play(
        &["12345"],
        phone(),
        vec![
            ("auth.sendCode", Ok(app_code())),
            ("auth.signIn", Err((401, "SESSION_PASSWORD_NEEDED"))),
            ("account.getPassword", Ok(password_info(1))),
        ],
    );
    assert!(end.is_err_and(|error| error.to_string().contains("ClientBuilder::password")));
}

#[test]
fn a_number_given_in_advance_is_not_replaced_by_a_question() {
    let presets = Presets { phone: Some("+11234567890".into()), ..Presets::default() };
    let (_, end) = play(&["+1"], presets, vec![("auth.sendCode", Err((400, "PHONE_NUMBER_INVALID")))]);
    let Err(NoInput::PresetRefused { option: "ClientBuilder::phone", why }) = end else { panic!() };
    assert!(why.contains("not a valid phone number"), "{why}");
}

#[test]
fn an_unfinished_login_is_dropped_for_another_number_or_a_bot() {
    let pending: PendingLogin = at_code().saved.login.unwrap();
    let resumes = |presets| Terminal::new(Script::default(), presets).resumes(&pending);
    assert!(resumes(Presets::default()));
    assert!(resumes(Presets { phone: Some("+999 662 1234".into()), ..Presets::default() }));
    assert!(!resumes(Presets { phone: Some("+15550100".into()), ..Presets::default() }));
    assert!(!resumes(Presets { bot_token: Some(Secret::from("42:x")), ..Presets::default() }));
}

#[test]
fn a_password_file_is_its_first_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("password");
    std::fs::write(&path, " pass word \r\nnot this\n").unwrap();
    assert_eq!(Presets::read_password(&path).unwrap(), Secret::from(" pass word "));
    std::fs::write(&path, "\n").unwrap();
    assert!(Presets::read_password(&path).is_err());
}
