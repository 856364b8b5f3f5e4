//! Keeping the server's configuration, and with it the addresses of its DCs, up to date (TC-1).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::core::Core;
use super::{Client, InvokeError, Shared};
use crate::net::{BoxFuture, erased};
use crate::tl::{functions, types};

/// The shortest and the longest time for which a configuration is believed.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(86_400);

/// How long after a reason to ask others are waited for, and one question answers them all.
const GATHER: Duration = Duration::from_millis(500);

/// How long the server says that a configuration is good.
fn lifetime(config: &types::Config) -> Duration {
    let seconds = u64::try_from(config.expires.saturating_sub(config.date)).unwrap_or(0);
    Duration::from_secs(seconds).clamp(SHORTEST, LONGEST)
}

/// When to ask for the configuration, and the task that does it. There is one only while it is asked for: the timer is the
/// home link's.
#[derive(Debug)]
pub(super) struct Refresh {
    /// In milliseconds of the monotonic clock; [`NEVER`] while it is not known.
    due: AtomicU64,
    asking: Mutex<Asking>,
}

/// The configuration is not to be asked for, or somebody does it already.
const NEVER: u64 = u64::MAX;

#[derive(Debug, Default)]
struct Asking {
    /// Whose configuration it is, once there was a first one.
    client: Weak<Shared>,
    task: Option<JoinHandle<()>>,
    /// There was a reason to ask since the task asked.
    wanted: bool,
}

impl Refresh {
    pub(super) fn new() -> Self {
        Self { due: AtomicU64::new(NEVER), asking: Mutex::default() }
    }

    /// When [`Core::refresh_config`] is to be called, on the monotonic clock. The home link looks whenever it wakes, and so
    /// with each ping, or with each long poll over HTTP, at the latest.
    pub(super) fn due(&self) -> Option<Duration> {
        match self.due.load(Ordering::Relaxed) {
            NEVER => None,
            due => Some(Duration::from_millis(due)),
        }
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        // No statement in a critical section leaves it half changed.
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task that asks, told to end.
    pub(super) fn stop(&self) -> Option<JoinHandle<()>> {
        let mut asking = self.asking();
        asking.client = Weak::new();
        asking.task.take().inspect(JoinHandle::abort)
    }
}

impl Client {
    /// Asks for the configuration, and gives how long it is good for and where the DCs are.
    pub(super) fn ask_config(&self) -> BoxFuture<'_, Result<(Duration, Vec<types::DcOption>), InvokeError>> {
        erased(async move {
            let config = self.invoke(&functions::help::GetConfig {}).await?;
            Ok((lifetime(&config), config.dc_options))
        })
    }

    /// From now on the configuration is asked for again when this one's time is over, when an update says that it has
    /// changed, and after failures to connect; until the client is gone.
    pub(super) fn keep_config_fresh(&self, lifetime: Duration) {
        let core = &self.shared.core;
        let wanted = {
            let mut asking = core.refresh.asking();
            asking.client = Arc::downgrade(&self.shared);
            asking.wanted
        };
        core.config_is_good_for(lifetime);
        if wanted {
            // There was a reason already while this one was on its way.
            core.refresh_config();
        }
    }
}

impl Core {
    fn config_is_good_for(&self, lifetime: Duration) {
        let due = self.clock.now().monotonic + lifetime;
        self.refresh.due.store(u64::try_from(due.as_millis()).unwrap_or(NEVER), Ordering::Relaxed);
    }

    /// Asks for the configuration, unless that is about to be done.
    pub(super) fn refresh_config(self: &Arc<Self>) {
        self.refresh.due.store(NEVER, Ordering::Relaxed);
        let mut asking = self.refresh.asking();
        asking.wanted = true;
        let nobody_asks = asking.task.as_ref().is_none_or(JoinHandle::is_finished);
        if nobody_asks && asking.client.strong_count() > 0 {
            asking.task = Some(tokio::spawn(erased(keep_asking(Arc::clone(self)))));
        }
    }
}

async fn keep_asking(core: Arc<Core>) {
    loop {
        sleep(GATHER).await;
        let client = {
            let mut asking = core.refresh.asking();
            // Not the last handle, perhaps, to be dropped in here: it stops this task and wants the lock.
            let client = if std::mem::take(&mut asking.wanted) { asking.client.upgrade() } else { None };
            if client.is_none() {
                asking.task = None;
            }
            client
        };
        let Some(shared) = client else { return };
        let lifetime = refresh(Client { shared }).await;
        core.config_is_good_for(lifetime);
    }
}

/// Asks for the configuration, and gives for how long it is good.
async fn refresh(client: Client) -> Duration {
    match client.ask_config().await {
        Ok((lifetime, options)) => {
            if let Err(error) = client.shared.core.learn_addresses(options).await {
                tracing::warn!(%error, "cannot keep the addresses of the DCs");
            }
            lifetime
        }
        Err(error) => {
            tracing::debug!(%error, "the configuration was not refreshed");
            SHORTEST
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_is_believed_for_a_minute_at_least_and_a_day_at_most() {
        let after =
            |seconds| lifetime(&types::Config { date: 100, expires: 100 + seconds, ..Default::default() });
        assert_eq!([-5, 3600, i32::MAX - 100].map(after), [SHORTEST, Duration::from_secs(3600), LONGEST]);
    }
}
