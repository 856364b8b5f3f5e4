//! What all connections of a server share, and the way of a call from its session through the world and back.
//!
//! Locks are taken in one order: the world, then a session. A call's answer and the updates that it causes are put
//! into the sessions before the world is let go, so every client sees the updates of its account in the order of
//! their `pts`.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, AtomicUsize},
};

use std::time::Duration;

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use super::{
    call::{Answer, Audience, Call, Caller, Finish, Job, Push},
    dispatch::{MSG_WAIT_TIMEOUT, dispatch},
    keys::KeyEntry,
    limits::Limits,
    rpc_error::RpcError,
    sessions::{Live, Sessions},
    world::World,
};
use crate::{
    clock::Now,
    message::{self, MsgId, SaltSchedule, server},
    net::{Address, SystemClock, off_thread},
    tl::{Bytes, Constructor, Deserialize, Serialize, mtproto},
    transport::Doorkeeper,
};

/// How long a call waits for those before it (AP-3).
const FORMER_CALLS: Duration = Duration::from_millis(500);

/// What is left to do of a call.
pub(super) enum Work {
    /// Arithmetic, to be run without holding anybody up.
    Run(Job),
    /// The call itself, when those before it are finished.
    Wait(Bytes),
}

/// The shared part of a running server.
pub(super) struct Hub {
    world: Mutex<World>,
    /// The sessions of all keys.
    pub sessions: Sessions,
    /// The clocks.
    pub clock: SystemClock,
    /// Bounds on what peers can use up.
    pub limits: Limits,
    /// Open connections.
    pub connections: AtomicUsize,
    /// The number of the next connection.
    pub connection_ids: AtomicU64,
    /// The secrets of its clients, and what was seen of them.
    pub doorkeeper: Mutex<Doorkeeper>,
    /// The site to which is passed on who has none of the secrets.
    pub site: Option<Address>,
    /// Every change of it cuts all connections that are open.
    pub cut: watch::Sender<u64>,
}

impl Hub {
    /// A hub around a world.
    pub fn new(world: World, limits: Limits, doorkeeper: Doorkeeper, site: Option<Address>) -> Self {
        Self {
            doorkeeper: Mutex::new(doorkeeper),
            site,
            world: Mutex::new(world),
            sessions: Sessions::default(),
            clock: SystemClock::new(),
            limits,
            connections: AtomicUsize::new(0),
            connection_ids: AtomicU64::new(0),
            cut: watch::Sender::new(0),
        }
    }

    /// The world. A panic elsewhere does not make it unusable: every change is complete in itself.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The DC that a client of an MTProxy means by `number`: +10000 for test, negative for media (OB-2).
    pub fn dc_of(&self, number: i16) -> Option<i32> {
        let number = i32::from(number).abs();
        let number = if number > 10_000 { number - 10_000 } else { number };
        self.world().dcs.iter().map(|dc| dc.id).find(|id| *id == number)
    }

    /// The session that a packet under `key` belongs to; `None` if there are too many.
    pub fn session(&self, now: Now, key: &Arc<KeyEntry>, session_id: i64) -> Option<Arc<Live>> {
        if let Some(live) = self.sessions.get(key.key.id(), session_id) {
            return Some(live);
        }
        let (salts, layer) = {
            let world = self.world();
            let permanent = world.keys.permanent(key.key.id());
            (world.salts, permanent.and_then(|id| world.keys.authorization(id)).and_then(|a| a.layer))
        };
        self.sessions.open(now, key, session_id, || {
            let config = server::Config {
                auth_key: Arc::clone(&key.key),
                salts: salt_schedule(salts, key),
                options: server::Options::default(),
            };
            let session = server::Session::new(config, session_id, &mut rand::rng());
            (session, Caller::new(key.dc, key.key.id(), session_id, layer))
        })
    }

    /// Carries out a call of a session. What takes long comes back, to be run without holding anybody up.
    ///
    /// A call that is to come after others which are not finished comes back, too, if it is `early`: otherwise it is
    /// refused (AP-3).
    pub fn call(&self, live: &Live, msg_id: MsgId, body: Bytes, early: bool) -> Option<Work> {
        let now = self.clock.now();
        if let Some(answer) = self.service_call(live, &body) {
            let mut state = live.lock();
            if let Err(error) = state.session.answer_bare(now, msg_id, answer) {
                tracing::debug!(%error, "an answer is not sent");
            }
            state.wake();
            return None;
        }
        let mut world = self.world();
        let mut work = None;
        self.with_call(&mut world, live, msg_id, now, |call| {
            let outcome = dispatch(call, body.clone(), |earlier| live.lock().succeeded(earlier));
            match outcome {
                Ok(Answer::Now(bytes)) => Some(Ok(bytes)),
                Ok(Answer::Later(later)) => {
                    work = Some(Work::Run(later));
                    None
                }
                Err(error) if early && error.name == MSG_WAIT_TIMEOUT => {
                    work = Some(Work::Wait(body));
                    None
                }
                Err(error) => Some(Err(error)),
            }
        });
        work
    }

