//! Calls that the server carries out one after the other, without an answer in between (AP-3).

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::watch;

use super::invoke::{Request, Target};
use super::link::{CallId, Link};
use super::{Client, InvokeError};
use crate::tl::Function;

/// Makes calls in order; made by [`Client::in_order`].
#[derive(Debug)]
pub struct InOrder {
    client: Client,
    last: Mutex<Option<watch::Receiver<Stage>>>,
}

/// Where a call is, for the one that comes after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// It is about to be made, or to be made again.
    #[default]
    Waiting,
    /// The link with this number has it, under this name.
    On(u64, CallId),
}

/// A call's place in the order. When it is dropped the call is over.
pub(super) struct Turn {
    former: Option<watch::Receiver<Stage>>,
    own: watch::Sender<Stage>,
}

impl Turn {
    /// Waits until the call before this one has been made, and gives its name if this one has to come after it over
    /// `link`; `None` when it is over. With `strictly` it is waited for until it is over.
    pub(super) async fn come(&mut self, link: &Link, strictly: bool) -> Option<CallId> {
        let former = self.former.as_mut()?;
        let here = |stage: &Stage| matches!(stage, Stage::On(number, _) if *number == link.number());
        let stage = former.wait_for(|stage| !strictly && here(stage)).await.map(|stage| *stage);
        match stage {
            Ok(Stage::On(_, id)) => Some(id),
            // It is over, and its place dropped.
            _ => {
                self.former = None;
                None
            }
        }
    }

    /// The call was handed to a link.
    pub(super) fn is_on(&self, link: &Link, id: CallId) {
        self.own.send_replace(Stage::On(link.number(), id));
    }

    /// The call has come back without a result, and may be made again.
    pub(super) fn waits(&self) {
        self.own.send_replace(Stage::Waiting);
    }
}

impl Client {
    /// For calls at the home DC that are to be carried out one after the other. They are sent at once all the same, each
    /// with the word that it comes after the one before (`invokeAfterMsg`), so that many of them take one round trip.
    ///
    /// The order is that in which [`InOrder::invoke`] is called; the futures have to be polled together, as with
    /// `tokio::join!`, for a call waits until the one before it was begun or dropped. A call that fails does not fail the
    /// ones after it: they are carried out when it is over.
    #[must_use]
    pub fn in_order(&self) -> InOrder {
        InOrder { client: self.clone(), last: Mutex::default() }
    }
}

impl InOrder {
    /// As [`Client::invoke`], after the calls that were made here before.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub fn invoke<F: Function>(
        &self,
        function: &F,
    ) -> impl Future<Output = Result<F::Return, InvokeError>> + Send + use<F>
    where
        F::Return: Send,
    {
        let (client, turn) = (self.client.clone(), self.turn());
        let request = Request::of(function, Target::Home);
        async move { client.typed::<F>(Request { turn: Some(turn), ..request? }).await }
    }

    /// As [`Client::invoke_raw_as`], after the calls that were made here before.
    ///
    /// # Errors
    /// [`InvokeError`], never its `Decode`.
    pub fn invoke_raw_as(
        &self,
        method: &'static str,
        body: Bytes,
    ) -> impl Future<Output = Result<Bytes, InvokeError>> + Send + use<> {
        let (client, turn) = (self.client.clone(), self.turn());
        let request = Request { turn: Some(turn), ..Request::named(method, body, Target::Home) };
        async move { client.call(request).await }
    }

    /// The next place.
    fn turn(&self) -> Turn {
        let (own, follower) = watch::channel(Stage::default());
        // The place is whole after every statement.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Turn { former: last.replace(follower), own }
    }
}
