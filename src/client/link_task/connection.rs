//! One connection of a link: packets, events, timers and commands, until something ends it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep_until, timeout};

use super::{End, Task};
use crate::client::Update;
use crate::client::establish::Established;
use crate::client::link::{CallEnd, Command};
use crate::message::client::{self, Session};
use crate::message::{ClientEvent, RpcError};
use crate::net::{Connection, FramedError};
use crate::transport::Frame;

/// Packets are left in the session, where they can still be batched, while this many bytes wait for the network.
const HIGH_WATER: usize = 256 * 1024;
/// How many frames or commands are taken in before what they caused is sent: they share a container then.
const BATCH: usize = 64;
/// How long an orderly close may take.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// What the task was woken by.
enum Wake {
    Command(Option<Command>),
    Frame(Result<Frame, FramedError>),
    Timer,
    /// The network has taken enough of what waited for it.
    Drained,
    /// The session is somebody else's.
    SessionLost,
}

impl Task {
    /// Feeds the session from a connection, and the connection from the session, until one of them ends it.
    pub(super) async fn drive(&mut self, established: Established) -> End {
        let Established { mut connection, address, auth_key, salt, time } = established;
        let now = self.core.clock.now();
        let options = self.core.config.timing.session_options(self.core.config.route.transport);
        self.key_id = auth_key.id();
        let mut session = self.session.take().unwrap_or_else(|| {
            let config = client::Config { auth_key, salt, time, options };
            Session::new(config, now, &mut self.rng)
        });
        tracing::debug!(%address, "connected");
        self.cause = None;
        self.introduced = false;
        session.on_connected(now);
        let end = self.exchange_packets(&mut session, &mut connection).await;
        session.on_disconnected(self.core.clock.now());
        // What the session had to say when the connection ended (answers that came with it) is still good.
        self.tell(&mut session);
        self.session = Some(session);
        end
    }

    async fn exchange_packets(&mut self, session: &mut Session, connection: &mut Connection) -> End {
        let mut timer = pin!(sleep_until(self.core.clock.instant(Duration::ZERO)));
        loop {
            let now = self.core.clock.now();
            self.calls.submit(session, now, self.introduced, &self.core.config.introduction);
            if let Err(end) = self.transmit(session, connection) {
                return end;
            }
            if let Some(deadline) = session.poll_timeout() {
                timer.as_mut().reset(self.core.clock.instant(deadline));
            }
            let armed = session.poll_timeout().is_some();
            let wake = poll_fn(|cx| self.poll_wake(cx, connection, armed.then_some(timer.as_mut()))).await;
            let result = match wake {
                Wake::Command(command) => self.take_commands(session, command),
                Wake::Frame(frame) => self.take_frames(session, connection, frame),
                Wake::Timer => {
                    session.handle_timeout(self.core.clock.now());
                    Ok(())
                }
                Wake::Drained => Ok(()),
                Wake::SessionLost => Err(End::SessionLost),
            };
            if let Err(end) = result {
                if matches!(end, End::Closed) {
                    self.close(session, connection).await;
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
        connection: &mut Connection,
        timer: Option<Pin<&mut Sleep>>,
    ) -> Poll<Wake> {
        // Before all else: what a server says to a key of others is not for us.
        if self.lost.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Wake::SessionLost);
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
        match timer.map(|timer| timer.poll(cx)) {
            Some(Poll::Ready(())) => Poll::Ready(Wake::Timer),
            _ => Poll::Pending,
        }
    }

    fn transmit(&mut self, session: &mut Session, connection: &mut Connection) -> Result<(), End> {
        let now = self.core.clock.now();
        if connection.wants_poll() {
            let mut packet = connection.buffer();
            if session.poll_http_wait(now, &mut self.rng, &mut packet) {
                connection.queue_poll(packet).map_err(|error| End::Lost(error.to_string()))?;
            }
        }
        while connection.queued() < HIGH_WATER {
            let mut packet = connection.buffer();
            let Some(transmit) = session.poll_transmit(now, &mut self.rng, &mut packet) else { break };
            connection.queue(packet, transmit.quick_ack).map_err(|error| End::Lost(error.to_string()))?;
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
        connection: &mut Connection,
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
                Frame::Empty => {}
            }
            next = if left > 0 { connection.buffered() } else { None };
        }
        Ok(())
    }

    /// Passes on what the session has to tell; `true` when it says that the connection is dead.
    pub(super) fn tell(&mut self, session: &mut Session) -> bool {
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

    /// Sends what is still to be said, acknowledgments above all, and closes the connection in order.
    async fn close(&mut self, session: &mut Session, connection: &mut Connection) {
        session.flush_acks();
        if self.transmit(session, connection).is_err() {
            return;
        }
        match timeout(CLOSE_LIMIT, connection.shutdown()).await {
            Ok(Ok(())) => tracing::debug!("closed"),
            Ok(Err(error)) => tracing::debug!(%error, "the connection broke while it was closed"),
            Err(_) => tracing::debug!("the server does not read; closed without waiting"),
        }
    }
}

fn wants_introduction(error: &RpcError) -> bool {
    error.is("CONNECTION_NOT_INITED") || error.is("CONNECTION_LAYER_INVALID")
}