    /// Does what is left of a call: runs it off the I/O threads, or waits until those before it are finished.
    pub async fn go_on(&self, live: &Live, msg_id: MsgId, mut work: Work) {
        let deadline = Instant::now() + FORMER_CALLS;
        loop {
            match work {
                Work::Run(job) => {
                    let finish = off_thread(job).await;
                    return self.finish(live, msg_id, finish);
                }
                Work::Wait(body) => {
                    let finished = live.finished.notified();
                    // It may have been finished before there was anybody to hear of it.
                    match self.call(live, msg_id, body, true) {
                        None => return,
                        Some(Work::Run(job)) => work = Work::Run(job),
                        Some(Work::Wait(body)) => match timeout_at(deadline, finished).await {
                            Ok(()) => work = Work::Wait(body),
                            Err(_) => match self.call(live, msg_id, body, false) {
                                Some(left) => work = left,
                                None => return,
                            },
                        },
                    }
                }
            }
        }
    }

    /// Completes a call whose arithmetic is done.
    pub fn finish(&self, live: &Live, msg_id: MsgId, finish: Finish) {
        let now = self.clock.now();
        let mut world = self.world();
        self.with_call(&mut world, live, msg_id, now, |call| Some(finish(call)));
    }

    fn with_call(
        &self,
        world: &mut World,
        live: &Live,
        msg_id: MsgId,
        now: Now,
        run: impl FnOnce(&mut Call<'_>) -> Option<Result<Bytes, RpcError>>,
    ) {
        let mut caller = live.lock().caller.clone();
        let unix = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
        let mut call = Call::new(world, &mut caller, msg_id.to_wire(), unix);
        let result = run(&mut call);
        let pushes = std::mem::take(&mut call.pushes);
        let mut state = live.lock();
        state.caller = caller;
        if let Some(result) = result {
            state.finished(msg_id.to_wire(), result.is_ok());
            live.finished.notify_waiters();
            let kept = match result {
                Ok(body) => state.session.answer(now, msg_id, body),
                Err(error) => {
                    let error = message::RpcError::new(error.code, error.name.into_owned());
                    state.session.answer_error(now, msg_id, &error)
                }
            };
            if let Err(error) = kept {
                tracing::debug!(%error, "an answer is not sent");
            }
            state.wake();
        }
        drop(state);
        for push in pushes {
            self.push(world, now, &push);
        }
    }

    /// Puts an update into every session that it is for.
    fn push(&self, world: &World, now: Now, push: &Push) {
        let (keys, home) = match push.to {
            Audience::User(user) => match world.accounts.get(user) {
                Some(account) => (world.keys.of_user(user), Some(account.dc)),
                None => return,
            },
            Audience::Key(key) => (world.keys.with_temporary(key), None),
        };
        for live in self.sessions.of_keys(&keys) {
            let this = (live.key.key.id(), live.session_id);
            if home.is_none_or(|home| live.key.dc == home) && push.except != Some(this) {
                live.lock().push(now, push.body.clone());
            }
        }
    }

    /// Calls that concern other sessions or the key itself; their answers are not wrapped in `rpc_result`.
    fn service_call(&self, live: &Live, body: &Bytes) -> Option<Bytes> {
        use mtproto::{enums, functions};
        let id = body.first_chunk().map(|id| u32::from_le_bytes(*id))?;
        match id {
            functions::DestroySession::ID => {
                let session_id = functions::DestroySession::from_prefix(body.clone()).ok()?.session_id;
                // What becomes of the current session is undefined (DS-1): it stays.
                let known =
                    session_id != live.session_id && self.sessions.remove(live.key.key.id(), session_id);
                let answer = if known {
                    enums::DestroySessionRes::DestroySessionOk(mtproto::types::DestroySessionOk {
                        session_id,
                    })
                } else {
                    enums::DestroySessionRes::DestroySessionNone(mtproto::types::DestroySessionNone {
                        session_id,
                    })
                };
                answer.to_bytes().ok()
            }
            functions::DestroyAuthKey::ID => {
                let known = self.world().destroy_key(live.key.key.id());
                self.sessions.remove_key(live.key.key.id());
                let answer = if known {
                    enums::DestroyAuthKeyRes::DestroyAuthKeyOk
                } else {
                    enums::DestroyAuthKeyRes::DestroyAuthKeyNone
                };
                answer.to_bytes().ok()
            }
            _ => None,
        }
    }

    /// Makes all salts invalid at once, as if their time were over: clients get `bad_server_salt`.
    pub fn renew_salts(&self) {
        use rand::Rng;
        let mut world = self.world();
        let mut salts = [0; 32];
        world.rng.fill_bytes(&mut salts);
        world.salts = salts;
        drop(world);
        for live in self.sessions.all() {
            let schedule = SaltSchedule::new(salts, &live.key.key);
            live.lock().session.set_salts(schedule);
        }
    }

    /// Forgets what is old.
    pub fn sweep(&self) {
        let now = self.clock.now();
        self.world().keys.expire(i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX));
        self.sessions.sweep(now);
    }

    /// Cuts all connections that are open now.
    pub fn cut_connections(&self) {
        self.cut.send_modify(|generation| *generation += 1);
    }
}

fn salt_schedule(salts: [u8; 32], key: &KeyEntry) -> SaltSchedule {
    let created = std::time::Duration::from_secs(u64::try_from(key.created).unwrap_or_default());
    SaltSchedule::new(salts, &key.key).with_first(key.first_salt, created)
}
