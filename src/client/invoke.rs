//! Calls, from the typed function to its typed result, and the moves to another DC that some of them cause.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::in_order::Turn;
use super::link::{CallEnd, Link, Order};
use super::retry::{Patience, Reaction};
use super::{Client, InvokeError, repeatable};
use crate::message::client::CallOptions;
use crate::message::{CallStatus, RpcError};
use crate::net::erased;
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

    pub(super) async fn call(&self, request: Request) -> Result<Bytes, InvokeError> {
        let span = tracing::debug_span!("invoke", method = request.method, target = ?request.target);
        if span.is_disabled() {
            // Not carried along where nobody looks at it: most calls of most programs.
            drop(span);
            return self.call_patiently(request).await;
        }
        erased(self.call_patiently(request).instrument(span)).await
    }

    async fn call_patiently(&self, request: Request) -> Result<Bytes, InvokeError> {
        let Request { method, body, options, mut target, without_updates, mut turn, acknowledged } = request;
        let config = &self.shared.core.config;
        let limit = config.timing.call;
        let mut deadline = Instant::now() + limit;
        let mut patience = Patience::new(&config.retry);
        let mut next = Next::Again;
        loop {
            let link = self.link(method, target).await?;
            let after = match &mut turn {
                None => None,
                Some(turn) => {
                    let former = turn.come(&link, matches!(next, Next::AfterFormer));
                    match timeout_at(deadline, former).await {
                        Ok(after) => after,
                        Err(_) => {
                            let (status, cause) = (CallStatus::Queued, None);
                            return Err(InvokeError::Timeout { method, after: limit, status, cause });
                        }
                    }
                }
            };
            let ticket = link.call(Order {
                method,
                body: body.clone(),
                options,
                deadline,
                introduce: matches!(next, Next::Introduced),
                without_updates,
                after,
                leads: turn.is_some(),
                acknowledged: acknowledged.clone(),
            });
            if let Some(turn) = &turn {
                turn.is_on(&link, ticket.id());
            }
            let end = match ticket.end().await {
                Ok(result) => return Ok(result),
                Err(end) => end,
            };
            if let Some(turn) = &turn {
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
                    Reaction::Move(dc) if target == Target::Home => {
                        Box::pin(self.move_home(method, dc)).await?;
                        Next::Again
                    }
                    Reaction::Move(dc) | Reaction::Visit(dc) => {
                        target = target.moved_to(dc);
                        Next::Again
                    }
                    Reaction::Fail(error) => {
                        let lost = matches!(error, InvokeError::Unauthorized { .. })
                            && error.is("AUTH_KEY_UNREGISTERED")
                            && Box::pin(self.forget_authorization(&link)).await
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
            Target::Dc(dc) => erased(self.link_to(method, dc)).await,
            Target::Media(dc) => erased(self.link_for_files(method, dc)).await,
        }
    }

    async fn link_to(&self, method: &'static str, dc: i32) -> Result<Link, InvokeError> {
        let link = self.main_link(method, Some(dc)).await?;
        self.authorize(method, &link).await?;
        Ok(link)
    }

    async fn link_for_files(&self, method: &'static str, dc: i32) -> Result<Link, InvokeError> {
        // The key and the login are those of the DC's other connections.
        if dc != self.home_dc() && !self.is_authorized(dc) {
            self.link_to(method, dc).await?;
        }
        self.media_link(method, dc).await
    }
}
