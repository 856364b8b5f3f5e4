//! The task that serves one DC: it owns the session, its calls and, one after the other, the connections.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use rand::rngs::StdRng;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Sleep, sleep_until, timeout};
use tracing::Instrument;

use super::Update;
use super::calls::Calls;
use super::core::Core;
use super::establish::{Established, establish};
use super::link::{CallEnd, Command, GivenUp};
use crate::crypto::AuthKey;
use crate::message::client::{self, Session};
use crate::message::{CallStatus, ClientEvent, RpcError};
use crate::net::{Backoff, Framed, FramedError, Refusal};
use crate::session::Salt;
use crate::transport::Frame;

/// Packets are left in the session, where they can still be batched, while this many bytes wait for the network.
const HIGH_WATER: usize = 256 * 1024;
/// How many frames or commands are taken in before what they caused is sent: they share a container then.
const BATCH: usize = 64;
/// How long an orderly close may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Serves a DC until all handles are gone or one of them closes it.
pub(super) async fn run(
    core: Arc<Core>,
    dc: i32,
    first: Established,
    commands: mpsc::UnboundedReceiver<Command>,
) {
    let span = tracing::info_span!("link", dc);
    let timing = &core.config.timing;
    let task = Task {
        dc,
        commands,
        calls: Calls::default(),
        session: None,
        key_id: first.auth_key.id(),
        introduced: false,
        heard: false,
        unknown_key: 0,
        cause: None,
        closing: None,
        backoff: Backoff::new(timing.reconnect_first, timing.reconnect_max),
        rng: rand::make_rng(),
        core,
    };
    task.serve(first).instrument(span).await;
}

struct Task {
    core: Arc<Core>,
    dc: i32,
    commands: mpsc::UnboundedReceiver<Command>,
    calls: Calls,
    /// Lives through reconnections; made anew only with a new key.
    session: Option<Session>,
    /// The id of the session's key: what is saved goes with this key, and not with one that replaced it.
    key_id: i64,
    /// The server has answered a call inside `initConnection` on this connection (AP-1).
    introduced: bool,
    /// The server has understood this session at least once.
    heard: bool,
    /// How often in a row the server said that it does not know the key.
    unknown_key: u32,
    /// Why there is no connection, while there is none.
    cause: Option<String>,
    closing: Option<oneshot::Sender<()>>,
    backoff: Backoff,
    rng: StdRng,
}

/// Why a connection was given up.
enum End {
    /// The handles are gone, or one asked for it.
    Closed,
    /// The network or the server ended it: dial again.
    Lost(String),
    /// The server does not want this key or so many connections.
    Refused(Refusal),
}

/// What the task was woken by.
enum Wake {
    Command(Option<Command>),
    Frame(Result<Frame, FramedError>),
    Timer,
    /// The network has taken enough of what waited for it.
    Drained,
}

impl Task {
    async fn serve(mut self, first: Established) {
        let mut connected = Some(first);
        loop {
            let established = match connected.take() {
                Some(established) => established,
                None => match self.reconnect().await {
                    Some(established) => established,
                    None => break,
                },
            };
            let address = established.address.clone();
            match self.drive(established).await {
                End::Closed => break,
                End::Lost(cause) => {
                    tracing::info!(%address, %cause, "connection lost");
                    self.cause = Some(format!("{address}: {cause}"));
                }
                End::Refused(refusal) => {
                    tracing::warn!(%address, %refusal, "connection refused");
                    self.cause = Some(format!("{address}: {refusal}"));
                    if refusal == Refusal::Flood {
                        self.backoff.at_least(Duration::from_secs(1));
                    }
                    if refusal == Refusal::UnknownKey && !self.replace_unknown_key().await {
                        self.refuse_calls().await;
                        break;
                    }
                }
            }
        }
        self.calls.end_all(self.session.as_ref(), CallEnd::Closed);
        self.commands.close();
        while let Ok(command) = self.commands.try_recv() {
            self.obey_offline(command);
        }
        self.calls.end_all(None, CallEnd::Closed);
        self.save_now().await;
        if let Some(closing) = self.closing.take() {
            // Nobody waits any more: fine.
            let _ = closing.send(());
        }
    }

    /// Dials until there is a connection, with growing pauses; `None` when the link is to be closed.
    async fn reconnect(&mut self) -> Option<Established> {
        for attempt in 0.. {
            let pause = self.backoff.pause(&mut self.rng);
            self.obey_during(tokio::time::sleep(pause)).await?;
            let core = Arc::clone(&self.core);
            let dc = self.dc;
            match self.obey_during(async move { establish(&core, dc, attempt).await }).await? {
                Ok(established) => return Some(established),
                Err(error) => {
                    tracing::warn!(%error, attempt, "cannot connect");
                    self.cause = Some(error.to_string());
                }
            }
        }
        None
    }

