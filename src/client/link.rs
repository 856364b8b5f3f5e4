//! The handle of the task that serves one DC.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::core::Core;
use super::establish::Established;
use super::link_task;
use super::queue::{Sender, queue};
use crate::message::client::CallOptions;
use crate::message::hidden::Hidden;
use crate::message::{CallStatus, Failure, RpcError, SendError};

/// Names a call between its caller and the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct CallId(u64);

/// What a connection to a DC is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// All calls, and at the home DC the updates.
    Main,
    /// Files: one of several, by its number.
    Media(usize),
}

/// What is to be called, and how.
#[derive(Clone)]
pub(super) struct Order {
    pub method: &'static str,
    pub body: Bytes,
    pub options: CallOptions,
    /// When it is given up.
    pub deadline: Instant,
    /// Make it inside `initConnection`, whatever the task believes of the session.
    pub introduce: bool,
    /// Make it inside `invokeWithoutUpdates`, whatever the connection is for.
    pub without_updates: bool,
    /// The call of the same link after which the server is to carry it out.
    pub after: Option<CallId>,
    /// Another call may be told to come after it.
    pub leads: bool,
    /// Told when the server says at once that it has the packet (TR-7), if somebody wants to know.
    pub acknowledged: Option<Arc<Notify>>,
}

/// A call on its way to the task.
pub(super) struct Call {
    pub id: CallId,
    pub order: Order,
    pub reply: oneshot::Sender<Result<Bytes, CallEnd>>,
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", &self.id)
            .field("method", &self.order.method)
            .field("body", &Hidden(&self.order.body))
            .finish_non_exhaustive()
    }
}

/// Why a call ended without a result.
#[derive(Debug)]
pub(super) enum CallEnd {
    Refused(RpcError),
    Failed(Failure),
    Unsendable(SendError),
    /// The call after which it was to come has ended badly, or is not known; this one was not sent.
    FormerOver,
    /// It was given up at its deadline.
    TimedOut {
        status: CallStatus,
        /// Why there is no connection, when there is none.
        cause: Option<String>,
    },
    KeyUnknown(CallStatus),
    SessionLost(CallStatus),
    Closed(CallStatus),
}

/// What a handle tells the task. Small, as what comes at one time waits in a row.
#[derive(Debug)]
pub(super) enum Command {
    Call(Box<Call>),
    Cancel(CallId),
    Close(oneshot::Sender<()>),
}

/// A handle of the task that serves one DC; when the last one is dropped, the task closes the connection and ends.
#[derive(Clone)]
pub(super) struct Link(Arc<Shared>);

/// What the clones of a handle share: each call makes and drops one, so that is behind one pointer.
struct Shared {
    dc: i32,
    number: u64,
    commands: Sender<Command>,
    next_id: AtomicU64,
    /// Calls that wait for their end.
    load: AtomicUsize,
}

impl Link {
    /// Starts the task with its first connection.
    pub(super) fn start(core: Arc<Core>, (dc, lane): (i32, Lane), first: Established) -> Self {
        // Bounded by its owners: each makes one call at a time and waits for its end.
        let (commands, receiver) = queue();
        let number = core.next_link();
        tokio::spawn(link_task::run(core, (dc, lane), number, Box::new(first), receiver));
        let shared = Shared { dc, number, commands, next_id: AtomicU64::new(0), load: AtomicUsize::new(0) };
        Self(Arc::new(shared))
    }

    /// Makes a call; [`Ticket::end`] waits for its end.
    pub(super) fn call(self, order: Order) -> Ticket {
        let id = CallId(self.0.next_id.fetch_add(1, Ordering::Relaxed));
        let (reply, answer) = oneshot::channel();
        self.0.load.fetch_add(1, Ordering::Relaxed);
        // When the task is gone, so is the other end of `reply`, and the ticket tells it.
        let _ = self.0.commands.send(Command::Call(Box::new(Call { id, order, reply })));
        Ticket { link: self, id, answer, over: false }
    }

    /// Closes the connection in order; comes back when that is done.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.commands.send(Command::Close(done)).is_ok() {
            // An error means that the task ended by itself, which is as good.
            let _ = closed.await;
        }
    }

    /// The DC that the task serves.
    pub(super) fn dc(&self) -> i32 {
        self.0.dc
    }

    /// The number of the link, which no other has.
    pub(super) fn number(&self) -> u64 {
        self.0.number
    }

    /// How many calls wait for their end.
    pub(super) fn load(&self) -> usize {
        self.0.load.load(Ordering::Relaxed)
    }

    /// Whether the task has ended, or takes no calls any more.
    pub(super) fn is_over(&self) -> bool {
        self.0.commands.is_closed()
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").field("dc", &self.0.dc).field("number", &self.0.number).finish_non_exhaustive()
    }
}

/// A call that was made. Dropped before its end, it cancels the call.
pub(super) struct Ticket {
    link: Link,
    id: CallId,
    answer: oneshot::Receiver<Result<Bytes, CallEnd>>,
    over: bool,
}

impl Ticket {
    /// The call's name between caller and task.
    pub(super) fn id(&self) -> CallId {
        self.id
    }

    /// What has the call.
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// Waits for the end of the call, which comes by its deadline; not to be asked again then.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<Bytes, CallEnd>> {
        let end = ready!(Pin::new(&mut self.answer).poll(cx));
        self.over = true;
        // The task dropped its end without a word: it is gone, and what it had not told was not sent.
        Poll::Ready(end.unwrap_or(Err(CallEnd::Closed(CallStatus::Queued))))
    }

    /// [`poll_end`](Self::poll_end) as a future.
    pub(super) async fn end(&mut self) -> Result<Bytes, CallEnd> {
        poll_fn(|cx| self.poll_end(cx)).await
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.link.0.load.fetch_sub(1, Ordering::Relaxed);
        if !self.over {
            let _ = self.link.0.commands.send(Command::Cancel(self.id));
        }
    }
}
