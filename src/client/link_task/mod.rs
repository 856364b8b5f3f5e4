//! The task that serves one DC: it owns the session, its calls and, one after the other, the connections.

mod connection;
mod keys;
mod pause;
mod stall;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::Instrument;

use self::keys::Keeping;
use super::calls::Calls;
use super::core::Core;
use super::establish::{Established, FLOOD_PAUSE, establish};
use super::link::{CallEnd, Command, Lane};
use super::queue::Receiver;
use crate::clock::Now;
use crate::crypto::AuthKey;
use crate::message::client::Session;
use crate::message::{CallStatus, Draft};
use crate::net::{Alarm, Backoff, BoxFuture, Refusal, erased};
use crate::session::Salt;

/// Serves a DC until all handles are gone or one of them closes it.
///
/// What it is made of is moved behind a pointer before the future begins, which would have room for it otherwise.
pub(super) fn run(
    core: Arc<Core>,
    (dc, lane): (i32, Lane),
    number: u64,
    first: Box<Established>,
    commands: Receiver<Command>,
) -> BoxFuture<'static, ()> {
    let span = tracing::info_span!("link", dc);
    let timing = &core.config.timing;
    let task = Box::new(Task {
        dc,
        lane,
        failures: 0,
        idle_since: None,
        drafts: Vec::new(),
        stirred: false,
        shrink_at: None,
        commands,
        calls: Calls::default(),
        session: None,
        key_id: first.permanent,
        introduced: false,
        heard: false,
        unknown_key: 0,
        cause: None,
        closing: None,
        saves: Vec::new(),
        lost: core.lost(),
        backoff: Backoff::new(timing.reconnect_first, timing.reconnect_max),
        keeping: core.config.pfs.then(|| Box::new(Keeping::new(core.temp_keys.slot(dc), (dc, lane), number))),
        core,
    });
    erased(task.serve(first).instrument(span))
}

struct Task {
    core: Arc<Core>,
    dc: i32,
    lane: Lane,
    commands: Receiver<Command>,
    /// How many connections in a row have come to nothing.
    failures: usize,
    /// Since when there is nothing to do, on the monotonic clock.
    idle_since: Option<Duration>,
    /// Packets that are about to be sealed and sent; empty in between.
    drafts: Vec<Draft>,
    /// Packets have come or gone since this was last looked at.
    stirred: bool,
    /// When to let go of memory that is of no use while nothing happens, on the monotonic clock.
    shrink_at: Option<Duration>,
    calls: Calls,
    /// Lives through reconnections; made anew only with a new key.
    session: Option<Box<Session>>,
    /// The id of the permanent key: what is saved goes with this key, and not with one that replaced it.
    key_id: i64,
    /// What is done about the temporary key, if the session has one.
    keeping: Option<Box<Keeping>>,
    /// The server has answered a call inside `initConnection` on this connection (AP-1).
    introduced: bool,
    /// The server has understood this session at least once.
    heard: bool,
    /// How often in a row the server said that it does not know the key.
    unknown_key: u32,
    /// Why there is no connection, while there is none.
    cause: Option<String>,
    closing: Option<oneshot::Sender<()>>,
    /// Writes to the store that are under way.
    saves: Vec<JoinHandle<()>>,
    /// Ready when the session is somebody else's; not to be asked again then. `None` if it cannot become that.
    lost: Option<BoxFuture<'static, ()>>,
    backoff: Backoff,
}

/// Why a connection was given up.
enum End {
    /// The handles are gone, or one asked for it.
    Closed,
    /// There was nothing to do for a while.
    Idle,
    /// The network or the server ended it: dial again.
    Lost(String),
    /// The server does not want this key or so many connections.
    Refused(Refusal),
    /// The session is somebody else's.
    SessionLost,
    /// The temporary key of the DC is another one, or none any more.
    Rekeyed,
    /// This connection, with the next temporary key, takes the place of the one that was.
    Replaced(Box<Established>),
    /// The server does not take what the permanent key with this id has vouched for.
    PermanentRefused(i64),
}

