//! What is to go wrong in a run, drawn from its seed.

use std::time::Duration;

use super::dice::Dice;
use crate::transport::Kind;

const MS: Duration = Duration::from_millis(1);
const S: Duration = Duration::from_secs(1);

/// Everything about a run that is decided before it begins.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) dcs: Vec<DcPlan>,
    pub(super) clients: Vec<ClientPlan>,
    pub(super) network: NetworkPlan,
    /// Calls of each session.
    pub(super) calls: u32,
    /// By then the last call is made.
    pub(super) busy: Duration,
    /// At how many moments things may happen: few, so that several often happen at one.
    pub(super) moments: u32,
    /// By then the last connection is cut.
    pub(super) trouble: Duration,
    /// A call is cancelled so often in 1000 times.
    pub(super) cancels: u32,
    /// How often somebody puts a packet of his own onto a connection.
    pub(super) attacks: u32,
    /// The period of the salts.
    pub(super) salt_period: Duration,
    /// The servers keep few answers and take few calls at a time.
    pub(super) small_servers: bool,
    /// How long an answer takes at most.
    pub(super) slowest_answer: Duration,
}

/// A server.
#[derive(Clone, Debug)]
pub(super) struct DcPlan {
    /// How often it forgets all sessions.
    pub(super) restarts: u32,
    /// How often all its salts become invalid.
    pub(super) salt_changes: u32,
    /// By how many milliseconds its clock is set, once.
    pub(super) clock_step: i64,
}

/// A machine with clients.
#[derive(Clone, Debug)]
pub(super) struct ClientPlan {
    /// The DC of each of its sessions.
    pub(super) sessions: Vec<usize>,
    pub(super) transport: Kind,
    /// The wall clock minus the true time, in milliseconds.
    pub(super) skew: i64,
    /// By how many milliseconds somebody sets the wall clock, once.
    pub(super) clock_step: i64,
    /// How long the machine sleeps in the middle of the run.
    pub(super) sleep: Duration,
    /// How often the process ends and begins again, with the key and the salt that it has saved.
    pub(super) restarts: u32,
    /// It begins without a salt.
    pub(super) no_salt: bool,
    /// It begins without a key.
    pub(super) no_key: bool,
}

/// How bad the network is.
#[derive(Clone, Debug)]
pub(super) struct NetworkPlan {
    /// Delays of packets: mostly below this.
    pub(super) delay: Duration,
    /// Packets overtake each other also within a connection: something on the way takes them apart.
    pub(super) reorder: bool,
    /// In 1000 packets.
    pub(super) duplicates: u32,
    /// In 1000 packets, lost although the connection lives on.
    pub(super) losses: u32,
    /// In 1000 writes, how many arrive in several pieces.
    pub(super) splits: u32,
    /// In 1000 writes, how many arrive together with the one before.
    pub(super) joins: u32,
    /// In 1000 writes, how many have a bit turned over.
    pub(super) flips: u32,
    /// How often the connection of a session is cut.
    pub(super) cuts: u32,
    /// How often a connection loses bytes, so that nothing comes through any more.
    pub(super) stalls: u32,
    /// How long a client has no network after a cut, at most.
    pub(super) outage: Duration,
}

