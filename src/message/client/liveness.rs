//! Pings, and whether the connection is still alive (PG-1).

use std::time::Duration;

/// How many seconds after a ping the server may close a connection on which no other came: somewhat more
/// than the interval between two.
const DISCONNECT_MARGIN: Duration = Duration::from_secs(15);

/// Watches one connection. All times are readings of the monotonic clock.
#[derive(Debug)]
pub(super) struct Liveness {
    interval: Option<Duration>,
    timeout: Duration,
    next_ping: Option<Duration>,
    waiting_since: Option<Duration>,
    last_heard: Duration,
    last_ping_id: i64,
    dead: bool,
}

impl Liveness {
    pub(super) fn new(interval: Option<Duration>, timeout: Duration) -> Self {
        Self {
            interval,
            timeout,
            next_ping: None,
            waiting_since: None,
            last_heard: Duration::ZERO,
            last_ping_id: 0,
            dead: false,
        }
    }

    /// A connection begins. If it is not the first, a ping goes out at once: only a packet tells the server
    /// where to send the updates that wait.
    pub(super) fn connected(&mut self, now: Duration, again: bool) {
        self.next_ping = self.interval.map(|interval| if again { now } else { now + interval });
        self.waiting_since = None;
        self.last_heard = now;
        self.dead = false;
    }

    /// The connection is gone.
    pub(super) fn disconnected(&mut self) {
        self.next_ping = None;
        self.waiting_since = None;
    }

    /// A valid packet has come.
    pub(super) fn heard(&mut self, now: Duration) {
        self.last_heard = now;
    }

    /// Something was asked that a server answers at once. A connection that has died while calls wait is found out so,
    /// and not only by the next ping.
    pub(super) fn asked(&mut self, now: Duration) {
        if self.interval.is_some() {
            self.waiting_since.get_or_insert(now);
        }
    }

    /// The pong, or the answer to what was asked, has come.
    pub(super) fn pong(&mut self) {
        self.waiting_since = None;
    }

    /// The ping was refused: send it again at once.
    pub(super) fn refused(&mut self, now: Duration) {
        self.waiting_since = None;
        self.next_ping = self.interval.map(|_| now);
    }

    /// A ping is to be sent now: its id, and the delay in seconds after which the server may close.
    pub(super) fn take_ping(&mut self, now: Duration) -> Option<(i64, i32)> {
        let interval = self.interval?;
        if self.next_ping.is_none_or(|at| at > now) {
            return None;
        }
        self.next_ping = Some(now + interval);
        self.waiting_since.get_or_insert(now);
        self.last_ping_id = self.last_ping_id.wrapping_add(1);
        let delay = (interval + DISCONNECT_MARGIN).as_secs();
        Some((self.last_ping_id, i32::try_from(delay).unwrap_or(i32::MAX)))
    }

    /// When nothing was heard for too long after a ping.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let since = self.waiting_since.filter(|_| !self.dead)?;
        Some(since.max(self.last_heard) + self.timeout)
    }

    /// Whether the connection has died by now; true once for each connection.
    pub(super) fn take_dead(&mut self, now: Duration) -> bool {
        let died = self.deadline().is_some_and(|deadline| deadline <= now);
        self.dead |= died;
        died
    }

    pub(super) fn next_timeout(&self) -> Option<Duration> {
        [self.next_ping, self.deadline()].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: Duration = Duration::from_secs(1);

    fn connected() -> Liveness {
        let mut liveness = Liveness::new(Some(60 * S), 15 * S);
        liveness.connected(100 * S, false);
        liveness
    }

    #[test]
    fn pg_1_pings_go_out_though_other_things_are_heard() {
        let mut liveness = connected();
        assert_eq!(liveness.next_timeout(), Some(160 * S));
        liveness.heard(159 * S);
        assert_eq!(liveness.take_ping(159 * S), None);
        assert_eq!(liveness.take_ping(160 * S), Some((1, 75)));
        liveness.pong();
        assert_eq!(liveness.take_ping(219 * S), None);
        assert_eq!(
            liveness.take_ping(220 * S),
            Some((2, 75)),
            "the server counts from the last ping, not from the last packet"
        );
    }

    #[test]
    fn pg_1_without_a_pong_the_connection_is_dead_once() {
        let mut liveness = connected();
        liveness.take_ping(160 * S).unwrap();
        assert!(!liveness.take_dead(174 * S));
        assert_eq!(liveness.next_timeout(), Some(175 * S));
        assert!(liveness.take_dead(175 * S));
        assert!(!liveness.take_dead(176 * S));
        liveness.connected(200 * S, true);
        assert_eq!(liveness.next_timeout(), Some(200 * S));
        assert!(!liveness.take_dead(1000 * S), "another connection, and no ping on it yet");
    }

    #[test]
    fn a_server_that_talks_is_alive_though_its_pong_is_late() {
        let mut liveness = connected();
        liveness.take_ping(160 * S).unwrap();
        liveness.heard(170 * S);
        assert!(!liveness.take_dead(184 * S));
        assert!(liveness.take_dead(185 * S));
    }

    #[test]
    fn a_question_without_an_answer_is_as_telling_as_a_ping() {
        let mut liveness = connected();
        liveness.asked(110 * S);
        liveness.asked(112 * S);
        assert_eq!(liveness.next_timeout(), Some(125 * S));
        liveness.pong();
        assert_eq!(liveness.next_timeout(), Some(160 * S), "answered");
        liveness.asked(130 * S);
        assert!(liveness.take_dead(145 * S));
    }

    #[test]
    fn without_an_interval_no_ping() {
        let mut liveness = Liveness::new(None, 15 * S);
        liveness.connected(S, false);
        assert_eq!((liveness.next_timeout(), liveness.take_ping(1000 * S)), (None, None));
    }
}
