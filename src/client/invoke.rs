//! Calls, from the typed function to its typed result, and the moves to another DC that some of them cause.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::in_order::Turn;
use super::link::{CallEnd, Link, Order, Ticket};
use super::retry::{Patience, Reaction};
use super::{Client, InvokeError, repeatable};
use crate::message::client::CallOptions;
use crate::message::{CallStatus, RpcError};
use crate::net::{BoxFuture, erased};
use crate::tl::{Deserialize, Function};

/// The name of a call of bytes in errors and logs.
const RAW: &str = "raw call";

/// Where a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// At the home DC, wherever that is.
    Home,
    /// At this DC.
    Dc(i32),
    /// At this DC, over a connection for files.
    Media(i32),
}

impl Target {
    /// The same kind of connection at another DC.
    fn moved_to(self, dc: i32) -> Self {
        match self {
            Self::Media(_) => Self::Media(dc),
            _ => Self::Dc(dc),
        }
    }
}

/// A call as its caller wants it.
pub(super) struct Request {
    pub method: &'static str,
    pub body: Bytes,
    pub options: CallOptions,
    pub target: Target,
    pub without_updates: bool,
    /// Its place among calls that are made in order.
    pub turn: Option<Turn>,
    /// Told when the server says at once that it has the call.
    pub acknowledged: Option<Arc<Notify>>,
}

impl Request {
    /// The call of a typed function.
    pub(super) fn of<F: Function>(function: &F, target: Target) -> Result<Self, InvokeError> {
        let method = F::NAME;
        let body = function.to_bytes().map_err(|source| InvokeError::Encode { method, source })?;
        Ok(Self::named(method, body, target))
    }

    /// The call of a serialized function whose name is known.
    pub(super) fn named(method: &'static str, body: Bytes, target: Target) -> Self {
        let options = repeatable::options(method);
        Self { method, body, options, target, without_updates: false, turn: None, acknowledged: None }
    }

    /// The call of a serialized function.
    pub(super) fn raw(body: Bytes, target: Target) -> Self {
        Self { options: CallOptions::default(), ..Self::named(RAW, body, target) }
    }

    /// What a link is told, after no other call.
    pub(super) fn order(&self, deadline: Instant) -> Order {
        Order {
            method: self.method,
            body: self.body.clone(),
            options: self.options,
            deadline,
            introduce: false,
            without_updates: self.without_updates,
            after: None,
            leads: self.turn.is_some(),
            acknowledged: self.acknowledged.clone(),
        }
    }
}

/// What to do after a call that has no result yet.
enum Next {
    Again,
    Introduced,
    /// Wait until the call before this one in the order is over, whatever has become of it.
    AfterFormer,
}

impl Client {
    /// Calls a function of the API on the home DC and waits for its typed result.
    ///
    /// Concurrent calls share the connection and are answered in any order ([`in_order`](Self::in_order) makes them one
    /// after the other); a lost connection is made again, and the server asked which calls it has. Short waits, internal
    /// errors of the server and moves to another DC are handled here, as far as the
    /// [`RetryPolicy`](super::RetryPolicy) goes. Dropping the future cancels the call: if it was sent, the server is told
    /// that the answer is not wanted.
    ///
    /// # Errors
    /// [`InvokeError`]; its [`status`](InvokeError::status) says how far the call had come.
    pub async fn invoke<F: Function>(&self, function: &F) -> Result<F::Return, InvokeError> {
        self.typed::<F>(Request::of(function, Target::Home)?).await
    }

