//! The connection to Redis, and what is sent over it.

use std::{
    collections::BTreeSet,
    fmt,
    time::{Duration, Instant},
};

use ::redis::{
    Client, Commands, Connection, ErrorKind as RedisErrorKind, RedisError, RedisResult, Script,
    ServerErrorKind,
};

use super::{RedisOptions, fields, keys, lease::Holder, scripts};
use crate::session::{Change, ErrorKind, State, change::Slot};

/// The pause before something is tried again.
const PAUSE: Duration = Duration::from_millis(50);

/// What became of a write.
pub(super) enum Outcome {
    /// It is done, and the lease lasts until then.
    Done { until: Instant },
    /// Nothing is done: another has the lease of an auth key that was to be taken.
    Taken(Holder),
    /// Nothing is done: the lease is not ours any more.
    Lost,
}

/// The holder's side of a session.
pub(super) struct Writer {
    client: Client,
    connection: Option<Connection>,
    write: Script,
    prefix: String,
    holder: Holder,
    lease: Duration,
    patience: Duration,
    /// The auth keys of which we have the lease.
    held: BTreeSet<i64>,
    /// The things of which it is not known what Redis has, because a write had no answer.
    unsure: BTreeSet<Slot>,
}

impl Writer {
    pub(super) fn new(client: Client, name: &str, holder: Holder, options: &RedisOptions) -> Self {
        debug_assert_eq!(name, holder.name);
        Self {
            client,
            connection: None,
            write: Script::new(scripts::WRITE),
            prefix: options.prefix.clone(),
            holder,
            lease: options.lease,
            patience: options.patience,
            held: BTreeSet::new(),
            unsure: BTreeSet::new(),
        }
    }

    pub(super) fn unsure(&self) -> &BTreeSet<Slot> {
        &self.unsure
    }

    /// Takes the leases and reads the session; gives it, and until when the leases last.
    pub(super) fn take_over(&mut self) -> Result<(State, Instant), ErrorKind> {
        let done = self.try_take_over();
        if done.is_err() {
            self.release();
        }
        done
    }

    fn try_take_over(&mut self) -> Result<(State, Instant), ErrorKind> {
        let (lease, holder, ttl) = (self.name_lease(), self.holder.value(), self.ttl());
        let take = Script::new(scripts::TAKE);
        let begin = Instant::now();
        let taken: Vec<String> = self
            .run(begin + self.patience, |connection| {
                take.key(&lease).arg(&holder).arg(ttl).invoke(connection)
            })
            .map_err(|error| ErrorKind::redis("take the lease of", &error))?;
        if let [_, other] = &taken[..] {
            return Err(Holder::read(other).into());
        }
        let session = self.session();
        let all: Vec<(Vec<u8>, Vec<u8>)> = self
            .run(begin + self.lease, |connection| connection.hgetall(&session))
            .map_err(|error| ErrorKind::redis("read", &error))?;
        let state = fields::read(&all)?;
        // Nobody can have changed it meanwhile, or the lease of the name is found to be lost here.
        match self.write(&[], keys(&state.dcs), begin + self.lease)? {
            Outcome::Done { until } => Ok((state, until)),
            Outcome::Taken(other) => Err(other.into()),
            Outcome::Lost => Err(ErrorKind::LeaseLost),
        }
    }

