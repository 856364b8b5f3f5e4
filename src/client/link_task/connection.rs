//! One connection of a link: packets, events, timers and commands, until something ends it.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::timeout;

use super::pause::behind_all;
use super::stall::Stall;
use super::{End, Task};
use crate::client::Update;
use crate::client::calls::Around;
use crate::client::establish::Established;
use crate::client::link::{CallEnd, Command};
use crate::clock::Now;
use crate::message::client::{self, CallOptions, Session};
use crate::message::{ClientEvent, RequestId, RpcError};
use crate::net::{Alarm, Connection, FramedError};
use crate::tl::mtproto::functions::DestroySession;
use crate::tl::{Bytes, Constructor, Serialize, types};
use crate::transport::Frame;

/// Constructor id of `updateConfig`, which has no fields and so no type of its own.
const UPDATE_CONFIG: u32 = 0xa229_dd06;

/// Packets are left in the session, where they can still be batched, while this many bytes wait for the network.
const HIGH_WATER: usize = 256 * 1024;
/// So many packets are sealed side by side, however large: file parts, mostly. Beyond the mark above they go together.
const LARGE: usize = 4;
/// How many frames or commands at most are taken in before what they caused is sent: they share a container then.
const BATCH: usize = 512;
/// From so many calls in flight on, a call lets those who are about to make one go first, so that they share a packet, and so
/// do as many answers: a packet costs both sides more than what is in it. For fewer the pause is not worth its price.
const CROWD: usize = 4;
/// Of the calls in flight and those that wait no more than a third goes into one packet: while the answers to one are read
/// here, the server works on another, and the third is on its way, so that neither side waits for the other.
const PARTS: usize = 3;
/// They are not parted if a third were fewer: a packet costs both sides more than what is in it.
const SMALLEST_PART: usize = 4;
/// From so many calls in flight on, their callers are many beside what else a runtime has to do.
const LARGE_CROWD: usize = 32;
/// How often at most callers go first before a packet is made.
const PAUSES: usize = 4;
/// For how long nothing has come or gone when memory is let go that serves only the traffic. Short, so that of many
/// clients which connect one after the other the later ones can have the memory of the earlier; long between the packets of
/// a program that has something to do.
const QUIET: Duration = Duration::from_millis(100);
/// How long an orderly close may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What the task was woken by.
enum Wake {
    Command(Option<Command>),
    Frame(Result<Frame, FramedError>),
    Timer,
    /// The network has taken enough of what waited for it.
    Drained,
    /// Something has become of the temporary key.
    KeyNews,
    /// The session is somebody else's.
    SessionLost,
}

impl Task {
    /// Feeds the session from a connection, and the connection from the session, until one of them ends it.
    pub(super) async fn drive(&mut self, established: Box<Established>) -> End {
        let (mut session, mut connection) = self.begin(established);
        let end = self.exchange_packets(&mut session, &mut connection).await;
        session.on_disconnected(self.core.clock.now());
        if let Some(keeping) = &mut self.keeping {
            keeping.interrupted();
        }
        // What the session had to say when the connection ended (answers that came with it) is still good.
        let end = self.tell(&mut session).err().filter(|_| matches!(end, End::Lost(_))).unwrap_or(end);
        self.session = Some(session);
        end
    }

    /// The session that goes on over a new connection, and the connection.
    #[expect(clippy::boxed_local, reason = "so that its memory is free while the connection is served")]
    fn begin(&mut self, established: Box<Established>) -> (Box<Session>, Connection) {
        let Established { connection, address, auth_key, salt, time, permanent, temp } = *established;
        let now = self.core.clock.now();
        let options = self.core.config.timing.session_options(self.core.config.route.transport);
        self.key_id = permanent;
        let same = self.session.as_ref().is_some_and(|session| session.auth_key().id() == auth_key.id());
        if !same {
            self.give_up_session();
        }
        if let Some(keeping) = &mut self.keeping {
            keeping.begin(temp, same);
        }
        let mut session = self.session.take().unwrap_or_else(|| {
            let config = client::Config { auth_key, salt, time, options };
            Box::new(Session::new(config, now, &mut rand::rng()))
        });
        tracing::debug!(%address, "connected");
        self.cause = None;
        self.introduced = false;
        self.idle_since = None;
        // Taken back with the first packet that comes.
        self.failures += 1;
        session.on_connected(now);
        (session, connection)
    }

