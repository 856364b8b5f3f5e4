//! Taking a login along to another DC: exported at home, imported there, once for each key (AU-7).

use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::invoke::{Request, Target, failed};
use super::link::Link;
use super::{Client, InvokeError};
use crate::auth::Refusal;
use crate::net::{BoxFuture, erased};
use crate::tl::{Constructor, Deserialize, Reader, functions, types};

impl Client {
    /// Whether calls at a DC are made in the name of the user, or nobody is logged in.
    pub(super) fn is_authorized(&self, dc: i32) -> bool {
        let core = &self.shared.core;
        !core.is_logged_in() || dc == core.home() || core.dc(dc).is_some_and(|dc| dc.authorized)
    }

    /// Takes the login along to the DC of a link, unless it is there.
    pub(super) fn authorize<'a>(
        &'a self,
        method: &'static str,
        to: &'a Link,
    ) -> BoxFuture<'a, Result<(), InvokeError>> {
        erased(async move {
            if self.is_authorized(to.dc()) {
                return Ok(());
            }
            let _carrying = self.shared.carrying.lock().await;
            if self.is_authorized(to.dc()) {
                return Ok(());
            }
            let from = self.main_link(method, None).await?;
            self.carry_authorization(&from, to).await
        })
    }

    /// The server says that a login is not there. `true` if it was thought to be, and can be taken there again.
    pub(super) fn forget_authorization<'a>(&'a self, link: &Link) -> BoxFuture<'a, bool> {
        let core = &self.shared.core;
        let dc = link.dc();
        erased(async move {
            if dc == core.home() || !core.is_logged_in() {
                return false;
            }
            // What cannot be written now is found out again after the next start.
            core.change_dc(dc, |dc| dc.authorized = false).await.is_ok()
        })
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
        let carried = match carry_once(from, to, limit).await {
            Err(error) if error.is("AUTH_BYTES_INVALID") => carry_once(from, to, limit).await,
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

/// Exports the login and imports it.
fn carry_once<'a>(from: &'a Link, to: &'a Link, limit: Duration) -> BoxFuture<'a, Result<(), InvokeError>> {
    erased(async move {
        let export = Request::of(&functions::auth::ExportAuthorization { dc_id: to.dc() }, Target::Home)?;
        let method = export.method;
        let exported = types::auth::ExportedAuthorization::from_bytes(call_once(from, export, limit).await?)
            .map_err(|source| InvokeError::Decode { method, source })?;
        let import = functions::auth::ImportAuthorization { id: exported.id, bytes: exported.bytes };
        let import = Request::of(&import, Target::Home)?;
        let method = import.method;
        let mut answer = Reader::new(call_once(to, import, limit).await?);
        // That it is a login is enough. Whose was known before, and what reads a user is not in a program that asks for none.
        answer.id(types::auth::Authorization::ID, types::auth::Authorization::NAME);
        answer.check().map_err(|source| InvokeError::Decode { method, source })
    })
}

/// A call without any of the patience, for steps whose failure fails the whole.
async fn call_once(link: &Link, request: Request, limit: Duration) -> Result<Bytes, InvokeError> {
    let mut ticket = link.clone().call(request.order(Instant::now() + limit));
    ticket.end().await.map_err(|end| failed(request.method, link.dc(), limit, end))
}
