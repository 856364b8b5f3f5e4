//! Calls, from the typed function to its typed result, and the moves to another DC that some of them cause.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

use super::core::Core;
use super::establish::establish_patiently;
use super::link::{CallEnd, Link};
use super::retry::{Patience, Reaction};
use super::{Client, ConnectError, InvokeError, Shared, repeatable};
use crate::auth::Refusal;
use crate::message::CallStatus;
use crate::message::client::CallOptions;
use crate::session::{Change, DcAddress};
use crate::tl::{Deserialize, Function, functions, types};

/// The name of a call of bytes in errors and logs.
const RAW: &str = "raw call";

impl Client {
    /// Connects to the home DC and makes the first call.
    pub(super) async fn start(core: Arc<Core>) -> Result<Self, ConnectError> {
        let home = core.home();
        let first = establish_patiently(&core, home).await?;
        let link = Link::start(Arc::clone(&core), home, first);
        let shared = Shared { core, links: Mutex::default(), opening: tokio::sync::Mutex::default() };
        let client = Self { shared: Arc::new(shared) };
        client.links().by_dc.insert(home, link);
        let first_call = |error| ConnectError::FirstCall(Box::new(error));
        let config = client.invoke(&functions::help::GetConfig {}).await.map_err(first_call)?;
        client.learn_addresses(config).await?;
        Ok(client)
    }

    /// Calls a function of the API on the home DC and waits for its typed result.
    ///
    /// Concurrent calls share the connection and are answered in any order; a lost connection is made again, and the
    /// server asked which calls it has. Short waits, internal errors of the server and moves to another DC are handled
    /// here, as far as the [`RetryPolicy`](super::RetryPolicy) goes. Dropping the future cancels the call: if it was sent,
    /// the server is told that the answer is not wanted.
    ///
    /// # Errors
    /// [`InvokeError`].
    pub async fn invoke<F: Function>(&self, function: &F) -> Result<F::Return, InvokeError> {
        let method = F::NAME;
        let body = function.to_bytes().map_err(|source| InvokeError::Encode { method, source })?;
        let result = self.call(method, body, repeatable::options(method)).await?;
        F::Return::from_bytes(result).map_err(|source| InvokeError::Decode { method, source })
    }

    /// Calls a serialized function (constructor id first) and gives its serialized result (constructor id first).
    ///
    /// The call is never sent twice on the chance that the first did not arrive.
    ///
    /// # Errors
    /// [`InvokeError`], never its `Decode`.
    pub async fn invoke_raw(&self, body: Bytes) -> Result<Bytes, InvokeError> {
        self.call(RAW, body, CallOptions::default()).await
    }

    /// [`invoke_raw`](Self::invoke_raw) of a function whose name is known: errors name it, and like a typed call it is
    /// repeated if that does no harm.
    ///
    /// # Errors
    /// As [`invoke_raw`](Self::invoke_raw).
    pub async fn invoke_raw_as(&self, method: &'static str, body: Bytes) -> Result<Bytes, InvokeError> {
        self.call(method, body, repeatable::options(method)).await
    }

    /// Makes another DC the home, with a key of its own: what a QR login does after `auth.loginTokenMigrateTo`. A 303
    /// error to a call does it by itself. If somebody is logged in, the authorization goes along.
    ///
    /// # Errors
    /// [`InvokeError::Unreachable`].
    pub async fn set_home_dc(&self, dc: i32) -> Result<(), InvokeError> {
        self.move_home("set_home_dc", dc).await
    }

    async fn call(
        &self,
        method: &'static str,
        body: Bytes,
        options: CallOptions,
    ) -> Result<Bytes, InvokeError> {
        let span = tracing::debug_span!("invoke", method, dc = self.home_dc());
        self.call_patiently(method, body, options).instrument(span).await
    }