    async fn exchange_packets(&mut self, session: &mut Session, connection: &mut Connection) -> End {
        let mut timer = Alarm::new();
        let mut stall = Stall::new(self.core.config.timing.ping + self.core.config.timing.pong);
        // Read once for what has woken the task and what is done about it, and again between packets.
        let mut now = self.core.clock.now();
        loop {
            if let Err(end) = self.keep_key(session, now) {
                if matches!(end, End::Replaced(_)) {
                    Box::pin(self.close(session, connection)).await;
                }
                return end;
            }
            self.expire_calls(Some(session), now);
            let all = self.calls.all();
            if self.keeping.as_mut().is_none_or(|keeping| keeping.admit(now.monotonic, all)) {
                let around = Around {
                    introduced: self.introduced,
                    without_updates: !self.is_home(),
                    quick_acks: self.core.config.route.transport.has_quick_acks(),
                    introduction: &self.core.config.introduction,
                };
                self.calls.submit(session, now, around);
            }
            if let Err(end) = self.transmit(session, connection, now) {
                return end;
            }
            if std::mem::take(&mut self.stirred) {
                self.shrink_at = Some(now.monotonic + QUIET);
            } else if self.shrink_at.is_some_and(|at| at <= now.monotonic) {
                self.shrink(session, connection);
            }
            let config_due = if self.is_home() { self.core.refresh.due() } else { None };
            if config_due.is_some_and(|due| due <= now.monotonic) {
                self.core.refresh_config();
            }
            let key_deadline = self.keeping.as_ref().and_then(|keeping| keeping.deadline(now.monotonic));
            let idle_deadline = match self.idle_deadline(now.monotonic) {
                Some(deadline) if deadline <= now.monotonic => {
                    Box::pin(self.close(session, connection)).await;
                    return End::Idle;
                }
                deadline => deadline,
            };
            // What is due and cannot go would wake the task again at once.
            let full = connection.queued() >= HIGH_WATER;
            let due = if full { session.poll_timeout_unsent() } else { session.poll_timeout() };
            let stalled = match connection.unsent() {
                unsent if full && unsent > 0 => Some(stall.blocked(now.monotonic, unsent)),
                _ => {
                    stall.moved();
                    None
                }
            };
            if stalled.is_some_and(|at| at <= now.monotonic) {
                return End::Lost("the server takes no packets and says nothing".to_owned());
            }
            let config_due = config_due.filter(|due| *due > now.monotonic);
            let deadlines = [due, key_deadline, idle_deadline, config_due, self.shrink_at, stalled];
            let deadline = deadlines.into_iter().flatten().min();
            let deadline = deadline.map(|deadline| self.core.clock.instant(deadline));
            timer.set(deadline.into_iter().chain(self.calls.deadline()).min());
            let wake = poll_fn(|cx| self.poll_wake(cx, connection, &mut timer)).await;
            if matches!(wake, Wake::Command(_)) && self.lets_others_first(connection) {
                if self.calls.running() >= LARGE_CROWD {
                    behind_all().await;
                } else {
                    yield_now().await;
                }
            }
            if matches!(wake, Wake::Frame(_)) {
                stall.moved();
            }
            now = self.core.clock.now();
            if let Err(end) = self.act_and_let_callers_go_first(session, connection, wake, &mut now).await {
                if matches!(end, End::Closed) {
                    Box::pin(self.close(session, connection)).await;
                }
                return end;
            }
        }
    }

    /// Does what has woken the task. The callers of many calls that end with it go before a packet is made: what they ask
    /// next can share it with the acks of these answers, which may have to go at once (AK-1).
    async fn act_and_let_callers_go_first(
        &mut self,
        session: &mut Session,
        connection: &mut Connection,
        wake: Wake,
        now: &mut Now,
    ) -> Result<(), End> {
        let ended = self.act(session, connection, wake, now)?;
        if ended >= CROWD {
            self.let_callers_go_first(is_pipelined(connection), ended).await;
            *now = self.core.clock.now();
            if let Some(command) = self.commands.try_recv() {
                self.act(session, connection, Wake::Command(Some(command)), now)?;
            }
        }
        Ok(())
    }

