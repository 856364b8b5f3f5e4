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
//! | `password`, `new_password` | the proof of the 2FA password, the verifier of a new one |
//! | `prompt`, `notice` | what the user is asked, what is said besides, and the answers |
//! | `whereabouts` | where a code is, in words |
//! | `refusal` | what the errors of calls mean that belong to sessions, passwords and tokens |
//! | `authenticator` | who answers for the user |
//! | `error` | how a login ends without success |
//!
//! Sources: <https://core.telegram.org/api/auth>, <https://core.telegram.org/api/srp>.

mod authenticator;
mod call;
mod date;
mod error;
pub(crate) mod login;
mod new_password;
mod notice;
mod password;
mod prompt;
mod reaction;
mod refusal;
mod sent_code;
#[cfg(feature = "terminal")]
pub mod terminal;
mod user;
mod whereabouts;

pub use authenticator::{Authenticator, NoAnswer};
pub use call::{Call, Reply};
pub use error::{LoginError, PhoneRefusal};
pub use login::{Action, At, Credentials, Input, Login, Step, Success};
pub use new_password::NewPassword;
pub use notice::Notice;
pub use password::PasswordChallenge;
pub use prompt::{Answer, CodeSent, EmailReset, PasswordInfo, Prompt, QrCode, normalize_phone};
pub use refusal::Refusal;
pub use user::{self_peer, session_user};

#[cfg(test)]
mod tests;