    /// [`invoke`](Self::invoke) inside `invokeWithoutUpdates`: because of this call the server sends no updates on the
    /// connection. Once another call was made without that, it does.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke_without_updates<F: Function>(&self, function: &F) -> Result<F::Return, InvokeError> {
        let request = Request { without_updates: true, ..Request::of(function, Target::Home)? };
        self.typed::<F>(request).await
    }

    /// [`invoke`](Self::invoke) that asks for a quick ack (TR-7) and calls `acknowledged` when it comes: the server has
    /// the packet, which it says before it carries the call out. What a messenger shows as its first tick.
    ///
    /// Only a hint: it is not authenticated, comes at most once, and never with the transports that have none (full,
    /// HTTP). What is known of a call that failed is its [`status`](InvokeError::status) alone.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke_acknowledged<F: Function>(
        &self,
        function: &F,
        acknowledged: impl FnOnce(),
    ) -> Result<F::Return, InvokeError> {
        let told = Arc::new(Notify::new());
        let request =
            Request { acknowledged: Some(Arc::clone(&told)), ..Request::of(function, Target::Home)? };
        let mut call = pin!(self.typed::<F>(request));
        tokio::select! {
            // It came first, though both may be found at one time.
            biased;
            () = told.notified() => acknowledged(),
            result = &mut call => return result,
        }
        call.await
    }

    /// Calls a serialized function (constructor id first) and gives its serialized result (constructor id first).
    ///
    /// The call is never sent twice on the chance that the first did not arrive.
    ///
    /// # Errors
    /// [`InvokeError`], never its `Decode`.
    pub async fn invoke_raw(&self, body: Bytes) -> Result<Bytes, InvokeError> {
        self.call(Request::raw(body, Target::Home)).await
    }

    /// [`invoke_raw`](Self::invoke_raw) of a function whose name is known: errors name it, and like a typed call it is
    /// repeated if that does no harm.
    ///
    /// # Errors
    /// As [`invoke_raw`](Self::invoke_raw).
    pub async fn invoke_raw_as(&self, method: &'static str, body: Bytes) -> Result<Bytes, InvokeError> {
        self.call(Request::named(method, body, Target::Home)).await
    }

    /// Makes another DC the home, with a key of its own: what a QR login does after `auth.loginTokenMigrateTo`. A 303
    /// error to a call does it by itself. If somebody is logged in, the authorization goes along.
    ///
    /// # Errors
    /// [`InvokeError::Unreachable`].
    pub async fn set_home_dc(&self, dc: i32) -> Result<(), InvokeError> {
        self.move_home("set_home_dc", dc).await
    }

    /// A call and its result's type.
    pub(super) async fn typed<F: Function>(&self, request: Request) -> Result<F::Return, InvokeError> {
        let result = self.call(request).await?;
        F::Return::from_bytes(result).map_err(|source| InvokeError::Decode { method: F::NAME, source })
    }

    /// A call and its serialized result.
    ///
    /// No `async fn`: the code of one is compiled again for each place that waits for it, which is each function that a
    /// program calls.
    pub(super) fn call(&self, request: Request) -> Call<'_> {
        let span = tracing::debug_span!("invoke", method = request.method, target = ?request.target);
        if !span.is_disabled() {
            return Call::Patient(erased(self.patiently(request, None).instrument(span)));
        }
        // Not carried along where nobody looks at it: most calls of most programs.
        drop(span);
        if request.turn.is_none()
            && request.target == Target::Home
            && let Ok(Some(link)) = self.open_link(None)
        {
            let deadline = Instant::now() + self.shared.core.config.timing.call;
            let ticket = link.call(request.order(deadline));
            return Call::Straight(self, Some((request, Made { ticket, deadline })));
        }
        Call::Patient(self.patiently(request, None))
    }

    fn patiently(
        &self,
        request: Request,
        over: Option<(Made, CallEnd)>,
    ) -> BoxFuture<'_, Result<Bytes, InvokeError>> {
        erased(self.call_patiently(request, over))
    }

    /// Makes the call again until it has its result or an error that nothing can be done about. It was made before, where
    /// it has come to its end.
    async fn call_patiently(
        &self,
        mut request: Request,
        over: Option<(Made, CallEnd)>,
    ) -> Result<Bytes, InvokeError> {
        let method = request.method;
        let config = &self.shared.core.config;
        let limit = config.timing.call;
        let mut patience = Patience::new(&config.retry);
        let mut next = Next::Again;
        let (mut deadline, mut over) = match over {
            Some((made, end)) => (made.deadline, Some((made.ticket, end))),
            None => (Instant::now() + limit, None),
        };
        loop {
            let mut after = None;
            let (ticket, end) = match over.take() {
                Some(over) => over,
                None => {
                    let link = self.link(method, request.target).await?;
                    if let Some(turn) = &mut request.turn {
                        let former = turn.come(&link, matches!(next, Next::AfterFormer));
                        after = match timeout_at(deadline, former).await {
                            Ok(after) => after,
                            Err(_) => {
                                let (status, cause) = (CallStatus::Queued, None);
                                return Err(InvokeError::Timeout { method, after: limit, status, cause });
                            }
                        };
                    }
                    let introduce = matches!(next, Next::Introduced);
                    let mut ticket = link.call(Order { introduce, after, ..request.order(deadline) });
                    if let Some(turn) = &request.turn {
                        turn.is_on(ticket.link(), ticket.id());
                    }
                    match ticket.end().await {
                        Ok(result) => return Ok(result),
                        Err(end) => (ticket, end),
                    }
                }
            };
            // It does not count among the link's calls while it waits.
            let link = ticket.link().clone();
            drop(ticket);
            if let Some(turn) = &request.turn {
                // Who comes after this one waits until it is known what is done about it.
                turn.waits();
            }
            next = match end {
                CallEnd::FormerOver => Next::AfterFormer,
                // The connection was closed for having nothing to do, in the same moment.
                CallEnd::Closed(CallStatus::Queued) if link.is_over() && !self.links().closed => Next::Again,
                CallEnd::Refused(error) if after.is_some() && former_failed(&error) => Next::AfterFormer,
                CallEnd::Refused(error) => match patience.react(method, error, SystemTime::now()) {
                    Reaction::Repeat(pause) => {
                        tracing::info!(?pause, "the server asks to wait");
                        tokio::time::sleep(pause).await;
                        deadline += pause;
                        Next::Again
                    }
                    Reaction::Introduce => Next::Introduced,
                    Reaction::Move(dc) if request.target == Target::Home => {
                        self.move_home(method, dc).await?;
                        Next::Again
                    }
                    Reaction::Move(dc) | Reaction::Visit(dc) => {
                        request.target = request.target.moved_to(dc);
                        Next::Again
                    }
                    Reaction::Fail(error) => {
                        let lost = matches!(error, InvokeError::Unauthorized { .. })
                            && error.is("AUTH_KEY_UNREGISTERED")
                            && self.forget_authorization(&link).await
                            && patience.may_import();
                        if !lost {
                            return Err(error);
                        }
                        Next::Again
                    }
                },
                end => return Err(failed(method, link.dc(), limit, end)),
            };
            if Instant::now() >= deadline {
                let (status, cause) = (CallStatus::Queued, None);
                return Err(InvokeError::Timeout { method, after: limit, status, cause });
            }
        }
    }
}