    /// Pauses once. While the server has another part of a crowd to work on, a few further pauses are shorter than its work:
    /// until as many calls wait as have ended, or a pause has brought none.
    async fn let_callers_go_first(&mut self, pipelined: bool, ended: usize) {
        let running = self.calls.running();
        let pauses = if pipelined && running >= SMALLEST_PART { PAUSES } else { 1 };
        let crowd = running.max(ended) >= LARGE_CROWD;
        let mut waiting = 0;
        for _ in 0..pauses {
            if crowd {
                behind_all().await;
            }
            // Of a crowd whose callers are no tasks of their own none has come: the runtime turns to what it blocks on later.
            if !crowd || self.commands.len() == 0 {
                yield_now().await;
            }
            let before = std::mem::replace(&mut waiting, self.commands.len());
            if waiting >= ended || waiting == before {
                return;
            }
        }
    }

    /// Does what has woken the task, and gives how many calls ended with it.
    fn act(
        &mut self,
        session: &mut Session,
        connection: &mut Connection,
        wake: Wake,
        now: &mut Now,
    ) -> Result<usize, End> {
        match wake {
            Wake::Command(command) => self.take_commands(session, connection, command)?,
            Wake::Frame(frame) => self.take_frames(session, connection, frame, now)?,
            Wake::Timer => session.handle_timeout(*now),
            Wake::Drained | Wake::KeyNews => {}
            Wake::SessionLost => return Err(End::SessionLost),
        }
        self.tell(session)
    }

    fn poll_wake(
        &mut self,
        cx: &mut Context<'_>,
        connection: &mut Connection,
        timer: &mut Alarm,
    ) -> Poll<Wake> {
        // Before all else: what a server says to a key of others is not for us.
        if self.poll_lost(cx).is_ready() {
            return Poll::Ready(Wake::SessionLost);
        }
        // Before the frames, of which there may always be another: the next key is made in there.
        if self.keeping.as_mut().is_some_and(|keeping| keeping.poll(cx).is_ready()) {
            return Poll::Ready(Wake::KeyNews);
        }
        let full = connection.queued() >= HIGH_WATER;
        if let Poll::Ready(frame) = connection.poll_next(cx) {
            return Poll::Ready(Wake::Frame(frame));
        }
        if full && connection.queued() < HIGH_WATER {
            return Poll::Ready(Wake::Drained);
        }
        if let Poll::Ready(command) = self.commands.poll_recv(cx) {
            return Poll::Ready(Wake::Command(command));
        }
        timer.poll(cx).map(|()| Wake::Timer)
    }

    fn transmit(&mut self, session: &mut Session, connection: &mut Connection, now: Now) -> Result<(), End> {
        let mut rng = rand::rng();
        if connection.wants_poll() {
            let mut packet = connection.buffer();
            if session.poll_http_wait(now, &mut rng, &mut packet) {
                connection.queue_poll(packet).map_err(|error| End::Lost(error.to_string()))?;
            } else {
                connection.give_back(packet);
            }
        }
        while connection.queued() < HIGH_WATER {
            let mut bytes = connection.queued();
            while (bytes < HIGH_WATER || self.drafts.len() < LARGE)
                && self.drafts.len() < connection.side_by_side()
                && session.wants_transmit(now)
            {
                match session.draft(now, &mut rng, connection.buffer()) {
                    Ok(draft) => {
                        bytes += draft.len();
                        self.drafts.push(draft);
                    }
                    Err(buffer) => {
                        connection.give_back(buffer);
                        break;
                    }
                }
            }
            if self.drafts.is_empty() {
                return Ok(());
            }
            self.stirred = true;
            let mut queued = Ok(());
            session.seal(&mut self.drafts, |packet, transmit| {
                if queued.is_ok() {
                    queued = connection.queue(packet, transmit.quick_ack);
                }
            });
            queued.map_err(|error| End::Lost(error.to_string()))?;
        }
        Ok(())
    }