impl Task {
    async fn serve(mut self: Box<Self>, first: Box<Established>) {
        let mut connected = Some(first);
        loop {
            let established = match connected.take() {
                Some(established) => established,
                // What is rare has memory of its own, here and below: the task would always have room for it.
                None => match Box::pin(self.reconnect()).await {
                    Ok(established) => established,
                    Err(End::SessionLost) => {
                        Box::pin(self.refuse_calls(CallEnd::SessionLost)).await;
                        break;
                    }
                    Err(_) => break,
                },
            };
            let address = established.address.clone();
            match self.drive(established).await {
                End::Closed => break,
                End::Idle => {
                    tracing::debug!(%address, "closed, as there was nothing to do");
                    break;
                }
                End::Lost(cause) => {
                    tracing::info!(%address, %cause, "connection lost");
                    self.cause = Some(format!("{address}: {cause}"));
                }
                End::Rekeyed => tracing::debug!(%address, "the temporary key is over"),
                End::Replaced(next) => connected = Some(next),
                End::PermanentRefused(id) => {
                    self.cause = Some(format!("{address}: the server does not know the auth key"));
                    if self.core.is_young(id) {
                        self.backoff.at_least(FLOOD_PAUSE);
                    } else if !Box::pin(self.forget_key()).await {
                        Box::pin(self.refuse_calls(CallEnd::KeyUnknown)).await;
                        break;
                    }
                }
                End::Refused(refusal) => {
                    tracing::warn!(%address, %refusal, "connection refused");
                    self.cause = Some(format!("{address}: {refusal}"));
                    if refusal == Refusal::Flood {
                        self.backoff.at_least(FLOOD_PAUSE);
                    }
                    if refusal == Refusal::UnknownKey && !Box::pin(self.replace_unknown_key()).await {
                        Box::pin(self.refuse_calls(CallEnd::KeyUnknown)).await;
                        break;
                    }
                }
                End::SessionLost => {
                    tracing::warn!(%address, "connection given up with the session");
                    Box::pin(self.refuse_calls(CallEnd::SessionLost)).await;
                    break;
                }
            }
        }
        self.calls.end_all(self.session.as_deref(), CallEnd::Closed);
        self.commands.close();
        while let Some(command) = self.commands.try_recv() {
            self.obey_offline(command);
        }
        self.calls.end_all(None, CallEnd::Closed);
        for save in std::mem::take(&mut self.saves) {
            // One that panicked is over, too.
            let _ = save.await;
        }
        Box::pin(self.save_now()).await;
        let closing = self.closing.take();
        // The store goes first: who waits for the end wants to open the session again.
        drop(self);
        if let Some(closing) = closing {
            // Nobody waits any more: fine.
            let _ = closing.send(());
        }
    }

    /// Dials until there is a connection, with growing pauses, or the link is to be closed.
    async fn reconnect(&mut self) -> Result<Box<Established>, End> {
        loop {
            let pause = self.backoff.pause(&mut rand::rng());
            self.obey_during(tokio::time::sleep(pause)).await?;
            if self.may_idle() && self.calls.is_empty() {
                return Err(End::Idle);
            }
            let (core, place, failures) = (Arc::clone(&self.core), (self.dc, self.lane), self.failures);
            match self.obey_during(establish(&core, place, failures)).await? {
                Ok(established) => return Ok(Box::new(established)),
                Err(error) => {
                    self.failures += 1;
                    tracing::warn!(%error, failures = self.failures, "cannot connect");
                    if error.is_flood() {
                        self.backoff.at_least(FLOOD_PAUSE);
                    }
                    self.cause = Some(error.to_string());
                }
            }
        }
    }

    /// Whether the connection is one that is closed when there is nothing to do: the home's is kept for the updates.
    fn may_idle(&self) -> bool {
        !self.is_home()
    }

    /// Whether this is the connection on which updates come.
    fn is_home(&self) -> bool {
        self.lane == Lane::Main && self.core.home() == self.dc
    }

