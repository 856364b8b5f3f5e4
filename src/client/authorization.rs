//! Taking a login along to another DC: exported at home, imported there, once for each key (AU-7).

use tokio::time::Instant;

use super::invoke::failed;
use super::link::{Link, Order};
use super::{Client, InvokeError, repeatable};
use crate::auth::Refusal;
use crate::net::{BoxFuture, erased};
use crate::tl::{Deserialize, Function, functions, types};

impl Client {
    /// Whether calls at a DC are made in the name of the user, or nobody is logged in.
    pub(super) fn is_authorized(&self, dc: i32) -> bool {
        let core = &self.shared.core;
        !core.is_logged_in() || dc == core.home() || core.dc(dc).is_some_and(|dc| dc.authorized)
    }

    /// Takes the login along to the DC of a link, unless it is there.
    pub(super) async fn authorize(&self, method: &'static str, to: &Link) -> Result<(), InvokeError> {
        if self.is_authorized(to.dc()) {
            return Ok(());
        }
        let _carrying = self.shared.carrying.lock().await;
        if self.is_authorized(to.dc()) {
            return Ok(());
        }
        let from = self.main_link(method, None).await?;
        self.carry_authorization(&from, to).await
    }

    /// The server says that a login is not there. `true` if it was thought to be, and can be taken there again.
    pub(super) async fn forget_authorization(&self, link: &Link) -> bool {
        let core = &self.shared.core;
        let dc = link.dc();
        if dc == core.home() || !core.is_logged_in() {
            return false;
        }
        // What cannot be written now is found out again after the next start.
        core.change_dc(dc, |dc| dc.authorized = false).await.is_ok()
    }

    /// Takes a login along. What was exported is short-lived: if it is void, it is exported again, once.
    pub(super) fn carry_authorization<'a>(
        &'a self,
        from: &'a Link,
        to: &'a Link,
    ) -> BoxFuture<'a, Result<(), InvokeError>> {
        erased(self.carry(from, to))
    }

    async fn carry(&self, from: &Link, to: &Link) -> Result<(), InvokeError> {
        let core = &self.shared.core;
        let (limit, dc) = (core.config.timing.call, to.dc());
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
        })?;
        tracing::info!(dc, "the login was taken along");
        if let Err(error) = core.change_dc(dc, |dc| dc.authorized = dc.auth_key.is_some()).await {
            // It is taken along once more then, which does no harm.
            tracing::warn!(%error, "cannot remember that the login was taken along");
        }
        Ok(())
    }
}

/// A call without any of the patience, for steps whose failure fails the whole.
async fn call_once<F: Function>(
    link: &Link,
    function: &F,
    limit: std::time::Duration,
) -> Result<F::Return, InvokeError> {
    let method = F::NAME;
    let body = function.to_bytes().map_err(|source| InvokeError::Encode { method, source })?;
    let ticket = link.call(Order {
        method,
        body,
        options: repeatable::options(method),
        deadline: Instant::now() + limit,
        introduce: false,
        without_updates: false,
        after: None,
        leads: false,
        acknowledged: None,
    });
    let result = ticket.end().await.map_err(|end| failed(method, link.dc(), limit, end))?;
    F::Return::from_bytes(result).map_err(|source| InvokeError::Decode { method, source })
}
