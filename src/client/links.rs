//! The links that are open: one to each DC for calls, and several for files.

use std::sync::Arc;

use super::core::Core;
use super::establish::establish_patiently;
use super::link::{Lane, Link};
use super::{Client, ConnectError, InvokeError, Shared};
use crate::message::CallStatus;
use crate::net::{BoxFuture, erased};
use crate::session::Change;

/// The open links.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// By the number of the DC, as those for files.
    main: Vec<(i32, Link)>,
    media: Vec<(i32, Link)>,
    /// The client was disconnected: no link is opened any more.
    pub closed: bool,
}

impl Links {
    /// Takes all links out.
    pub(super) fn drain(&mut self) -> Vec<Link> {
        self.main.drain(..).chain(self.media.drain(..)).map(|(_, link)| link).collect()
    }

    fn main(&self, dc: i32) -> Option<Link> {
        let (_, link) = self.main.iter().find(|(to, _)| *to == dc)?;
        (!link.is_over()).then(|| link.clone())
    }

    fn set_main(&mut self, dc: i32, link: Option<Link>) {
        self.main.retain(|(to, _)| *to != dc);
        self.main.extend(link.map(|link| (dc, link)));
    }

    /// The link for files with the least to do, and how many there are.
    fn media(&mut self, dc: i32) -> (Option<Link>, usize) {
        self.media.retain(|(_, link)| !link.is_over());
        let links = || self.media.iter().filter(|(to, _)| *to == dc).map(|(_, link)| link);
        (links().min_by_key(|link| link.load()).cloned(), links().count())
    }
}

impl Client {
    /// Connects to the home DC and makes the first call.
    pub(super) async fn start(core: Arc<Core>) -> Result<Self, ConnectError> {
        let home = core.home();
        let first = establish_patiently(&core, (home, Lane::Main)).await?;
        let link = Link::start(Arc::clone(&core), (home, Lane::Main), first);
        let client = Self { shared: Arc::new(Shared::new(core)) };
        client.links().set_main(home, Some(link));
        let first_call = client.ask_config().await;
        let (lifetime, options) = first_call.map_err(|error| ConnectError::FirstCall(Box::new(error)))?;
        client.keep_config_fresh(lifetime);
        client.shared.core.learn_addresses(options).await?;
        Ok(client)
    }

    /// The link for calls to a DC, or to the home; opened if there is none, once for all that wait for it.
    pub(super) fn main_link(
        &self,
        method: &'static str,
        dc: Option<i32>,
    ) -> BoxFuture<'_, Result<Link, InvokeError>> {
        erased(async move {
            if let Some(link) = self.open_link(dc)? {
                return Ok(link);
            }
            let _opening = self.shared.opening.lock().await;
            if let Some(link) = self.open_link(dc)? {
                return Ok(link);
            }
            let dc = dc.unwrap_or_else(|| self.home_dc());
            let link = self.new_link(method, dc, Lane::Main).await?;
            self.links().set_main(dc, Some(link.clone()));
            Ok(link)
        })
    }

    /// The link for files to a DC that has the least to do. Another is opened while all have something to do and there
    /// are not too many.
    pub(super) async fn media_link(&self, method: &'static str, dc: i32) -> Result<Link, InvokeError> {
        let most = self.shared.core.config.media_connections;
        let free = |client: &Self| {
            let mut links = client.links();
            if links.closed {
                return Err(InvokeError::Closed);
            }
            let (link, count) = links.media(dc);
            Ok((link.filter(|link| link.load() == 0 || count >= most), count))
        };
        if let (Some(link), _) = free(self)? {
            return Ok(link);
        }
        let _opening = self.shared.opening_media.lock().await;
        let (link, count) = free(self)?;
        if let Some(link) = link {
            return Ok(link);
        }
        let link = self.new_link(method, dc, Lane::Media(count)).await?;
        self.links().media.push((dc, link.clone()));
        Ok(link)
    }

    pub(super) fn open_link(&self, dc: Option<i32>) -> Result<Option<Link>, InvokeError> {
        let links = self.links();
        if links.closed {
            return Err(InvokeError::Closed);
        }
        Ok(links.main(dc.unwrap_or_else(|| self.home_dc())))
    }

    fn new_link(
        &self,
        method: &'static str,
        dc: i32,
        lane: Lane,
    ) -> BoxFuture<'_, Result<Link, InvokeError>> {
        let core = &self.shared.core;
        erased(async move {
            if core.is_lost() {
                return Err(InvokeError::SessionLost { method, status: CallStatus::Queued });
            }
            match establish_patiently(core, (dc, lane)).await {
                Ok(established) => Ok(Link::start(Arc::clone(core), (dc, lane), established)),
                Err(error) => Err(InvokeError::Unreachable { method, dc, reason: error.to_string() }),
            }
        })
    }

    /// Makes `dc` the home, opening a link to it; once, however many calls ask for it.
    pub(super) fn move_home(&self, method: &'static str, dc: i32) -> BoxFuture<'_, Result<(), InvokeError>> {
        erased(self.move_home_once(method, dc))
    }

    async fn move_home_once(&self, method: &'static str, dc: i32) -> Result<(), InvokeError> {
        let core = &self.shared.core;
        let _opening = self.shared.opening.lock().await;
        let old_home = self.home_dc();
        if old_home == dc {
            return Ok(());
        }
        tracing::info!(from = old_home, to = dc, "moving to another DC");
        let link = match self.open_link(Some(dc))? {
            Some(link) => link,
            None => self.new_link(method, dc, Lane::Main).await?,
        };
        if let Some(old_link) = &self.open_link(None)?
            && core.is_logged_in()
            && !self.is_authorized(dc)
        {
            self.carry_authorization(old_link, &link).await?;
        }
        if let Err(error) = core.save(vec![Change::HomeDc(dc)]).await {
            return Err(InvokeError::Unreachable { method, dc, reason: error.to_string() });
        }
        let mut links = self.links();
        links.set_main(dc, Some(link));
        core.set_home(dc);
        // Calls still under way on it hold it open until they have ended.
        links.set_main(old_home, None);
        Ok(())
    }
}
