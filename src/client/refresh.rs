//! Keeping the server's configuration, and with it the addresses of its DCs, up to date (TC-1).

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::core::Core;
use super::{Client, Shared};
use crate::net::erased;
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

impl Client {
    /// Asks for the configuration again when this one's time is over, when an update says that it has changed, and after
    /// failures to connect; until the client is gone.
    pub(super) fn keep_config_fresh(&self, config: &types::Config) {
        let task = keep(Arc::downgrade(&self.shared), Arc::clone(&self.shared.core), lifetime(config));
        let task = tokio::spawn(erased(task));
        // There is one: a client starts once.
        *self.shared.refresher.lock().unwrap_or_else(PoisonError::into_inner) = Some(task);
    }
}

async fn keep(client: Weak<Shared>, core: Arc<Core>, mut lifetime_left: Duration) {
    loop {
        if timeout(lifetime_left, core.refresh.notified()).await.is_ok() {
            sleep(GATHER).await;
        }
        let Some(shared) = client.upgrade() else { return };
        // In memory of its own, as it is rare and large: while it waits the task would have room for it.
        lifetime_left = Box::pin(refresh(Client { shared })).await;
    }
}

/// Asks for the configuration, and gives for how long it is good.
async fn refresh(client: Client) -> Duration {
    match client.invoke(&functions::help::GetConfig {}).await {
        Ok(config) => {
            let lifetime = lifetime(&config);
            if let Err(error) = client.shared.core.learn_addresses(config.dc_options).await {
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
