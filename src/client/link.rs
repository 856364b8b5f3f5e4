//! The handle of the task that serves one DC.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::core::Core;
use super::establish::Established;
use super::link_task;
use crate::message::client::CallOptions;
use crate::message::hidden::Hidden;
use crate::message::{CallStatus, Failure, RpcError, SendError};

/// Names a call between its caller and the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CallId(u64);

/// A call on its way to the task.
pub(super) struct Call {
    pub id: CallId,
    pub method: &'static str,
    pub body: Bytes,
    pub options: CallOptions,
    /// Make it inside `initConnection`, whatever the task believes of the session.
    pub introduce: bool,
    pub reply: oneshot::Sender<Result<Bytes, CallEnd>>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("body", &Hidden(&self.body))
            .finish_non_exhaustive()
    }
}

/// Why a call ended without a result.
#[derive(Debug)]
pub(super) enum CallEnd {
    Refused(RpcError),
    Failed(Failure),
    Unsendable(SendError),
    KeyUnknown,
    SessionLost(CallStatus),
    Closed(CallStatus),
}

/// How far a call had come when it was given up.
#[derive(Debug)]
pub(super) struct GivenUp {
    pub status: CallStatus,
    /// Why there is no connection, when there is none.
    pub cause: Option<String>,
}

/// What a handle tells the task.
#[derive(Debug)]
pub(super) enum Command {
    Call(Call),
    Cancel(CallId, Option<oneshot::Sender<GivenUp>>),
    Close(oneshot::Sender<()>),
}

/// A handle of the task that serves one DC; when the last one is dropped, the task closes the connection and ends.
#[derive(Clone)]
pub(super) struct Link {
    dc: i32,
    commands: mpsc::UnboundedSender<Command>,
    next_id: Arc<AtomicU64>,
}

impl Link {
    /// Starts the task with its first connection.
    pub(super) fn start(core: Arc<Core>, dc: i32, first: Established) -> Self {
        // Bounded by its senders: each holds one call at a time and waits for its end.
        let (commands, receiver) = mpsc::unbounded_channel();
        tokio::spawn(link_task::run(core, dc, first, receiver));
        Self { dc, commands, next_id: Arc::default() }
    }

    /// Makes a call; [`Ticket::end`] waits for its end.
    pub(super) fn call(
        &self,
        method: &'static str,
        body: Bytes,
        options: CallOptions,
        introduce: bool,
    ) -> Ticket<'_> {
        let id = CallId(self.next_id.fetch_add(1, Ordering::Relaxed));
        let (reply, answer) = oneshot::channel();
        // When the task is gone, so is the other end of `reply`, and the ticket tells it.
        let _ = self.commands.send(Command::Call(Call { id, method, body, options, introduce, reply }));
        Ticket { link: self, id, answer, over: false }
    }

    /// Closes the connection in order; comes back when that is done.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.commands.send(Command::Close(done)).is_ok() {
            // An error means that the task ended by itself, which is as good.
            let _ = closed.await;
        }
    }

    /// The DC that the task serves.
    pub(super) fn dc(&self) -> i32 {
        self.dc
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("dc", &self.dc).finish_non_exhaustive()
    }
}

/// A call that was made. Dropped before its end, it cancels the call.
pub(super) struct Ticket<'a> {
    link: &'a Link,
    id: CallId,
    answer: oneshot::Receiver<Result<Bytes, CallEnd>>,
    over: bool,
}

impl Ticket<'_> {
    /// Waits for the end of the call. Dropping the future and calling again is fine.
    pub(super) async fn end(&mut self) -> Result<Bytes, CallEnd> {
        let end = (&mut self.answer).await;
        self.over = true;
        // The task dropped its end without a word: it is gone, and what it had not told was not sent.
        end.unwrap_or(Err(CallEnd::Closed(CallStatus::Queued)))
    }

    /// Cancels the call and asks how far it had come.
    pub(super) async fn give_up(mut self) -> GivenUp {
        self.over = true;
        let (reply, told) = oneshot::channel();
        let _ = self.link.commands.send(Command::Cancel(self.id, Some(reply)));
        told.await.unwrap_or(GivenUp { status: CallStatus::Queued, cause: None })
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        if !self.over {
            let _ = self.link.commands.send(Command::Cancel(self.id, None));
        }
    }
}