/// A call that waits for its end.
pub(super) struct Made {
    ticket: Ticket,
    deadline: Instant,
}

/// What [`Client::call`] gives. Most calls go straight to a link that is open, and end with a result; whatever else
/// happens has memory of its own.
pub(super) enum Call<'a> {
    /// `None` once it is over.
    Straight(&'a Client, Option<(Request, Made)>),
    Patient(BoxFuture<'a, Result<Bytes, InvokeError>>),
}

impl Future for Call<'_> {
    type Output = Result<Bytes, InvokeError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match &mut *self {
                Self::Patient(call) => return call.as_mut().poll(cx),
                Self::Straight(client, call) => {
                    let Some((_, made)) = call else { return Poll::Pending };
                    let end = ready!(made.ticket.poll_end(cx));
                    let client = *client;
                    let Some((request, made)) = call.take() else { return Poll::Pending };
                    match end {
                        Ok(result) => return Poll::Ready(Ok(result)),
                        Err(end) => {
                            *self = Self::Patient(client.patiently(request, Some((made, end))));
                        }
                    }
                }
            }
        }
    }
}

/// The server has not waited for the call before, or that one has failed (AP-3).
fn former_failed(error: &RpcError) -> bool {
    error.is("MSG_WAIT_FAILED") || error.is("MSG_WAIT_TIMEOUT")
}

/// The error for the end of a call that was not repeated; `limit` is what it was given time for.
pub(super) fn failed(method: &'static str, dc: i32, limit: Duration, end: CallEnd) -> InvokeError {
    match end {
        CallEnd::TimedOut { status, cause } => InvokeError::Timeout { method, after: limit, status, cause },
        CallEnd::Refused(error) => InvokeError::Rpc { method, error },
        CallEnd::Failed(failure) => InvokeError::Failed { method, failure },
        CallEnd::Unsendable(reason) => InvokeError::Unsendable { method, reason },
        CallEnd::KeyUnknown(status) => InvokeError::AuthKeyUnknown { dc, status },
        CallEnd::SessionLost(status) => InvokeError::SessionLost { method, status },
        CallEnd::Closed(status) => InvokeError::Disconnected { method, status },
        CallEnd::FormerOver => InvokeError::Disconnected { method, status: CallStatus::Queued },
    }
}

impl Client {
    /// The link for a call, opened if there is none; with the login taken along, if there is one.
    async fn link(&self, method: &'static str, target: Target) -> Result<Link, InvokeError> {
        match target {
            Target::Home => self.main_link(method, None).await,
            Target::Dc(dc) => self.link_to(method, dc).await,
            Target::Media(dc) => self.link_for_files(method, dc).await,
        }
    }

    fn link_to(&self, method: &'static str, dc: i32) -> BoxFuture<'_, Result<Link, InvokeError>> {
        erased(async move {
            let link = self.main_link(method, Some(dc)).await?;
            if !self.is_authorized(dc) {
                self.authorize(method, &link).await?;
            }
            Ok(link)
        })
    }

    fn link_for_files(&self, method: &'static str, dc: i32) -> BoxFuture<'_, Result<Link, InvokeError>> {
        erased(async move {
            // The key and the login are those of the DC's other connections.
            if dc != self.home_dc() && !self.is_authorized(dc) {
                self.link_to(method, dc).await?;
            }
            self.media_link(method, dc).await
        })
    }
}