    /// Waits for `work` and meanwhile takes calls in and lets them go; `None` when the link is to be closed.
    async fn obey_during<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            while let Poll::Ready(command) = self.commands.poll_recv(cx) {
                if command.is_none_or(|command| self.obey_offline(command)) {
                    return Poll::Ready(None);
                }
            }
            work.as_mut().poll(cx).map(Some)
        })
        .await
    }

    /// Does what a handle asks for; `true` when that is to close.
    fn obey(&mut self, session: Option<&mut Session>, command: Command) -> bool {
        match command {
            Command::Call(call) => self.calls.add(call),
            Command::Cancel(id, reply) => {
                let status = self.calls.cancel(session, self.core.clock.now(), id);
                if let Some(reply) = reply {
                    // A call that has just ended was received at least.
                    let status = status.unwrap_or(CallStatus::Received);
                    // The caller may have gone away meanwhile: then nobody wants to know.
                    let _ = reply.send(GivenUp { status, cause: self.cause.clone() });
                }
            }
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
        let close = self.obey(session.as_mut(), command);
        self.session = session;
        close
    }

    /// Feeds the session from a connection, and the connection from the session, until one of them ends it.
    async fn drive(&mut self, established: Established) -> End {
        let Established { mut framed, address, auth_key, salt, time } = established;
        let now = self.core.clock.now();
        let options = self.core.config.timing.session_options();
        self.key_id = auth_key.id();
        let mut session = self.session.take().unwrap_or_else(|| {
            let config = client::Config { auth_key, salt, time, options };
            Session::new(config, now, &mut self.rng)
        });
        tracing::debug!(%address, "connected");
        self.cause = None;
        self.introduced = false;
        session.on_connected(now);
        let end = self.exchange_packets(&mut session, &mut framed).await;
        session.on_disconnected(self.core.clock.now());
        // What the session had to say when the connection ended (answers that came with it) is still good.
        self.tell(&mut session);
        self.session = Some(session);
        end
    }

    async fn exchange_packets(&mut self, session: &mut Session, framed: &mut Framed<TcpStream>) -> End {
        let mut timer = pin!(sleep_until(self.core.clock.instant(Duration::ZERO)));
        loop {
            let now = self.core.clock.now();
            self.calls.submit(session, now, self.introduced, &self.core.config.introduction);
            if let Err(end) = self.transmit(session, framed) {
                return end;
            }
            if let Some(deadline) = session.poll_timeout() {
                timer.as_mut().reset(self.core.clock.instant(deadline));
            }
            let armed = session.poll_timeout().is_some();
            let wake = poll_fn(|cx| self.poll_wake(cx, framed, armed.then_some(timer.as_mut()))).await;
            let result = match wake {
                Wake::Command(command) => self.take_commands(session, command),
                Wake::Frame(frame) => self.take_frames(session, framed, frame),
                Wake::Timer => {
                    session.handle_timeout(self.core.clock.now());
                    Ok(())
                }
                Wake::Drained => Ok(()),
            };
            if let Err(end) = result {
                if matches!(end, End::Closed) {
                    self.close(session, framed).await;
                }
                return end;
            }
            if self.tell(session) {
                return End::Lost("the server stopped answering".to_owned());
            }
        }
    }

    fn poll_wake(
        &mut self,
        cx: &mut Context<'_>,
        framed: &mut Framed<TcpStream>,
        timer: Option<Pin<&mut Sleep>>,
    ) -> Poll<Wake> {
        let full = framed.queued() >= HIGH_WATER;
        if let Poll::Ready(frame) = framed.poll_next(cx) {
            return Poll::Ready(Wake::Frame(frame));
        }
        if full && framed.queued() < HIGH_WATER {
            return Poll::Ready(Wake::Drained);
        }
        if let Poll::Ready(command) = self.commands.poll_recv(cx) {
            return Poll::Ready(Wake::Command(command));
        }
        match timer.map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Wake::Timer),
            _ => Poll::Pending,
        }
    }

    fn transmit(&mut self, session: &mut Session, framed: &mut Framed<TcpStream>) -> Result<(), End> {
        let now = self.core.clock.now();
        while framed.queued() < HIGH_WATER {
            let mut packet = framed.buffer();
            let Some(transmit) = session.poll_transmit(now, &mut self.rng, &mut packet) else { break };
            framed.queue(packet, transmit.quick_ack).map_err(|error| End::Lost(error.to_string()))?;
        }
        Ok(())
    }

    fn take_commands(&mut self, session: &mut Session, first: Option<Command>) -> Result<(), End> {
        let mut next = Some(first.ok_or(End::Closed)?);
        for left in (0..BATCH).rev() {
            let Some(command) = next else { break };
            if self.obey(Some(session), command) {
                return Err(End::Closed);
            }
            next = if left > 0 { self.commands.try_recv().ok() } else { None };
        }
        Ok(())
    }

    fn take_frames(
        &mut self,
        session: &mut Session,
        framed: &mut Framed<TcpStream>,
        first: Result<Frame, FramedError>,
    ) -> Result<(), End> {
        let mut next = Some(first);
        for left in (0..BATCH).rev() {
            let Some(frame) = next else { break };
            match frame.map_err(|error| End::Lost(error.to_string()))? {
                Frame::Packet { payload, .. } => {
                    match session.handle_packet(self.core.clock.now(), payload) {
                        Ok(()) => {
                            self.heard = true;
                            self.unknown_key = 0;
                            self.backoff.reset();
                        }
                        Err(error) if error.closes_connection() => return Err(End::Lost(error.to_string())),
                        Err(error) => tracing::debug!(%error, "packet dropped"),
                    }
                }
                Frame::QuickAck(token) => session.handle_quick_ack(token),
                Frame::TransportError(code) => return Err(End::Refused(code.into())),
            }
            next = if left > 0 { framed.buffered() } else { None };
        }
        Ok(())
    }

    /// Passes on what the session has to tell; `true` when it says that the connection is dead.
    fn tell(&mut self, session: &mut Session) -> bool {
        let mut dead = false;
        while let Some(event) = session.poll_event() {
            match event {
                ClientEvent::Answer { request, result } => {
                    let Some(ended) = self.calls.ended(request) else { continue };
                    self.introduced |= ended.introduced && !result.as_ref().is_err_and(wants_introduction);
                    ended.call.end(result.map_err(CallEnd::Refused));
                }
                ClientEvent::Failed { request, reason } => {
                    let Some(ended) = self.calls.ended(request) else { continue };
                    ended.call.end(Err(CallEnd::Failed(reason)));
                }
                ClientEvent::Update(update) if self.core.home() == self.dc => {
                    self.core.updates.push(Update::Received(update));
                }
                ClientEvent::NewSession { .. } => {
                    self.introduced = false;
                    if self.core.home() == self.dc {
                        self.core.updates.push(Update::Missed);
                    }
                }
                ClientEvent::SessionRenewed { .. } => self.introduced = false,
                ClientEvent::SaltChanged { salt } => self.save(session, Some(salt)),
                ClientEvent::TimeChanged => self.save(session, None),
                ClientEvent::ConnectionDead => dead = true,
                _ => {}
            }
        }
        dead
    }

    /// Saves salt and clock in the background: losing either costs one round trip, no more.
    fn save(&self, session: &Session, salt: Option<i64>) {
        let (core, dc, key_id) = (Arc::clone(&self.core), self.dc, self.key_id);
        let offset = session.time().offset_seconds(core.clock.now());
        tokio::spawn(async move { save(&core, dc, key_id, salt, offset).await });
    }

    /// Saves salt and clock before the link ends.
    async fn save_now(&self) {
        let Some(session) = &self.session else { return };
        let now = self.core.clock.now();
        let (salt, offset) = (session.salt(now), session.time().offset_seconds(now));
        save(&self.core, self.dc, self.key_id, Some(salt).filter(|salt| *salt != 0), offset).await;
    }

    /// The server does not know the key, seen for the `unknown_key`th time in a row. The first time might be a
    /// mistake of the network, as the code is not authenticated; the second time the key is given up, if nobody is
    /// logged in with it, and a new one is made. `false`: somebody is, and has to be told.
    async fn replace_unknown_key(&mut self) -> bool {
        self.unknown_key += 1;
        if self.unknown_key < 2 {
            return true;
        }
        if self.core.is_logged_in() {
            return false;
        }
        self.unknown_key = 0;
        if let Some(session) = self.session.take() {
            self.calls.requeue(&session, !self.heard);
        }
        self.heard = false;
        let forgotten = self.core.change_dc(self.dc, |dc| {
            dc.auth_key = None;
            dc.salts.clear();
        });
        if let Err(error) = forgotten.await {
            tracing::error!(%error, "cannot forget a dead key");
            return false;
        }
        true
    }

    /// The key is dead and cannot be replaced: every call learns it, until the handles are gone.
    async fn refuse_calls(&mut self) {
        loop {
            self.calls.end_all(self.session.as_ref(), |_| CallEnd::KeyUnknown);
            let command = self.commands.recv().await;
            if command.is_none_or(|command| self.obey_offline(command)) {
                return;
            }
        }
    }

    /// Sends what is still to be said, acknowledgments above all, and closes the connection in order.
    async fn close(&mut self, session: &mut Session, framed: &mut Framed<TcpStream>) {
        session.flush_acks();
        if self.transmit(session, framed).is_err() {
            return;
        }
        match timeout(CLOSE_LIMIT, framed.shutdown()).await {
            Ok(Ok(())) => tracing::debug!("closed"),
            Ok(Err(error)) => tracing::debug!(%error, "the connection broke while it was closed"),
            Err(_) => tracing::debug!("the server does not read; closed without waiting"),
        }
    }
}

fn wants_introduction(error: &RpcError) -> bool {
    error.is("CONNECTION_NOT_INITED") || error.is("CONNECTION_LAYER_INVALID")
}

async fn save(core: &Arc<Core>, dc: i32, key_id: i64, salt: Option<i64>, time_offset: i64) {
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
}