    async fn call_patiently(
        &self,
        method: &'static str,
        body: Bytes,
        options: CallOptions,
    ) -> Result<Bytes, InvokeError> {
        let config = &self.shared.core.config;
        let limit = config.timing.call;
        let mut deadline = Instant::now() + limit;
        let mut patience = Patience::new(&config.retry);
        let mut introduce = false;
        loop {
            let link = self.home_link(method).await?;
            let mut ticket = link.call(method, body.clone(), options, introduce);
            let end = match timeout_at(deadline, ticket.end()).await {
                Ok(end) => end,
                Err(_) => {
                    let given_up = ticket.give_up().await;
                    let (status, cause) = (given_up.status, given_up.cause);
                    return Err(InvokeError::Timeout { method, after: limit, status, cause });
                }
            };
            let error = match end {
                Ok(result) => return Ok(result),
                Err(CallEnd::Refused(error)) => error,
                Err(CallEnd::Failed(failure)) => return Err(InvokeError::Failed { method, failure }),
                Err(CallEnd::Unsendable(reason)) => return Err(InvokeError::Unsendable { method, reason }),
                Err(CallEnd::KeyUnknown) => return Err(InvokeError::AuthKeyUnknown { dc: link.dc() }),
                Err(CallEnd::SessionLost(status)) => return Err(InvokeError::SessionLost { method, status }),
                Err(CallEnd::Closed(status)) => return Err(InvokeError::Disconnected { method, status }),
            };
            match patience.react(method, error, SystemTime::now()) {
                Reaction::Repeat(pause) => {
                    tracing::info!(?pause, "the server asks to wait");
                    tokio::time::sleep(pause).await;
                    deadline += pause;
                }
                Reaction::Introduce => introduce = true,
                Reaction::Move(dc) => self.move_home(method, dc).await?,
                Reaction::Fail(error) => return Err(error),
            }
        }
    }

    /// The link of the home DC; opened if there is none, once for all that wait for it.
    async fn home_link(&self, method: &'static str) -> Result<Link, InvokeError> {
        if let Some(link) = self.open_link()? {
            return Ok(link);
        }
        let _opening = self.shared.opening.lock().await;
        if let Some(link) = self.open_link()? {
            return Ok(link);
        }
        let dc = self.home_dc();
        let link = self.new_link(method, dc).await?;
        self.links().by_dc.insert(dc, link.clone());
        Ok(link)
    }

    fn open_link(&self) -> Result<Option<Link>, InvokeError> {
        let links = self.links();
        if links.closed {
            return Err(InvokeError::Closed);
        }
        Ok(links.by_dc.get(&self.home_dc()).cloned())
    }

    async fn new_link(&self, method: &'static str, dc: i32) -> Result<Link, InvokeError> {
        let core = &self.shared.core;
        if core.is_lost() {
            return Err(InvokeError::SessionLost { method, status: CallStatus::Queued });
        }
        match establish_patiently(core, dc).await {
            Ok(established) => Ok(Link::start(Arc::clone(core), dc, established)),
            Err(error) => Err(InvokeError::Unreachable { method, dc, reason: error.to_string() }),
        }
    }

    /// Makes `dc` the home, opening a link to it; once, however many calls ask for it.
    async fn move_home(&self, method: &'static str, dc: i32) -> Result<(), InvokeError> {
        let core = &self.shared.core;
        let _opening = self.shared.opening.lock().await;
        let old_home = self.home_dc();
        if old_home == dc {
            return Ok(());
        }
        tracing::info!(from = old_home, to = dc, "moving to another DC");
        let link = self.new_link(method, dc).await?;
        let old_link = self.open_link()?;
        if let Some(old_link) = &old_link
            && core.is_logged_in()
        {
            self.carry_authorization(old_link, &link, dc).await?;
        }
        if let Err(error) = core.save(vec![Change::HomeDc(dc)]).await {
            return Err(InvokeError::Unreachable { method, dc, reason: error.to_string() });
        }
        self.links().by_dc.insert(dc, link);
        core.set_home(dc);
        // Calls still under way on it hold it open until they have ended.
        self.links().by_dc.remove(&old_home);
        Ok(())
    }