    /// Whether a command waits for those of others, to share a packet with them: not where enough for a part of a crowd wait
    /// already.
    fn lets_others_first(&self, connection: &Connection) -> bool {
        let enough = || is_pipelined(connection) && 1 + self.commands.len() >= SMALLEST_PART;
        self.calls.running() >= CROWD && !enough()
    }

    fn take_commands(
        &mut self,
        session: &mut Session,
        connection: &Connection,
        first: Option<Command>,
    ) -> Result<(), End> {
        let mut next = Some(first.ok_or(End::Closed)?);
        let calls = 1 + self.commands.len() + self.calls.running();
        for left in (0..at_once(calls, is_pipelined(connection))).rev() {
            let Some(command) = next else { break };
            if self.obey(Some(session), command) {
                return Err(End::Closed);
            }
            next = if left > 0 { self.commands.try_recv() } else { None };
        }
        Ok(())
    }

    fn take_frames(
        &mut self,
        session: &mut Session,
        connection: &mut Connection,
        first: Result<Frame, FramedError>,
        now: &mut Now,
    ) -> Result<(), End> {
        self.stirred = true;
        let mut next = Some(first);
        for left in (0..BATCH).rev() {
            let Some(frame) = next else { break };
            match frame.map_err(|error| End::Lost(error.to_string()))? {
                Frame::Packet { payload, .. } => {
                    match session.handle_packet(*now, payload) {
                        Ok(()) => {
                            self.heard = true;
                            self.unknown_key = 0;
                            if std::mem::take(&mut self.failures) > 1 {
                                // Perhaps the addresses are others now.
                                self.core.refresh_config();
                            }
                            if self.is_open(now.monotonic) {
                                self.backoff.reset();
                            }
                        }
                        Err(error) if error.closes_connection() => return Err(End::Lost(error.to_string())),
                        Err(error) => tracing::debug!(%error, "packet dropped"),
                    }
                }
                Frame::QuickAck(token) => session.handle_quick_ack(token),
                Frame::TransportError(code) => return Err(End::Refused(code.into())),
                Frame::Empty => {}
            }
            next = if left > 0 { connection.buffered() } else { None };
            if next.is_some() {
                // Many large packets take their time.
                *now = self.core.clock.now();
            }
        }
        Ok(())
    }

    /// Passes on what the session has to tell, and gives how many calls ended, or why the connection has to.
    pub(super) fn tell(&mut self, session: &mut Session) -> Result<usize, End> {
        let (mut end, mut calls) = (Ok(()), 0);
        while let Some(event) = session.poll_event() {
            match event {
                ClientEvent::Answer { request, result } => {
                    if self.is_binding(request) {
                        end = end.and(self.binding_over(result));
                        continue;
                    }
                    let Some(ended) = self.calls.ended(request, result.is_ok()) else { continue };
                    self.introduced |= ended.introduced && !result.as_ref().is_err_and(wants_introduction);
                    if result.as_ref().is_err_and(|error| error.is("AUTH_KEY_PERM_EMPTY"))
                        && let Some(keeping) = &mut self.keeping
                    {
                        keeping.is_unbound();
                    }
                    ended.call.end(result.map_err(CallEnd::Refused));
                    calls += 1;
                }
                ClientEvent::Failed { request, reason } if self.is_binding(request) => {
                    end = end.and(Err(End::Lost(format!("auth.bindTempAuthKey: {reason}"))));
                    // Its fate is unknown, and to bind once more does no harm.
                    _ = self.binding_over(Err(RpcError::new(500, "TEMP_AUTH_KEY_EMPTY")));
                }
                ClientEvent::Failed { request, reason } => {
                    let Some(ended) = self.calls.ended(request, false) else { continue };
                    ended.call.end(Err(CallEnd::Failed(reason)));
                    calls += 1;
                }
                ClientEvent::QuickAck { request } => self.calls.acknowledged(request),
                // Updates from anywhere else are none (UP-7).
                ClientEvent::Update(update) if self.is_home() => {
                    if changes_config(&update) {
                        self.core.refresh_config();
                    }
                    self.core.updates.push(Update::Received(update));
                }
                ClientEvent::NewSession { .. } => {
                    self.introduced = false;
                    if self.is_home() {
                        self.core.updates.push(Update::Missed);
                    }
                }
                ClientEvent::SessionRenewed { former, .. } => {
                    self.introduced = false;
                    // The server may forget the former one at once; if it does not hear of it, it will in time.
                    let destroy = DestroySession { session_id: former }.to_bytes().unwrap_or_default();
                    let options = CallOptions { repeatable: true, ..CallOptions::default() };
                    _ = session.call(self.core.clock.now(), destroy, options);
                }
                ClientEvent::SaltChanged { salt } => self.save(session, Some(salt)),
                ClientEvent::TimeChanged => self.save(session, None),
                ClientEvent::ConnectionDead => {
                    end = end.and(Err(End::Lost("the server stopped answering".to_owned())));
                }
                _ => {}
            }
        }
        end.map(|()| calls)
    }

