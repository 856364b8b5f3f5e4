//! One browser and its login: the questions of the login go to the pages, what is typed there comes back as answers.

use std::time::Duration;

use mtwire::auth::{Answer, Authenticator, NoAnswer, Prompt};
use mtwire::session::User;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout, timeout_at};

/// A browser that says nothing for so long is forgotten.
pub const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// How long a page may take to come, before one comes that says to wait.
const PAGE: Duration = Duration::from_secs(10);

/// What a browser is to show.
#[derive(Clone)]
pub enum Page {
    /// A question of the login.
    Question(Prompt),
    /// The login has an answer and works on it.
    Working,
    /// Somebody is logged in.
    Done { user: User, dc: i32 },
    /// The login has come to an end, or the user has logged out: a sentence.
    Ended { title: &'static str, why: String },
}

/// A page, and the word by which a form shows that it belongs to this page: unguessable, so that no other site can make a
/// browser send one, and new with every question, so that nothing is taken for the answer to another.
#[derive(Clone)]
pub struct View {
    pub page: Page,
    pub form: String,
}

/// The browser's end.
pub struct Visitor {
    views: watch::Sender<View>,
    answers: mpsc::Sender<(String, Answer)>,
}

/// The login's end.
pub struct Desk {
    views: watch::Sender<View>,
    answers: mpsc::Receiver<(String, Answer)>,
    /// What was answered before there was a connection.
    first: Option<Answer>,
}

/// 128 random bits, in hexadecimal.
pub fn unguessable() -> String {
    format!("{:032x}", rand::random::<u128>())
}

impl View {
    /// What a browser sees first: it is asked for its number.
    pub fn first(form: String) -> Self {
        Self { page: Page::Question(Prompt::Phone { notice: None }), form }
    }
}

/// A new browser, which has seen this.
pub fn open(first: View) -> (Visitor, Desk) {
    let (views, _) = watch::channel(first);
    let (sender, answers) = mpsc::channel(1);
    (Visitor { views: views.clone(), answers: sender }, Desk { views, answers, first: None })
}

impl Visitor {
    /// What to show now.
    pub fn view(&self) -> View {
        self.views.borrow().clone()
    }

    /// Gives the answer to the page with this `form`, if it is still the one that is shown, and waits for the next page.
    /// Whether it was.
    pub async fn answer(&self, form: &str, answer: Answer) -> bool {
        let mut views = self.views.subscribe();
        let taken = self.views.send_if_modified(|view| {
            let fits = view.form == form && !matches!(view.page, Page::Working);
            if fits {
                view.page = Page::Working;
            }
            fits
        });
        if taken && self.answers.send((form.to_owned(), answer)).await.is_ok() {
            let next = views.wait_for(|view| !matches!(view.page, Page::Working));
            let _ = timeout(PAGE, next).await;
        }
        taken
    }
}

impl Desk {
    /// Shows a page and waits for what the user does there.
    pub async fn ask(&mut self, page: Page) -> Result<Answer, NoAnswer> {
        let form = unguessable();
        self.views.send_modify(|view| {
            let renewed = |page: &Page| matches!(page, Page::Question(Prompt::Qr { .. }));
            // A QR code that is renewed is the same question.
            let form = if renewed(&view.page) && renewed(&page) { view.form.clone() } else { form };
            *view = View { page, form };
        });
        self.wait().await
    }

    /// Waits for the answer to what is shown.
    pub async fn wait(&mut self) -> Result<Answer, NoAnswer> {
        let shown = self.views.borrow().form.clone();
        let until = Instant::now() + PATIENCE;
        loop {
            match timeout_at(until, self.answers.recv()).await {
                Ok(Some((form, answer))) if form == shown => return Ok(answer),
                // It was on its way when its question went away.
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return Err("nobody has answered for too long".into()),
            }
        }
    }

    /// Keeps an answer for the first question.
    pub fn keep(&mut self, answer: Answer) {
        self.first = Some(answer);
    }
}

impl Authenticator for Desk {
    async fn answer(&mut self, prompt: &Prompt) -> Result<Answer, NoAnswer> {
        match self.first.take() {
            Some(answer) => Ok(answer),
            None => self.ask(Page::Question(prompt.clone())).await,
        }
    }
}
