//! The login against the loopback DC, over sockets, with session files.

use std::path::{Path, PathBuf};

mod account;
mod ways;

use mtwire::{
    auth::{
        Answer, Authenticator, LoginError, NoAnswer, Notice, Prompt,
        terminal::{Console, Presets, Terminal},
    },
    client::{Client, InvokeError, SignInError, SignInStep},
    crypto::rsa::PublicKey,
    net::Address,
    server::{Event, Scenario, Server},
    session::{Secret, file::load},
    tl::{enums, functions},
};

/// A loopback server and a directory for sessions.
struct World {
    server: Server,
    events: tokio::sync::mpsc::Receiver<Event>,
    dir: tempfile::TempDir,
}

/// Homed on DC 1, on DC 2 with a password, and a bot.
const ADA: &str = "+9996611234";
const BOB: &str = "+9996621234";
const BOT: &str = "4242:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr";

impl World {
    async fn start() -> Self {
        Self::with_scenario("{}").await
    }

    /// A server whose logins go as the scenario says.
    async fn with_scenario(scenario: &str) -> Self {
        let mut server = Server::builder()
            .scenario(Scenario::from_json(scenario).unwrap())
            .account(format!("{ADA},name=Ada Lovelace").parse().unwrap())
            .account(format!("{BOB},password=pass word,name=Bob").parse().unwrap())
            .bot(BOT)
            .start()
            .await
            .unwrap();
        let events = server.events();
        Self { server, events, dir: tempfile::tempdir().unwrap() }
    }

    /// The next code that the server sends to an e-mail address.
    async fn email_code(&mut self) -> String {
        loop {
            match self.events.recv().await {
                Some(Event::EmailCode { code, .. }) => return code,
                Some(_) => {}
                None => panic!("the server is gone"),
            }
        }
    }

    /// A client that is logged in.
    async fn logged_in(&self, name: &str, phone: &str, code: &str) -> Client {
        let client = self.client(name).await;
        client.send_code(phone).await.unwrap();
        if let SignInStep::PasswordNeeded(_) = client.sign_in(code).await.unwrap() {
            client.check_password("pass word").await.unwrap();
        }
        client
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(format!("{name}.session"))
    }

    /// A client with a new or an old session; it always begins at DC 2.
    async fn client(&self, name: &str) -> Client {
        let mut builder = Client::builder(name).session_dir(self.dir.path()).start_at(2);
        if !Path::exists(&self.path(name)) {
            builder = builder.api_id(1).api_hash("0123456789abcdef0123456789abcdef");
            builder = builder.trust(PublicKey::from_pem(self.server.public_key_pem()).unwrap());
            for dc in self.server.dcs() {
                builder = builder.dc(dc.id, Address::new(&*dc.host, dc.port));
            }
        }
        builder.connect().await.unwrap()
    }
}

/// Ends a client so that its session is free for the next.
async fn leave(client: Client) {
    client.disconnect().await;
}

