//! A web form that logs users in: plain pages without scripts, one login for each browser.
//!
//! `cargo run --example web_login -- API_ID API_HASH [PORT]`, then open the address that it prints.
//!
//! | file | what it does |
//! |---|---|
//! | `main.rs` | the web server, and the life of one login |
//! | `visitor.rs` | the channel between a browser and its login |
//! | `pages.rs` | a page for each question |
//! | `form.rs` | what was sent, as an answer |
//!
//! It listens on this machine only. In front of the world it belongs behind a server that speaks HTTPS, and its cookie
//! then wants `Secure`.

mod form;
#[path = "../loopback/mod.rs"]
mod loopback;
mod pages;
mod visitor;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use mtwire::auth::NoAnswer;
use mtwire::client::{Client, ClientBuilder};
use mtwire::crypto::hash::sha256;
use mtwire::session::MemoryStore;

use form::Sent;
use visitor::{Desk, Page, View, Visitor, open, unguessable};

/// Logins at one time. More browsers are asked to come later.
const MOST: usize = 1000;

/// Bytes of a form; the longest has a password and its hint.
const LONGEST_FORM: usize = 8 * 1024;

const COOKIE: &str = "login";

/// Characters of the cookie that are random; the rest proves that it is ours.
const RANDOM: usize = 32;

const STYLE: &str = include_str!("style.css");

struct App {
    client: ClientBuilder,
    /// By which the cookies are known that this process has given out, as nothing else is kept of a browser that has only
    /// looked.
    secret: [u8; 32],
    /// By the value of the cookie.
    visitors: Mutex<HashMap<String, Arc<Visitor>>>,
}

impl App {
    fn visitors(&self) -> MutexGuard<'_, HashMap<String, Arc<Visitor>>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cookie of this request, if it is one of ours.
    fn id<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, id) = pairs.find(|(name, _)| *name == COOKIE)?;
        let (random, mark) = id.split_at_checked(RANDOM)?;
        (self.mark("cookie", random) == mark).then_some(id)
    }

    fn new_id(&self) -> String {
        let random = unguessable();
        random.clone() + &self.mark("cookie", &random)
    }

    /// What nobody can know of `text` without the secret: 128 bits, in hexadecimal.
    fn mark(&self, purpose: &str, text: &str) -> String {
        let hash = sha256(&[&self.secret, purpose.as_bytes(), text.as_bytes()]);
        hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What a browser sees that has no login yet.
    fn first(&self, id: &str) -> View {
        View::first(self.mark("form", id))
    }

    fn visitor(&self, id: &str) -> Option<Arc<Visitor>> {
        self.visitors().get(id).cloned()
    }

    /// A login for a browser that has sent its first form; `None` if there are too many.
    fn admit(self: &Arc<Self>, id: &str) -> Option<Arc<Visitor>> {
        let mut visitors = self.visitors();
        if let Some(visitor) = visitors.get(id) {
            return Some(Arc::clone(visitor));
        }
        if visitors.len() >= MOST {
            return None;
        }
        let (visitor, desk) = open(self.first(id));
        let visitor = Arc::new(visitor);
        visitors.insert(id.to_owned(), Arc::clone(&visitor));
        let (app, id) = (Arc::clone(self), id.to_owned());
        tokio::spawn(async move {
            // Its end is on the last page already.
            let _ = serve(&app, desk).await;
            app.visitors().remove(&id);
        });
        Some(visitor)
    }
}

#[tokio::main]
async fn main() -> Result<(), NoAnswer> {
    let mut args = std::env::args().skip(1);
    let (Some(api_id), Some(api_hash)) = (args.next(), args.next()) else {
        return Err("usage: web_login API_ID API_HASH [PORT]".into());
    };
    let port = args.next().map_or(Ok(8080), |port| port.parse())?;
    let client = loopback::reach(Client::new("web", api_id.parse()?, api_hash))?;
    let app = Arc::new(App { client, secret: rand::random(), visitors: Mutex::default() });
    let routes = Router::new()
        .route("/", get(show).post(take))
        .route("/style.css", get(async || ([(header::CONTENT_TYPE, "text/css")], STYLE)))
        .layer(DefaultBodyLimit::max(LONGEST_FORM))
        .with_state(app);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/", listener.local_addr()?);
    axum::serve(listener, routes).await?;
    Ok(())
}

/// The page of the browser's login. One that comes for the first time gets a cookie and nothing more: whoever only looks
/// takes nobody's place.
async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(id) = app.id(&headers) {
        let view = app.visitor(id).map_or_else(|| app.first(id), |visitor| visitor.view());
        return page(StatusCode::OK, pages::html(&view, None));
    }
    let id = app.new_id();
    let mut response = page(StatusCode::OK, pages::html(&app.first(&id), None));
    if let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict")) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// Takes a form. What follows is a redirection, so that a page can be loaded again without sending anything twice.
async fn take(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let mut sent = Sent::new(fields);
    let Some(id) = app.id(&headers) else { return Redirect::to("/").into_response() };
    let visitor = app.visitor(id);
    let view = visitor.as_ref().map_or_else(|| app.first(id), |visitor| visitor.view());
    let answer = match sent.answer() {
        Ok(answer) => answer,
        Err(sentence) => return page(StatusCode::UNPROCESSABLE_ENTITY, pages::html(&view, Some(sentence))),
    };
    let old = "That page was an old one, so nothing was done with it. This is where the login is now.";
    if view.form != sent.form() {
        return page(StatusCode::CONFLICT, pages::html(&view, Some(old)));
    }
    let Some(visitor) = visitor.or_else(|| app.admit(id)) else {
        return page(StatusCode::SERVICE_UNAVAILABLE, pages::full());
    };
    if visitor.answer(sent.form(), answer).await {
        return Redirect::to("/").into_response();
    }
    page(StatusCode::CONFLICT, pages::html(&visitor.view(), Some(old)))
}

fn page(status: StatusCode, html: String) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

/// The life of one browser's login, until nobody answers any more.
async fn serve(app: &App, mut desk: Desk) -> Result<(), NoAnswer> {
    // Nothing is asked of the server before somebody has typed something.
    let mut answer = desk.wait().await?;
    loop {
        desk.keep(answer);
        let ended = match log_in(app, &mut desk).await {
            Ok(()) => Page::Ended { title: "Logged out", why: "You have logged out.".to_owned() },
            Err(error) => Page::Ended { title: "The login has stopped", why: error.to_string() },
        };
        desk.ask(ended).await?;
        answer = desk.ask(Page::Question(mtwire::auth::Prompt::Phone { notice: None })).await?;
    }
}

/// Logs in, keeps the client as long as the user is there, and logs out. A program with something to do would give the
/// client to it here, and keep the session in a file or a database in place of the memory.
async fn log_in(app: &App, desk: &mut Desk) -> Result<(), NoAnswer> {
    let client = app.client.clone().store(Arc::new(MemoryStore::default())).connect().await?;
    let user = client.sign_in_with(desk).await?.user;
    let left = desk.ask(Page::Done { user, dc: client.home_dc() }).await;
    client.log_out().await?;
    client.disconnect().await;
    left.map(drop)
}