    /// Waits for `work` and meanwhile takes calls in and lets them go, unless the link is to be closed.
    async fn obey_during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, End> {
        let mut work = pin!(work);
        let mut alarm = Alarm::new();
        poll_fn(|cx| {
            if self.poll_lost(cx).is_ready() {
                return Poll::Ready(Err(End::SessionLost));
            }
            while let Poll::Ready(command) = self.commands.poll_recv(cx) {
                if command.is_none_or(|command| self.obey_offline(command)) {
                    return Poll::Ready(Err(End::Closed));
                }
            }
            loop {
                let mut session = self.session.take();
                self.expire_calls(session.as_deref_mut(), self.core.clock.now());
                self.session = session;
                alarm.set(self.calls.deadline());
                if alarm.poll(cx).is_pending() {
                    break;
                }
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }

    /// Gives up the calls whose time is over.
    fn expire_calls(&mut self, session: Option<&mut Session>, now: Now) {
        if self.calls.deadline().is_some_and(|deadline| deadline <= self.core.clock.instant(now.monotonic)) {
            self.calls.expire(session, now, &self.core.clock, self.cause.as_deref());
        }
    }

    /// Ready when the session is somebody else's.
    fn poll_lost(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.lost.as_mut().map_or(Poll::Pending, |lost| lost.as_mut().poll(cx))
    }

    /// Does what a handle asks for; `true` when that is to close.
    fn obey(&mut self, session: Option<&mut Session>, command: Command) -> bool {
        match command {
            Command::Call(call) => self.calls.add(call),
            Command::Cancel(id) => self.calls.cancel(session, self.core.clock.now(), id),
            Command::Close(done) => {
                self.closing = Some(done);
                return true;
            }
        }
        false
    }

    /// [`obey`](Self::obey) while there is no connection.
    fn obey_offline(&mut self, command: Command) -> bool {
        let mut session = self.session.take();
        let close = self.obey(session.as_deref_mut(), command);
        self.session = session;
        close
    }

    /// Saves salt and clock in the background: losing either costs one round trip, no more.
    fn save(&mut self, session: &Session, salt: Option<i64>) {
        self.saves.retain(|save| !save.is_finished());
        let (core, dc, key_id) = (Arc::clone(&self.core), self.dc, self.key_id);
        // The salts of a temporary key end with it.
        let salt = salt.filter(|_| self.keeping.is_none());
        let offset = session.time().offset_seconds(core.clock.now());
        self.saves.push(tokio::spawn(save(core, (dc, key_id), salt, offset)));
    }

    /// Saves salt and clock before the link ends.
    async fn save_now(&mut self) {
        let Some(session) = &self.session else { return };
        let now = self.core.clock.now();
        let (salt, offset) = (session.salt(now), session.time().offset_seconds(now));
        let salt = Some(salt).filter(|salt| *salt != 0 && self.keeping.is_none());
        save(Arc::clone(&self.core), (self.dc, self.key_id), salt, offset).await;
    }

    /// The server does not know the key, seen for the `unknown_key`th time in a row. The first time might be a
    /// mistake of the network, as the code is not authenticated; the second time the key is given up, if nobody is
    /// logged in with it, and a new one is made. `false`: somebody is, and has to be told.
    async fn replace_unknown_key(&mut self) -> bool {
        self.unknown_key += 1;
        let (now, times) = (self.core.clock.now().monotonic, self.unknown_key);
        if self.keeping.as_mut().is_some_and(|keeping| keeping.unknown(now, times)) {
            return true;
        }
        self.unknown_key < 2 || self.forget_key().await
    }

    /// Gives up the permanent key, so that another is made, unless somebody is logged in with it: `false`.
    async fn forget_key(&mut self) -> bool {
        // At other DCs the login is taken along to the new key.
        if self.core.is_logged_in() && self.dc == self.core.home() {
            return false;
        }
        self.unknown_key = 0;
        self.give_up_session();
        let forgotten = self.core.change_dc(self.dc, |dc| {
            dc.auth_key = None;
            dc.authorized = false;
            dc.salts.clear();
        });
        if let Err(error) = forgotten.await {
            tracing::error!(%error, "cannot forget a dead key");
            return false;
        }
        true
    }

    /// The session cannot go on, and its calls wait for the next.
    fn give_up_session(&mut self) {
        if let Some(session) = self.session.take() {
            self.calls.requeue(&session, !self.heard);
        }
        self.heard = false;
    }

    /// The key is dead, or somebody else's: every call learns it, until the handles are gone.
    async fn refuse_calls(&mut self, end: impl Fn(CallStatus) -> CallEnd) {
        loop {
            self.calls.end_all(self.session.as_deref(), &end);
            let command = self.commands.recv().await;
            if command.is_none_or(|command| self.obey_offline(command)) {
                return;
            }
        }
    }
}

fn save(
    core: Arc<Core>,
    (dc, key_id): (i32, i64),
    salt: Option<i64>,
    time_offset: i64,
) -> BoxFuture<'static, ()> {
    erased(async move {
        let saved = core.change_dc(dc, move |dc| {
            if dc.auth_key.as_ref().map(AuthKey::id) != Some(key_id) {
                return;
            }
            if let Some(salt) = salt {
                dc.salts = vec![Salt::undated(salt)];
            }
            dc.time_offset = time_offset;
        });
        if let Err(error) = saved.await {
            tracing::warn!(%error, "cannot save salt and clock");
        }
    })
}
