//! The temporary key of a link: bound before anything else is called, and replaced before it ends (PF-2 to PF-5).

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::{End, Task};
use crate::client::ConnectError;
use crate::client::establish::{Established, next_temporary};
use crate::client::link::Lane;
use crate::client::temp_key::{Slot, Stage, Standing, TempKey};
use crate::clock::Now;
use crate::message::client::Session;
use crate::message::{RequestId, RpcError};
use crate::net::{BoxFuture, erased};

/// Resolves to its own beginning when something has changed.
type News = BoxFuture<'static, watch::Receiver<Standing>>;

/// A link's part in the keeping of its DC's temporary key.
pub(super) struct Keeping {
    place: (i32, Lane),
    /// The link.
    number: u64,
    slot: Arc<Slot>,
    news: News,
    /// The key of the session.
    key: Option<Arc<TempKey>>,
    /// The call that binds it, while that is under way in the session.
    binding: Option<RequestId>,
    /// The number of calls under way that the others know of.
    reported: usize,
    /// The next key, while it is being made.
    making: Option<BoxFuture<'static, Result<Established, ConnectError>>>,
    /// The next key, and a connection for it.
    ready: Option<Box<Established>>,
    /// No earlier than this the next key is made, after a try that came to nothing.
    make_after: Duration,
    /// No earlier than this the links are asked to come to rest, after a time when they did not.
    drain_after: Duration,
    /// Until when the links may come to rest.
    drain_by: Option<Duration>,
}

impl Keeping {
    pub(super) fn new(slot: Arc<Slot>, place: (i32, Lane), number: u64) -> Self {
        Self {
            place,
            number,
            news: news(slot.watch()),
            slot,
            key: None,
            binding: None,
            reported: 0,
            making: None,
            ready: None,
            make_after: Duration::ZERO,
            drain_after: Duration::ZERO,
            drain_by: None,
        }
    }

    /// A connection begins.
    pub(super) fn begin(&mut self, key: Option<Arc<TempKey>>, same_session: bool) {
        self.key = key;
        if !same_session {
            self.binding = None;
        }
    }

    /// The connection is over. The next key is begun anew on the next: this one's connection waits for nobody.
    pub(super) fn interrupted(&mut self) {
        self.ready = None;
        self.making = None;
        self.drain_by = None;
        self.slot.end_renewal(self.number);
    }

    /// Whether calls can be made.
    pub(super) fn is_open(&self, now: Duration) -> bool {
        let open = |key: &Arc<TempKey>| self.slot.stage() == Stage::Bound && now < key.closing_at();
        self.key.as_ref().is_none_or(open)
    }

    /// Whether calls may be handed to the session now, which has so many under way with them.
    pub(super) fn admit(&mut self, now: Duration, running: usize) -> bool {
        let Some(key) = &self.key else { return true };
        let admitted = now < key.closing_at() && self.slot.admit(key.auth_key.id(), self.reported, running);
        if admitted {
            self.reported = running;
        }
        admitted
    }

