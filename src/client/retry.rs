//! What is done about an error before the caller sees it (the table of reactions in AU-8 and RE-1).

use std::time::{Duration, SystemTime};

use super::{InvokeError, RetryPolicy};
use crate::message::RpcError;

/// What to do about one refused call.
#[derive(Debug)]
pub(super) enum Reaction {
    /// Wait so long, then make the same call again.
    Repeat(Duration),
    /// Make the same call again inside `initConnection` (AP-1).
    Introduce,
    /// Make this DC the home and the same call there.
    Move(i32),
    /// Make the same call at this DC, and no other.
    Visit(i32),
    /// Give up.
    Fail(InvokeError),
}

/// How much patience is left for one call.
#[derive(Debug)]
pub(super) struct Patience<'a> {
    policy: &'a RetryPolicy,
    server_errors: u32,
    migrations: u32,
    introductions: u32,
    imports: u32,
}

/// How often one call is repeated because the server forgot `initConnection`.
const INTRODUCTIONS: u32 = 2;

impl<'a> Patience<'a> {
    pub(super) fn new(policy: &'a RetryPolicy) -> Self {
        Self {
            policy,
            server_errors: policy.server_errors,
            migrations: policy.migrations,
            introductions: INTRODUCTIONS,
            imports: 1,
        }
    }

    /// Whether the login may be taken along to the call's DC again.
    pub(super) fn may_import(&mut self) -> bool {
        take(&mut self.imports)
    }

    /// Decides about the `error` of a call of `method`, received at `now`.
    pub(super) fn react(&mut self, method: &'static str, error: RpcError, now: SystemTime) -> Reaction {
        if let Some(wait) = wait(&error) {
            return if wait <= self.policy.flood_sleep_threshold && !is_for_one_chat(&error) {
                Reaction::Repeat(wait)
            } else {
                // A wait beyond the end of the clock is a server's nonsense; saying "from now on" is the best left.
                let until = now.checked_add(wait).unwrap_or(now);
                Reaction::Fail(InvokeError::Wait { method, wait, until, error })
            };
        }
        match error.code {
            303 => match elsewhere(&error) {
                Some(reaction) if take(&mut self.migrations) => reaction,
                _ => Reaction::Fail(InvokeError::Rpc { method, error }),
            },
            400 if error.is("CONNECTION_NOT_INITED") || error.is("CONNECTION_LAYER_INVALID") => {
                if take(&mut self.introductions) {
                    Reaction::Introduce
                } else {
                    Reaction::Fail(InvokeError::Rpc { method, error })
                }
            }
            // The temporary key has to be bound again, which its link does before the next call (PF-4).
            401 if error.is("AUTH_KEY_PERM_EMPTY") && take(&mut self.introductions) => {
                Reaction::Repeat(Duration::ZERO)
            }
            401 if ends_session(&error) => Reaction::Fail(InvokeError::Unauthorized { method, error }),
            406 if error.is("AUTH_KEY_DUPLICATED") => Reaction::Fail(InvokeError::AuthKeyDuplicated),
            500..600 | -503 if !restarts_login(&error) && self.server_errors > 0 => {
                let step = self.policy.server_errors - self.server_errors;
                self.server_errors -= 1;
                Reaction::Repeat(self.policy.server_error_pause.saturating_mul(1 << step.min(6)))
            }
            _ => Reaction::Fail(InvokeError::Rpc { method, error }),
        }
    }
}

/// How long the server asks to wait before the same call (`FLOOD_WAIT_n`, `TAKEOUT_INIT_DELAY_n`, …).
fn wait(error: &RpcError) -> Option<Duration> {
    let waits = error.code == 420 && (has(&error.message, b"_WAIT_") || has(&error.message, b"_DELAY_"));
    error.value().filter(|_| waits).map(|seconds| Duration::from_secs(seconds.into()))
}

/// `str::contains` is two kilobytes of code, made for long texts.
fn has(message: &str, part: &[u8]) -> bool {
    message.as_bytes().windows(part.len()).any(|window| window == part)
}

fn take(left: &mut u32) -> bool {
    let had = *left > 0;
    *left = left.saturating_sub(1);
    had
}

/// Where the call is to be made. Some errors tell of the account, which moves; `FILE_MIGRATE` and `STATS_MIGRATE` of this
/// one call.
fn elsewhere(error: &RpcError) -> Option<Reaction> {
    let dc = error.value().and_then(|dc| i32::try_from(dc).ok())?;
    let is_one_of = |names: &[&str]| names.iter().any(|name| error.is(name));
    if is_one_of(&["PHONE_MIGRATE", "USER_MIGRATE", "NETWORK_MIGRATE"]) {
        Some(Reaction::Move(dc))
    } else if is_one_of(&["FILE_MIGRATE", "STATS_MIGRATE"]) {
        Some(Reaction::Visit(dc))
    } else {
        None
    }
}