impl Plan {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let dcs: Vec<_> = (0..1 + dice.below(3)).map(|_| DcPlan::draw(dice)).collect();
        let mut clients: Vec<_> = (0..1 + dice.below(3)).map(|_| ClientPlan::draw(dice, dcs.len())).collect();
        // The number theory of a key exchange costs as much as many runs without.
        if dice.below(64) == 0 {
            clients[0].no_key = true;
            clients[0].no_salt = false;
            clients[0].sessions.truncate(1);
        }
        let busy = if dice.below(24) == 0 { 7200 * S } else { 60 * S };
        Self {
            network: NetworkPlan::draw(dice),
            calls: dice.pick(&[2, 4, 6, 8, 20]),
            busy,
            moments: 1000,
            trouble: busy * 2,
            cancels: dice.pick(&[0, 0, 100]),
            attacks: dice.pick(&[0, 0, 3, 12]),
            salt_period: dice.pick(&[1800 * S, 1800 * S, 40 * S]),
            small_servers: dice.below(8) == 0,
            slowest_answer: dice.pick(&[50 * MS, 2 * S, 40 * S]),
            dcs,
            clients,
        }
    }

    /// A single client on a network that comes and goes, for so long.
    pub(super) fn flapping(dice: &mut Dice, long: Duration) -> Self {
        let client = ClientPlan {
            sessions: vec![0],
            transport: dice.pick(&Kind::FRAMED),
            skew: 0,
            clock_step: 0,
            sleep: Duration::ZERO,
            restarts: 0,
            no_salt: false,
            no_key: true,
        };
        let network = NetworkPlan {
            delay: 200 * MS,
            reorder: false,
            duplicates: 0,
            losses: 0,
            splits: 100,
            joins: 100,
            flips: 0,
            // Between a few seconds and two minutes apart.
            cuts: u32::try_from(long.as_secs() / 30).unwrap_or(u32::MAX),
            stalls: u32::try_from(long.as_secs() / 600).unwrap_or(u32::MAX),
            outage: 10 * S,
        };
        Self {
            dcs: vec![DcPlan { restarts: 0, salt_changes: 0, clock_step: 0 }],
            clients: vec![client],
            network,
            calls: u32::try_from(long.as_secs() / 2).unwrap_or(u32::MAX),
            busy: long,
            moments: 1_000_000,
            trouble: long,
            cancels: 0,
            attacks: 0,
            salt_period: 1800 * S,
            small_servers: false,
            slowest_answer: 2 * S,
        }
    }

    /// Whether a client can be left in doubt about a call in this session: the server has lost a session; the
    /// client takes another session id and does not wait for what is late; or the server has refused a packet,
    /// and that word is lost as well as its greeting, on a connection that lives on.
    pub(super) fn leaves_doubts(&self, client: usize, dc: usize) -> bool {
        let (client, dc, network) = (&self.clients[client], &self.dcs[dc], &self.network);
        let slept = !client.sleep.is_zero();
        let unreliable = network.cuts > 0 || network.losses > 0 || network.stalls > 0 || network.flips > 0;
        let late_words = unreliable || slept || network.delay > S || self.attacks > 0;
        // A process takes over what an earlier one knew of its wall clock, which may have been set since.
        let off = client.skew.max(0) + client.clock_step.max(0) - dc.clock_step.min(0);
        let behind = client.skew.min(0) + client.clock_step.min(0) - dc.clock_step.max(0);
        let refusals =
            client.no_salt || dc.salt_changes > 0 || self.salt_period < 300 * S || behind < -200_000 || slept;
        dc.restarts > 0 || off > 20_000 && late_words || refusals && network.losses > 0
    }
}

impl DcPlan {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            restarts: dice.pick(&[0, 0, 0, 1, 3]),
            salt_changes: dice.pick(&[0, 0, 0, 1, 4]),
            clock_step: dice.pick(&[0, 0, 0, 0, 5_000, -5_000, 20_000]),
        }
    }
}

impl ClientPlan {
    fn draw(dice: &mut Dice, dcs: usize) -> Self {
        let sessions = dice.pick(&[1, 1, 1, 2, 3]);
        let transport = dice.pick(&Kind::FRAMED);
        Self {
            sessions: (0..sessions).map(|_| dice.below(dcs)).collect(),
            transport,
            skew: 1000 * dice.pick(&[0, 0, 0, 10, -10, 40, 100_000, -100_000, -400, 400]),
            clock_step: 1000 * dice.pick(&[0, 0, 0, 0, 1000, -1000]),
            sleep: dice.pick(&[0, 0, 0, 0, 900]) * S,
            restarts: dice.pick(&[0, 0, 0, 0, 1, 2]),
            no_salt: dice.chance(300),
            no_key: false,
        }
    }
}

impl NetworkPlan {
    fn draw(dice: &mut Dice) -> Self {
        Self {
            delay: dice.pick(&[20, 200, 3000]) * MS,
            reorder: dice.chance(300),
            duplicates: dice.pick(&[0, 0, 50, 300]),
            losses: dice.pick(&[0, 0, 20, 200]),
            splits: dice.pick(&[0, 100, 600]),
            joins: dice.pick(&[0, 100, 600]),
            flips: dice.pick(&[0, 0, 0, 5, 30]),
            cuts: dice.pick(&[0, 1, 3, 12]),
            stalls: dice.pick(&[0, 0, 0, 1, 3]),
            outage: 5 * S,
        }
    }
}
