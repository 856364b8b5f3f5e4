//! Setting, changing and removing the password and its recovery address (SR-3, SR-4).

use zeroize::Zeroizing;

use crate::{
    crypto::dh::Group,
    tl::{Bytes, Str, enums, functions, types},
};

use super::{G, GROUP, SALT, new_salts, proven};
use crate::server::{
    accounts::{Account, Password},
    call::{Call, Method, Outcome, encode, method},
    email::{self, EmailCode},
    event::EmailPurpose,
    rpc_error::RpcError,
    security::Unconfirmed,
};

/// Random bytes that a client must add to the salt, at least. Real clients add 32.
const CLIENT_SALT: usize = 8;

/// Longest salt that is taken, bytes.
const MAX_SALT: usize = 256;

/// Longest hint, characters.
const MAX_HINT: usize = 128;

pub(in crate::server) const METHODS: &[Method] = &[
    method!(User, account::GetPasswordSettings => get_settings),
    method!(User, account::UpdatePasswordSettings => update_settings),
];

fn get_settings(call: &mut Call<'_>, p: functions::account::GetPasswordSettings) -> Outcome {
    let user = call.user_id()?;
    proven(call, user, p.password, move |call| {
        let account = call.user()?;
        let email = account.security.recovery_email.clone().map(Str::from);
        encode(&types::account::PasswordSettings { email, secure_settings: None })
    })
}

fn update_settings(call: &mut Call<'_>, p: functions::account::UpdatePasswordSettings) -> Outcome {
    let user = call.user_id()?;
    proven(call, user, p.password, move |call| update(call, user, &p.new_settings))
}

fn update(
    call: &mut Call<'_>,
    user: i64,
    settings: &types::account::PasswordInputSettings,
) -> Result<Bytes, RpcError> {
    let change = Change::read(call, user, settings)?;
    let address = settings.email.as_deref().map(str::trim);
    if change == Change::Nothing && address.is_none() {
        return Err(RpcError::bad_request("NEW_SETTINGS_EMPTY"));
    }
    let account = call.user()?;
    let has_password = match change {
        Change::Nothing => account.password.is_some(),
        Change::Remove => false,
        Change::Set(_) => true,
    };
    let new_address = address.filter(|address| {
        has_password && !address.is_empty() && account.security.recovery_email.as_deref() != Some(*address)
    });
    if let Some(address) = new_address {
        let address = email::valid(address).ok_or(RpcError::bad_request("EMAIL_INVALID"))?;
        let phone = account.phone.clone().unwrap_or_default();
        let code = EmailCode::send(call, &phone, address, EmailPurpose::PasswordSetup);
        let name = format!("EMAIL_UNCONFIRMED_{}", code.length());
        let password = if let Change::Set(password) = change { Some(password) } else { None };
        // As in reality, nothing comes into force before the address is confirmed.
        let unconfirmed = Some(Unconfirmed { code, password });
        call.world.change_account(user, |account| account.security.unconfirmed = unconfirmed);
        return Err(RpcError { code: 400, name: name.into() });
    }
    if !has_password && address.is_some_and(|address| !address.is_empty()) && change == Change::Nothing {
        return Err(RpcError::bad_request("PASSWORD_HASH_INVALID"));
    }
    call.world.change_account(user, |account| {
        if address == Some("") {
            (account.security.recovery_email, account.security.unconfirmed) = (None, None);
        }
        change.apply(account);
    });
    encode(&true)
}

/// What becomes of a password.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// It stays.
    Nothing,
    /// It goes, and two-step verification with it.
    Remove,
    /// It is set, or another takes its place.
    Set(Password),
}

impl Change {
    /// Reads the new password and checks that it is made as SR-3 says.
    pub fn read(
        call: &Call<'_>,
        user: i64,
        settings: &types::account::PasswordInputSettings,
    ) -> Result<Self, RpcError> {
        let invalid = RpcError::bad_request("NEW_SETTINGS_INVALID");
        let Some(verifier) = &settings.new_password_hash else { return Ok(Self::Nothing) };
        if verifier.is_empty() {
            return Ok(Self::Remove);
        }
        let Some(enums::PasswordKdfAlgo::Sha256Sha256Pbkdf2Hmacsha512iter100000Sha256ModPow(algo)) =
            settings.new_algo.as_deref()
        else {
            return Err(invalid);
        };
        let (salt1, salt2) = new_salts(call, user);
        let added = algo.salt1.strip_prefix(&salt1).map(<[u8]>::len);
        let fits = added.is_some_and(|added| (CLIENT_SALT..=MAX_SALT - SALT).contains(&added));
        if !fits || *algo.salt2 != salt2 {
            return Err(RpcError::bad_request("NEW_SALT_INVALID"));
        }
        let group: &Group = &GROUP;
        let hint = settings.hint.as_deref().unwrap_or_default().trim();
        let right_size = verifier.len() == 256 && hint.chars().count() <= MAX_HINT;
        let number_fits = verifier.iter().any(|b| *b != 0) && verifier[..] < group.prime()[..];
        if algo.g != G || algo.p[..] != group.prime()[..] || !right_size || !number_fits {
            return Err(invalid);
        }
        Ok(Self::Set(Password {
            salt1: algo.salt1.to_vec(),
            salt2: algo.salt2.to_vec(),
            verifier: Zeroizing::new(verifier.to_vec()),
            hint: Some(hint.to_owned()).filter(|hint| !hint.is_empty()),
        }))
    }

    /// Makes the change, which ends every reset and recovery that was under way.
    pub fn apply(self, account: &mut Account) {
        let security = &mut account.security;
        match self {
            Self::Nothing => return,
            Self::Remove => {
                account.password = None;
                (security.recovery_email, security.unconfirmed) = (None, None);
            }
            Self::Set(password) => account.password = Some(password),
        }
        (security.recovery, security.password_reset) = (None, None);
    }
}
