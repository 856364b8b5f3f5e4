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
use mtwire::session::MemoryStore;

use form::Sent;
use visitor::{Desk, Page, Visitor, open, unguessable};

/// Logins at one time. More browsers are asked to come later.
const MOST: usize = 1000;

/// Bytes of a form; the longest has a password and its hint.
const LONGEST_FORM: usize = 8 * 1024;

const COOKIE: &str = "login";

const STYLE: &str = include_str!("style.css");

struct App {
    client: ClientBuilder,
    /// By the value of the cookie.
    visitors: Mutex<HashMap<String, Arc<Visitor>>>,
}

impl App {
    fn visitors(&self) -> MutexGuard<'_, HashMap<String, Arc<Visitor>>> {
        self.visitors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The browser that this request comes from.
    fn visitor(&self, headers: &HeaderMap) -> Option<Arc<Visitor>> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, id) = pairs.find(|(name, _)| *name == COOKIE)?;
        self.visitors().get(id).cloned()
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
    let app = Arc::new(App { client, visitors: Mutex::default() });
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

/// The page of the browser's login; one that comes for the first time gets a login of its own.
async fn show(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(visitor) = app.visitor(&headers) {
        return page(StatusCode::OK, pages::html(&visitor.view(), None));
    }
    let (visitor, desk) = open();
    let body = pages::html(&visitor.view(), None);
    let id = unguessable();
    {
        let mut visitors = app.visitors();
        if visitors.len() >= MOST {
            return page(StatusCode::SERVICE_UNAVAILABLE, pages::full());
        }
        visitors.insert(id.clone(), Arc::new(visitor));
    }
    let mut response = page(StatusCode::OK, body);
    if let Ok(cookie) = HeaderValue::from_str(&format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Strict")) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    tokio::spawn(async move {
        // Its end is on the last page already.
        let _ = serve(&app, desk).await;
        app.visitors().remove(&id);
    });
    response
}

/// Takes a form. What follows is a redirection, so that a page can be loaded again without sending anything twice.
async fn take(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Form(fields): Form<HashMap<String, String>>,
) -> Response {
    let mut sent = Sent::new(fields);
    let Some(visitor) = app.visitor(&headers) else { return Redirect::to("/").into_response() };
    let view = visitor.view();
    let answer = match sent.answer() {
        Ok(answer) => answer,
        Err(sentence) => return page(StatusCode::UNPROCESSABLE_ENTITY, pages::html(&view, Some(sentence))),
    };
    if visitor.answer(sent.form(), answer).await {
        return Redirect::to("/").into_response();
    }
    let old = "That page was an old one, so nothing was done with it. This is where the login is now.";
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
