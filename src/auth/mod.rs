//! The login, as a state machine without I/O.
//!
//! [`Login`] is told what happened (an answer of the user, a reply of the server) and says what to do next: make a
//! [`Call`], move to another DC, compute a password proof, ask the user a [`Prompt`], or stop. Whatever must survive a
//! crash comes with the step as [`Change`](crate::session::Change)s and is saved before the step is done, so that another
//! process can take an unfinished login up. The terminal login (`terminal`, feature `terminal`), the client's
//! methods and a program with its own user interface all drive this one machine.
//!
//! | module | what it knows |
//! |---|---|
//! | `login` | the states and how they follow each other |
//! | `call` | the API calls of the login and their replies |
//! | `sent_code` | what every constructor of `auth.SentCode` and `auth.SentCodeType` means |
//! | `reaction` | what is done about each error of the server |
//! | `password` | the proof of the 2FA password |
//! | `prompt` | what the user is asked, and the answers |
//! | `authenticator` | who answers for the user |
//! | `error` | how a login ends without success |
//!
//! Sources: <https://core.telegram.org/api/auth>, <https://core.telegram.org/api/srp>.

mod authenticator;
mod call;
mod error;
mod login;
mod password;
mod prompt;
mod reaction;
mod sent_code;
#[cfg(feature = "terminal")]
pub mod terminal;
mod user;

pub use authenticator::{Authenticator, NoAnswer};
pub use call::{Call, Reply};
pub use error::{LoginError, PhoneRefusal};
pub use login::{Action, At, Credentials, Input, Login, Step, Success};
pub use password::PasswordChallenge;
pub use prompt::{Answer, CodeSent, Notice, Prompt, normalize_phone};
pub use user::{self_peer, session_user};

#[cfg(test)]
mod tests;