    /// Something has happened that [`Task::keep_key`] should look at.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut ready = Poll::Pending;
        while let Poll::Ready(watch) = self.news.as_mut().poll(cx) {
            self.news = news(watch);
            ready = Poll::Ready(());
        }
        if let Some(making) = &mut self.making
            && let Poll::Ready(made) = making.as_mut().poll(cx)
        {
            ready = Poll::Ready(());
            self.making = None;
            match made {
                Ok(made) => self.ready = Some(Box::new(made)),
                Err(error) => tracing::warn!(%error, "cannot make the next temporary key"),
            }
            if self.ready.is_none() {
                self.slot.end_renewal(self.number);
            }
        }
        ready
    }

    /// When [`Task::keep_key`] wants to be called.
    pub(super) fn deadline(&self, now: Duration) -> Option<Duration> {
        let key = self.key.as_ref()?;
        let next = match (&self.ready, self.drain_by) {
            (Some(_), Some(drain_by)) if now < drain_by => drain_by.min(key.urgent_at()),
            (Some(_), Some(_)) => key.urgent_at(),
            (Some(_), None) if self.slot.stage() == Stage::Bound => self.drain_at(key),
            (None, _) => self.make_at(key).unwrap_or(key.end()),
            // The slot has news when it is bound.
            _ => key.end(),
        };
        Some(next.min(key.end()))
    }

    /// When to make the key that follows; `None` while that may not begin. The slot, or the key that is being made, has news
    /// when it may: a time that has passed would wake the task again and again.
    fn make_at(&self, key: &TempKey) -> Option<Duration> {
        let may =
            self.making.is_none() && self.slot.stage() == Stage::Bound && self.slot.may_renew(self.number);
        may.then(|| key.renew_at().max(self.make_after))
    }

    /// When to ask the links to come to rest, once the next key is ready.
    fn drain_at(&self, key: &TempKey) -> Duration {
        self.drain_after.min(key.closing_at())
    }

    /// The server does not know the key, seen for the `times`th time in a row; `false` if the key is none of these.
    pub(super) fn unknown(&mut self, now: Duration, times: u32) -> bool {
        let Some(key) = &self.key else { return false };
        if times >= 2 || now >= key.end() {
            tracing::info!("the server does not know the temporary key any more");
            self.slot.forget(key.auth_key.id());
        }
        true
    }

    /// The server has called the key unbound.
    pub(super) fn is_unbound(&mut self) {
        if let Some(key) = &self.key {
            self.slot.advance(key.auth_key.id(), Stage::Bound, Stage::Unbound);
        }
    }

    pub(super) fn is_binding(&self, request: RequestId) -> bool {
        self.binding == Some(request)
    }

    /// The binding has come to its end; gives whether the key serves now.
    fn bound(&mut self, result: Result<Bytes, RpcError>) -> Result<(), End> {
        self.binding = None;
        let Some(key) = &self.key else { return Ok(()) };
        let (id, mine) = (key.auth_key.id(), Stage::Binding(self.number));
        match result {
            Ok(_) => {
                tracing::info!("temporary key bound");
                self.slot.advance(id, mine, Stage::Bound);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "temporary key not bound");
                match error.name().as_str() {
                    "EXPIRES_AT_INVALID" | "TEMP_AUTH_KEY_ALREADY_BOUND" | "TEMP_AUTH_KEY_EMPTY" => {
                        self.slot.forget(id);
                    }
                    _ => _ = self.slot.advance(id, mine, Stage::Unbound),
                }
                let permanent = error.is("ENCRYPTED_MESSAGE_INVALID").then(|| Arc::clone(&key.permanent));
                Err(match permanent {
                    Some(permanent) => End::PermanentRefused(permanent.id()),
                    None => End::Lost(format!("auth.bindTempAuthKey: {error}")),
                })
            }
        }
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.slot.leave(self.number, self.reported);
    }
}

fn news(mut watch: watch::Receiver<Standing>) -> News {
    erased(async move {
        // An error means that the sender is gone, which it is not as long as the link has its slot.
        let _ = watch.changed().await;
        watch
    })
}

impl Task {
    /// Does what is to be done about the key now, and tells when the connection has to end for it.
    pub(super) fn keep_key(&mut self, session: &mut Session, now: Now) -> Result<(), End> {
        let Some(keeping) = &mut self.keeping else { return Ok(()) };
        let running = self.calls.running();
        keeping.slot.report(keeping.reported, running);
        keeping.reported = running;
        let Some(key) = keeping.key.clone() else { return Ok(()) };
        let id = key.auth_key.id();
        if !keeping.slot.is_current(id) {
            return Err(End::Rekeyed);
        }
        if now.monotonic >= key.end() {
            keeping.slot.forget(id);
            return Err(End::Rekeyed);
        }
        let mine = Stage::Binding(keeping.number);
        keeping.slot.advance(id, Stage::Unbound, mine);
        if keeping.slot.stage() == mine && keeping.binding.is_none() {
            // A session that is full of calls has room in a moment.
            keeping.binding = session.bind(now, key.binding()).ok();
            return Ok(());
        }
        self.renew(&key, now.monotonic)
    }