    /// Lets go of memory that is of no use while nothing happens. When something does, it is there again soon.
    fn shrink(&mut self, session: &mut Session, connection: &mut Connection) {
        self.shrink_at = None;
        // Then an answer is to come, and after that it is quiet again.
        if self.calls.is_empty() {
            session.shrink_to_fit();
            connection.shrink_to_fit();
            self.calls.shrink_to_fit();
            self.commands.shrink_to_fit();
            self.drafts = Vec::new();
            self.saves.retain(|save| !save.is_finished());
        }
    }

    /// When the connection is closed if there is nothing to do until then.
    fn idle_deadline(&mut self, now: Duration) -> Option<Duration> {
        if !self.may_idle() || !self.calls.is_empty() {
            self.idle_since = None;
            return None;
        }
        Some(*self.idle_since.get_or_insert(now) + self.core.config.timing.idle)
    }

    /// Whether calls can be made with the key.
    fn is_open(&self, now: Duration) -> bool {
        self.keeping.as_ref().is_none_or(|keeping| keeping.is_open(now))
    }

    fn is_binding(&self, request: RequestId) -> bool {
        self.keeping.as_ref().is_some_and(|keeping| keeping.is_binding(request))
    }

    /// Sends what is still to be said, acknowledgments above all, and closes the connection in order.
    async fn close(&mut self, session: &mut Session, connection: &mut Connection) {
        // Nobody would poll what makes the next key meanwhile, which may keep others from making theirs.
        if let Some(keeping) = &mut self.keeping {
            keeping.interrupted();
        }
        session.flush_acks();
        if self.transmit(session, connection, self.core.clock.now()).is_err() {
            return;
        }
        match timeout(CLOSE_LIMIT, connection.shutdown()).await {
            Ok(Ok(())) => tracing::debug!("closed"),
            Ok(Err(error)) => tracing::debug!(%error, "the connection broke while it was closed"),
            Err(_) => tracing::debug!("the server does not read; closed without waiting"),
        }
    }
}

/// Whether a packet can go before the one in front of it is answered. Over HTTP it cannot, and all that is there goes at once.
fn is_pipelined(connection: &Connection) -> bool {
    connection.side_by_side() > 1
}

/// How many calls at most go into one packet, of so many that are in flight or wait.
fn at_once(calls: usize, pipelined: bool) -> usize {
    if pipelined && calls >= PARTS * SMALLEST_PART { calls.div_ceil(PARTS).min(BATCH) } else { BATCH }
}

/// Whether an update says that the server's configuration is another: `updateDcOptions` or `updateConfig`, alone.
fn changes_config(update: &Bytes) -> bool {
    let id =
        |at: usize| update.get(at..at + 4).and_then(|id| id.first_chunk().copied()).map(u32::from_le_bytes);
    id(0) == Some(types::UpdateShort::ID) && matches!(id(4), Some(types::UpdateDcOptions::ID | UPDATE_CONFIG))
}

fn wants_introduction(error: &RpcError) -> bool {
    error.is("CONNECTION_NOT_INITED") || error.is("CONNECTION_LAYER_INVALID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_calls_are_parted_where_packets_can_follow_one_another() {
        assert_eq!([4, 11, 12, 13, 100, 10_000].map(|calls| at_once(calls, true)), [512, 512, 4, 5, 34, 512]);
        assert_eq!([4, 12, 10_000].map(|calls| at_once(calls, false)), [512; 3], "over HTTP");
    }
}