async fn name_of_self(client: &Client) -> String {
    let users = client
        .invoke(&functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] })
        .await
        .unwrap();
    match &users[..] {
        [enums::User::User(user)] => user.first_name.as_deref().unwrap_or_default().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn notice(result: Result<SignInStep, SignInError>) -> Notice {
    match result {
        Err(SignInError::NotTaken(notice)) => notice,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_code_asked_for_in_one_process_is_given_in_another_at_the_home_of_the_number() {
    let world = World::start().await;
    let client = world.client("ada").await;
    assert!(matches!(client.send_code(ADA).await.unwrap(), SignInStep::CodeSent(_)));
    assert_eq!(client.home_dc(), 1, "the number lives on DC 1");
    leave(client).await;

    let client = world.client("ada").await;
    assert_eq!(client.home_dc(), 1);
    assert!(matches!(notice(client.sign_in("22222").await), Notice::WrongCode { .. }));
    let SignInStep::Done(user) = client.sign_in("11111").await.unwrap() else { panic!() };
    assert_eq!(user.first_name, "Ada");
    assert_eq!(name_of_self(&client).await, "Ada");
    leave(client).await;

    let client = world.client("ada").await;
    assert_eq!(client.user(), Some(user));
    assert_eq!(name_of_self(&client).await, "Ada");
    assert!(matches!(client.sign_in("11111").await, Err(SignInError::NotAsked)));
}

#[tokio::test]
async fn two_step_verification_survives_a_restart_too() {
    let world = World::start().await;
    let client = world.client("bob").await;
    client.send_code(BOB).await.unwrap();
    assert!(matches!(client.sign_in("22222").await.unwrap(), SignInStep::PasswordNeeded(_)));
    leave(client).await;

    let client = world.client("bob").await;
    assert!(matches!(notice(client.check_password("wrong").await), Notice::WrongPassword { .. }));
    assert!(matches!(client.check_password("pass word").await.unwrap(), SignInStep::Done(_)));
    assert_eq!(name_of_self(&client).await, "Bob");
}

#[tokio::test]
async fn a_new_number_signs_up() {
    let world = World::start().await;
    let client = world.client("new").await;
    client.send_code("+9996637777").await.unwrap();
    assert!(matches!(client.sign_in("33333").await.unwrap(), SignInStep::SignUpNeeded { .. }));
    let SignInStep::Done(user) = client.sign_up("Grace", "Hopper").await.unwrap() else { panic!() };
    assert_eq!((user.first_name.as_str(), user.last_name.as_str()), ("Grace", "Hopper"));
    assert_eq!(name_of_self(&client).await, "Grace");
}

#[tokio::test]
async fn bots_sign_in_and_are_refused() {
    let world = World::start().await;
    let client = world.client("bot").await;
    let error = client.sign_in_bot("1:wrong").await.unwrap_err();
    assert!(matches!(error, SignInError::Login(LoginError::BotTokenRefused { .. })), "{error}");
    assert!(client.sign_in_bot(BOT).await.unwrap().bot);
}

#[tokio::test]
async fn a_log_out_leaves_what_the_next_login_needs() {
    let world = World::start().await;
    let client = world.client("ada").await;
    client.send_code(ADA).await.unwrap();
    client.sign_in("11111").await.unwrap();
    client.log_out().await.unwrap();
    leave(client).await;
    let state = load(world.path("ada")).unwrap();
    assert!(state.app.is_some() && state.user.is_none() && state.peers.is_empty());

    let client = world.client("ada").await;
    let error = client.invoke(&functions::updates::GetState {}).await.unwrap_err();
    assert!(matches!(error, InvokeError::Unauthorized { .. }), "{error}");
    // The token of the log-out stands for the code.
    assert_eq!(state.future_auth_tokens.len(), 1);
    assert!(matches!(client.send_code(ADA).await.unwrap(), SignInStep::Done(_)));
}

/// Types its lines one after another.
struct Typist(Vec<&'static str>, std::sync::Arc<std::sync::Mutex<String>>);

impl Console for Typist {
    fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.1.lock().unwrap().push_str(&format!("{line}\n"));
        Ok(())
    }

    fn ask(&mut self, prompt: &str) -> std::io::Result<Option<Secret>> {
        let line = if self.0.is_empty() { None } else { Some(self.0.remove(0)) };
        self.1.lock().unwrap().push_str(&format!("{prompt}{}\n", line.unwrap_or_default()));
        Ok(line.map(Secret::from))
    }

    fn ask_hidden(&mut self, prompt: &str) -> std::io::Result<Option<Secret>> {
        self.ask(prompt)
    }
}

#[tokio::test]
async fn the_terminal_dialogue_logs_in_and_goes_on_where_it_stopped() {
    let world = World::start().await;
    let client = world.client("ada").await;
    let screen = std::sync::Arc::default();
    let mut terminal =
        Terminal::new(Typist(vec![ADA, "y"], std::sync::Arc::clone(&screen)), Presets::default());
    let error = client.sign_in_with(&mut terminal).await.unwrap_err();
    assert!(error.to_string().starts_with("there is no input for the login code"), "{error}");
    leave(client).await;

    let client = world.client("ada").await;
    let mut terminal =
        Terminal::new(Typist(vec!["11111"], std::sync::Arc::clone(&screen)), Presets::default());
    let success = client.sign_in_with(&mut terminal).await.unwrap();
    terminal.welcome(&success, client.home_dc(), client.store().path()).unwrap();
    let screen = screen.lock().unwrap().clone();
    let begin = format!("Enter phone number: {ADA}\nIs \"{ADA}\" correct? (y/n): y\n");
    assert!(screen.starts_with(&begin), "{screen}");
    let end = format!(
        "Enter phone code: 11111\nLogged in successfully\nAda Lovelace, DC 1, session {}\n",
        world.path("ada").display()
    );
    assert!(screen.ends_with(&end), "{screen}");
    assert!(screen.contains("Going on with the login that was begun before."), "{screen}");
}

/// Answers from code, as a program with its own user interface does.
struct Answers(Vec<Answer>);

impl Authenticator for Answers {
    async fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoAnswer> {
        if self.0.is_empty() {
            return Err(format!("no answer to {prompt:?}").into());
        }
        Ok(self.0.remove(0))
    }
}

#[tokio::test]
async fn a_program_answers_for_itself() {
    let world = World::start().await;
    let client = world.client("bob").await;
    let mut answers = Answers(vec![
        Answer::Phone(BOB.into()),
        Answer::Code("11111".into()),
        Answer::Code("22222".into()),
        Answer::Password("pass word".into()),
    ]);
    let success = client.sign_in_with(&mut answers).await.unwrap();
    assert_eq!(success.user.first_name, "Bob");
}