    fn renew(&mut self, key: &Arc<TempKey>, now: Duration) -> Result<(), End> {
        let Some(keeping) = &mut self.keeping else { return Ok(()) };
        let id = key.auth_key.id();
        if keeping.ready.is_none() {
            let due = keeping.make_at(key).is_some_and(|at| now >= at);
            if due && keeping.slot.begin_renewal(keeping.number) {
                let (core, permanent) = (Arc::clone(&self.core), Arc::clone(&key.permanent));
                keeping.make_after = now + key.retry_after();
                keeping.making = Some(next_temporary(core, keeping.place, permanent));
            }
            return Ok(());
        }
        let (closing, urgent) = (now >= key.closing_at(), now >= key.urgent_at());
        let begin = keeping.drain_by.is_none() && now >= keeping.drain_at(key);
        if begin && keeping.slot.advance(id, Stage::Bound, Stage::Draining) {
            keeping.drain_by = Some(now + key.drain());
        }
        let Some(drain_by) = keeping.drain_by else { return Ok(()) };
        if urgent || keeping.slot.is_at_rest() {
            keeping.drain_by = None;
            let Some(next) = keeping.ready.take() else { return Ok(()) };
            if let Some(temp) = &next.temp {
                keeping.slot.install(Arc::clone(temp));
            }
            keeping.slot.end_renewal(keeping.number);
            return Err(End::Replaced(next));
        }
        if now >= drain_by && !closing {
            tracing::debug!("calls are still under way; the temporary key is replaced later");
            keeping.slot.advance(id, Stage::Draining, Stage::Bound);
            keeping.drain_by = None;
            keeping.drain_after = now + key.retry_after();
        }
        Ok(())
    }

    /// The binding has come to its end.
    pub(super) fn binding_over(&mut self, result: Result<Bytes, RpcError>) -> Result<(), End> {
        // What follows has to be introduced again (AP-1).
        self.introduced = false;
        match &mut self.keeping {
            Some(keeping) => keeping.bound(result),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::client::temp_key::TempKeys;
    use crate::client::temp_key::tests::key;

    fn keeping(slot: &Arc<Slot>, number: u64, key: &Arc<TempKey>) -> Keeping {
        let mut keeping = Keeping::new(Arc::clone(slot), (2, Lane::Main), number);
        keeping.begin(Some(Arc::clone(key)), true);
        keeping
    }

    #[test]
    fn a_link_that_does_not_renew_sleeps_until_there_is_news() {
        let (slot, key) = (TempKeys::default().slot(2), key(2, 1000));
        let (id, due) = (key.auth_key.id(), key.renew_at());
        slot.install(Arc::clone(&key));
        let (renewer, mut other) = (keeping(&slot, 1, &key), keeping(&slot, 2, &key));
        assert!(other.deadline(due) > Some(due), "the key has to be bound first");
        slot.advance(id, Stage::Unbound, Stage::Bound);
        assert_eq!((renewer.deadline(due), other.deadline(due)), (Some(due), Some(due)));
        assert!(slot.begin_renewal(1));
        assert_eq!(renewer.deadline(due), Some(due));
        assert!(other.deadline(due) > Some(due), "it would wake again and again to find that it may not");
        let mut has_news = || other.poll(&mut Context::from_waker(Waker::noop())).is_ready();
        while has_news() {}
        slot.end_renewal(1);
        assert!(has_news());
        assert_eq!(other.deadline(due), Some(due), "now it may");
    }
}