/// The wait of a slow chat must not hold up what is meant for another.
fn is_for_one_chat(error: &RpcError) -> bool {
    error.is("SLOWMODE_WAIT")
}

/// These are 500 by code, but ask to begin the login again, which only the login can do.
fn restarts_login(error: &RpcError) -> bool {
    matches!(error.name().as_str(), "AUTH_RESTART" | "SIGN_IN_FAILED" | "PASSKEY_AUTH_RESTART")
}

/// 401 errors that say that the key is not logged in; `SESSION_PASSWORD_NEEDED` is a step of the login instead.
fn ends_session(error: &RpcError) -> bool {
    matches!(
        error.name().as_str(),
        "AUTH_KEY_UNREGISTERED"
            | "AUTH_KEY_INVALID"
            | "SESSION_REVOKED"
            | "SESSION_EXPIRED"
            | "USER_DEACTIVATED"
            | "USER_DEACTIVATED_BAN"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn react(patience: &mut Patience<'_>, code: i32, text: &'static str) -> Reaction {
        patience.react("test", RpcError::new(code, text), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn short_waits_are_slept_through_and_long_ones_returned() {
        let policy = RetryPolicy::default();
        let patience = &mut Patience::new(&policy);
        assert!(matches!(react(patience, 420, "FLOOD_WAIT_60"), Reaction::Repeat(d) if d.as_secs() == 60));
        let Reaction::Fail(InvokeError::Wait { wait, until, .. }) = react(patience, 420, "FLOOD_WAIT_61")
        else {
            panic!("a long wait was not returned");
        };
        assert_eq!(
            (wait, until),
            (Duration::from_secs(61), SystemTime::UNIX_EPOCH + Duration::from_secs(61))
        );
        assert!(matches!(react(patience, 420, "SLOWMODE_WAIT_1"), Reaction::Fail(InvokeError::Wait { .. })));
        assert!(matches!(
            react(patience, 420, "FLOOD_WAIT_18446744073709551615"),
            Reaction::Fail(InvokeError::Rpc { .. })
        ));
    }

    #[test]
    fn server_errors_are_repeated_with_growing_pauses_and_then_returned() {
        let policy = RetryPolicy { server_errors: 3, ..RetryPolicy::default() };
        let patience = &mut Patience::new(&policy);
        for seconds in [1, 2, 4] {
            assert!(
                matches!(react(patience, 500, "RPC_CALL_FAIL"), Reaction::Repeat(d) if d.as_secs() == seconds)
            );
        }
        assert!(matches!(react(patience, -503, "Timeout"), Reaction::Fail(InvokeError::Rpc { .. })));
    }

    #[test]
    fn only_errors_about_the_account_move_the_home() {
        let policy = RetryPolicy { migrations: 4, ..RetryPolicy::default() };
        let patience = &mut Patience::new(&policy);
        assert!(matches!(react(patience, 303, "FILE_MIGRATE_4"), Reaction::Visit(4)));
        assert!(matches!(react(patience, 303, "STATS_MIGRATE_3"), Reaction::Visit(3)));
        assert!(matches!(react(patience, 303, "PHONE_MIGRATE_4"), Reaction::Move(4)));
        assert!(matches!(react(patience, 303, "USER_MIGRATE_5"), Reaction::Move(5)));
        assert!(matches!(react(patience, 303, "NETWORK_MIGRATE_1"), Reaction::Fail(InvokeError::Rpc { .. })));
    }

    #[test]
    fn a_login_step_is_not_taken_for_an_ended_session() {
        let policy = RetryPolicy::default();
        let patience = &mut Patience::new(&policy);
        assert!(matches!(
            react(patience, 401, "SESSION_PASSWORD_NEEDED"),
            Reaction::Fail(InvokeError::Rpc { .. })
        ));
        assert!(matches!(
            react(patience, 401, "AUTH_KEY_UNREGISTERED"),
            Reaction::Fail(InvokeError::Unauthorized { .. })
        ));
        assert!(matches!(react(patience, 500, "AUTH_RESTART"), Reaction::Fail(InvokeError::Rpc { .. })));
    }

    #[test]
    fn a_forgotten_introduction_is_repeated_a_bounded_number_of_times() {
        let policy = RetryPolicy::default();
        let patience = &mut Patience::new(&policy);
        for _ in 0..INTRODUCTIONS {
            assert!(matches!(react(patience, 400, "CONNECTION_NOT_INITED"), Reaction::Introduce));
        }
        assert!(matches!(react(patience, 400, "CONNECTION_LAYER_INVALID"), Reaction::Fail(_)));
    }
}