    /// Writes changes, for a session that has the auth keys `next` then, unless that is not possible until `limit`.
    pub(super) fn write(
        &mut self,
        changes: &[Change],
        next: BTreeSet<i64>,
        limit: Instant,
    ) -> Result<Outcome, ErrorKind> {
        let leases = |keys: &mut dyn Iterator<Item = &i64>| -> Vec<String> {
            keys.map(|&key| self.key_lease(key)).collect()
        };
        let mut held = vec![self.name_lease()];
        held.extend(leases(&mut self.held.intersection(&next)));
        let take = leases(&mut next.difference(&self.held));
        let drop = leases(&mut self.held.difference(&next));
        let (mut set, mut remove) = (Vec::new(), Vec::new());
        if !changes.is_empty() {
            set.push((fields::FORMAT.to_owned(), fields::VERSION.as_bytes().to_vec().into()));
        }
        // Of several changes of one thing the last counts.
        let mut seen = BTreeSet::new();
        for change in changes.iter().rev().filter(|change| seen.insert(change.slot())) {
            let name = fields::name(change.slot());
            match fields::value(change) {
                Some(value) => set.push((name, value)),
                None => remove.push(name),
            }
        }
        let mut call = self.write.prepare_invoke();
        call.key(self.session());
        held.iter().chain(&take).chain(&drop).for_each(|lease| _ = call.key(lease));
        call.arg(self.holder.value()).arg(self.ttl());
        call.arg(held.len()).arg(take.len()).arg(drop.len()).arg(set.len());
        set.iter().for_each(|(name, value)| _ = call.arg(name).arg(value.as_slice()));
        remove.iter().for_each(|name| _ = call.arg(name));

        let limit = limit.min(Instant::now() + self.patience);
        let connect = Connect { client: &self.client, patience: self.patience };
        let mut last = Instant::now();
        let answer: RedisResult<Vec<String>> = connect.run(&mut self.connection, limit, |connection| {
            last = Instant::now();
            call.invoke(connection)
        });
        match answer {
            Ok(answer) => match &answer[..] {
                [taken, other] if taken == "taken" => Ok(Outcome::Taken(Holder::read(other))),
                [done] if done == "done" => {
                    self.held = next;
                    self.unsure.clear();
                    // Counted from before it was sent; and a little less, since clocks do not run alike.
                    Ok(Outcome::Done { until: last + self.lease - self.lease / 10 })
                }
                _ => Ok(Outcome::Lost),
            },
            Err(error) => {
                self.unsure.extend(changes.iter().map(Change::slot));
                // These may be dropped already: they are taken again with the next write, if they are still wanted.
                self.held = self.held.intersection(&next).copied().collect();
                Err(ErrorKind::redis("write to", &error))
            }
        }
    }

    /// Gives all leases back, once, as far as Redis can be reached: they end by themselves.
    pub(super) fn release(&mut self) {
        let mut leases = vec![self.name_lease()];
        leases.extend(self.held.iter().map(|&key| self.key_lease(key)));
        let (release, holder) = (Script::new(scripts::RELEASE), self.holder.value());
        let released: RedisResult<Vec<String>> = self.run(Instant::now(), |connection| {
            let mut call = release.prepare_invoke();
            leases.iter().for_each(|lease| _ = call.key(lease));
            call.arg(&holder).invoke(connection)
        });
        if released.is_ok() {
            self.held.clear();
        }
    }

    fn run<T>(
        &mut self,
        limit: Instant,
        call: impl FnMut(&mut Connection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        Connect { client: &self.client, patience: self.patience }.run(&mut self.connection, limit, call)
    }

    fn session(&self) -> String {
        format!("{}:session:{}", self.prefix, self.holder.name)
    }

    fn name_lease(&self) -> String {
        format!("{}:lease:name:{}", self.prefix, self.holder.name)
    }

    fn key_lease(&self, key: i64) -> String {
        format!("{}:lease:key:{key:016x}", self.prefix)
    }

    fn ttl(&self) -> u64 {
        u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client knows the password.
        f.debug_struct("Writer")
            .field("holder", &self.holder)
            .field("unsure", &self.unsure)
            .finish_non_exhaustive()
    }
}

/// How to connect, when there is no connection.
struct Connect<'a> {
    client: &'a Client,
    patience: Duration,
}

impl Connect<'_> {
    /// Calls Redis, again and over another connection if that can help, until `limit`; once at least.
    fn run<T>(
        &self,
        kept: &mut Option<Connection>,
        limit: Instant,
        mut call: impl FnMut(&mut Connection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        loop {
            let error = match self.once(kept, &mut call) {
                Ok(done) => return Ok(done),
                Err(error) => error,
            };
            if !may_pass(&error) || Instant::now() + PAUSE >= limit {
                return Err(error);
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn once<T>(
        &self,
        kept: &mut Option<Connection>,
        call: &mut impl FnMut(&mut Connection) -> RedisResult<T>,
    ) -> RedisResult<T> {
        let mut connection = match kept.take() {
            Some(connection) => connection,
            None => {
                let connection = self.client.get_connection_with_timeout(self.patience)?;
                connection.set_read_timeout(Some(self.patience))?;
                connection.set_write_timeout(Some(self.patience))?;
                connection
            }
        };
        let done = call(&mut connection);
        // After an answer that did not come, the next would be taken for it.
        if !done.as_ref().is_err_and(RedisError::is_unrecoverable_error)
            && !done.as_ref().is_err_and(RedisError::is_io_error)
        {
            *kept = Some(connection);
        }
        done
    }
}

/// Whether the same may work a moment later.
fn may_pass(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_connection_refusal()
        || error.is_timeout()
        || matches!(
            error.kind(),
            RedisErrorKind::Server(
                ServerErrorKind::BusyLoading | ServerErrorKind::TryAgain | ServerErrorKind::MasterDown
            )
        )
}