    /// Takes a login along to another DC (AU-7). What was exported is short-lived: if it is void, it is exported again,
    /// once.
    async fn carry_authorization(&self, from: &Link, to: &Link, dc: i32) -> Result<(), InvokeError> {
        let limit = self.shared.core.config.timing.call;
        let carry = async || {
            let export = functions::auth::ExportAuthorization { dc_id: dc };
            let exported: types::auth::ExportedAuthorization = call_once(from, &export, limit).await?;
            let import = functions::auth::ImportAuthorization { id: exported.id, bytes: exported.bytes };
            call_once(to, &import, limit).await.map(drop)
        };
        let carried = match carry().await {
            Err(error) if error.is("AUTH_BYTES_INVALID") => carry().await,
            carried => carried,
        };
        carried.map_err(|error| match error {
            InvokeError::Rpc { method, error } => match Refusal::of(&error) {
                Some(refusal) => {
                    InvokeError::Unreachable { method, dc, reason: format!("{refusal} ({error})") }
                }
                None => InvokeError::Rpc { method, error },
            },
            error => error,
        })
    }

    /// Keeps the addresses that `help.getConfig` tells, for the next start and for other DCs.
    async fn learn_addresses(&self, config: types::Config) -> Result<(), ConnectError> {
        let core = &self.shared.core;
        let mut found: BTreeMap<i32, Vec<DcAddress>> = BTreeMap::new();
        for option in config.dc_options {
            let Ok(port) = u16::try_from(option.port) else { continue };
            if core.config.addresses.contains_key(&option.id) {
                continue;
            }
            found.entry(option.id).or_default().push(DcAddress {
                host: option.ip_address.to_string(),
                port,
                media_only: option.media_only,
                obfuscated_only: option.tcpo_only,
                cdn: option.cdn,
                secret: option.secret.map(|secret| secret.as_ref().into()),
            });
        }
        for (dc, mut addresses) in found {
            // An IPv6 address is tried only after the others: it is the one that fails where networks are half done.
            addresses.sort_by_key(|address| address.host.contains(':'));
            core.change_dc(dc, |dc| dc.addresses = addresses).await?;
        }
        Ok(())
    }
}

/// A call without any of the patience, for steps whose failure fails the whole.
async fn call_once<F: Function>(
    link: &Link,
    function: &F,
    limit: Duration,
) -> Result<F::Return, InvokeError> {
    let method = F::NAME;
    let body = function.to_bytes().map_err(|source| InvokeError::Encode { method, source })?;
    let mut ticket = link.call(method, body, repeatable::options(method), false);
    let result = match timeout_at(Instant::now() + limit, ticket.end()).await {
        Ok(Ok(result)) => result,
        Ok(Err(CallEnd::Refused(error))) => return Err(InvokeError::Rpc { method, error }),
        Ok(Err(CallEnd::Failed(failure))) => return Err(InvokeError::Failed { method, failure }),
        Ok(Err(CallEnd::Unsendable(reason))) => return Err(InvokeError::Unsendable { method, reason }),
        Ok(Err(CallEnd::KeyUnknown)) => return Err(InvokeError::AuthKeyUnknown { dc: link.dc() }),
        Ok(Err(CallEnd::SessionLost(status))) => return Err(InvokeError::SessionLost { method, status }),
        Ok(Err(CallEnd::Closed(status))) => return Err(InvokeError::Disconnected { method, status }),
        Err(_) => {
            let given_up = ticket.give_up().await;
            let (status, cause) = (given_up.status, given_up.cause);
            return Err(InvokeError::Timeout { method, after: limit, status, cause });
        }
    };
    F::Return::from_bytes(result).map_err(|source| InvokeError::Decode { method, source })
}
