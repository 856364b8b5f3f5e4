//! The session file from the outside: damage, locks, permissions, crashes, and the documented bytes.

#[path = "session/damage.rs"]
mod damage;
#[path = "session/documented_bytes.rs"]
mod documented_bytes;
#[path = "session/encryption.rs"]
mod encryption;
#[path = "session/growth.rs"]
mod growth;
#[cfg(unix)]
#[path = "session/kill.rs"]
mod kill;
#[path = "session/lock.rs"]
mod lock;
#[cfg(unix)]
#[path = "session/permissions.rs"]
mod permissions;
#[path = "session/repair.rs"]
mod repair;
#[path = "session/sample.rs"]
mod sample;
