//! Who holds a session, as the value of a lease says it.

use std::fmt;

use rand::{CryptoRng, RngExt};

use crate::session::ErrorKind;

/// A holder: no two are ever the same, so that a lease that was lost and taken again by the same process is told apart.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Holder {
    token: String,
    pub pid: u32,
    pub host: String,
    pub name: String,
}

impl Holder {
    /// This process, for a session of this name.
    pub(super) fn here(name: &str, rng: &mut dyn CryptoRng) -> Self {
        let token = format!("{:032x}", rng.random::<u128>());
        Self { token, pid: std::process::id(), host: host(), name: name.to_owned() }
    }

    /// The value of its leases.
    pub(super) fn value(&self) -> String {
        format!("{} {} {} {}", self.token, self.pid, self.host, self.name)
    }

    /// Reads the value of a lease; what is not one of ours is a holder of whom nothing is known.
    pub(super) fn read(value: &str) -> Self {
        let mut parts = value.splitn(4, ' ').map(str::to_owned);
        let mut next = || parts.next().unwrap_or_default();
        let (token, pid, host, name) = (next(), next(), next(), next());
        Self { token, pid: pid.parse().unwrap_or(0), host, name }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Holder({} on {})", self.pid, self.host)
    }
}

impl From<Holder> for ErrorKind {
    fn from(holder: Holder) -> Self {
        Self::Leased { host: holder.host, pid: holder.pid, name: holder.name }
    }
}

/// The name of this machine, without blanks.
fn host() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    let name = name.replace(char::is_whitespace, "_");
    if name.is_empty() { "unknown".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_is_read_from_its_lease() {
        let holder = Holder::here("a name: with blanks", &mut rand::rng());
        assert_eq!(Holder::read(&holder.value()), holder);
        assert!(holder.pid == std::process::id() && !holder.host.is_empty());
        assert_ne!(Holder::here("a", &mut rand::rng()), Holder::here("a", &mut rand::rng()));
    }

    #[test]
    fn any_value_is_a_holder() {
        for value in ["", " ", "x", "a b c", "a 99999999999 c d", "\u{fffd}\0 1 2"] {
            let _ = ErrorKind::from(Holder::read(value)).to_string();
        }
    }
}
