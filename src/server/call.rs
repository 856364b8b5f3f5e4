//! One call on its way through the server: who calls, what it may touch, and what comes of it.

use std::net::IpAddr;

use crate::tl::{Bytes, Reader, Serialize, Writer};

use super::{
    accounts::Account,
    keys::{Device, Seen},
    layers,
    rpc_error::RpcError,
    world::World,
};

/// What the server remembers of a session between its calls.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The DC that the session is at.
    pub dc: i32,
    /// The key that encrypts the session, which may be a temporary one.
    pub key_id: i64,
    /// The session id.
    pub session_id: i64,
    /// The client's layer.
    pub layer: i32,
    /// Whether `initConnection` was called.
    pub inited: bool,
    /// Whether updates are sent here: once a call came without `invokeWithoutUpdates` (UP-7).
    pub wants_updates: bool,
    /// The address of the connection that the session was last heard on.
    pub ip: Option<IpAddr>,
    /// The address at which it has reached this server.
    pub reached: Option<IpAddr>,
}

impl Caller {
    /// A session that has not called anything yet. `layer` is what the key's earlier sessions have said: as in
    /// reality, a client does not have to say it again on every connection.
    pub fn new(dc: i32, key_id: i64, session_id: i64, layer: Option<i32>) -> Self {
        let inited = layer.is_some();
        Self {
            dc,
            key_id,
            session_id,
            layer: layer.unwrap_or(layers::UNKNOWN),
            inited,
            wants_updates: false,
            ip: None,
            reached: None,
        }
    }
}

/// Whose sessions an update is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Those of a user at the user's home DC.
    User(i64),
    /// Those of a permanent key, whether somebody is logged in on it or not.
    Key(i64),
}

/// An update for some sessions.
#[derive(Clone)]
pub(super) struct Push {
    /// Whose.
    pub to: Audience,
    /// The session (key id and session id) that must not get it, because it has the answer.
    pub except: Option<(i64, i64)>,
    /// `Updates`, boxed, the same for every layer.
    pub body: Bytes,
}

/// What comes of a call.
pub(super) enum Answer {
    /// The result, boxed.
    Now(Bytes),
    /// The result takes arithmetic that must not hold up the others: to be run elsewhere.
    Later(Job),
}

/// Arithmetic that is done without the world; what it gives is called with the world again.
pub(super) type Job = Box<dyn FnOnce() -> Finish + Send>;

/// The second half of a call whose arithmetic is done.
pub(super) type Finish = Box<dyn FnOnce(&mut Call<'_>) -> Result<Bytes, RpcError> + Send>;

/// The result of a method.
pub(super) type Outcome = Result<Answer, RpcError>;

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Everybody, also under a temporary key that is not bound yet (PF-3).
    Nothing,
    /// Everybody with a permanent key or one bound to it (AP-5).
    Key,
    /// Those who are logged in.
    Login,
    /// Those who are logged in and are no bots.
    User,
    /// Those who are logged in, at their home DC.
    Home,
}

/// One method of the API.
pub(super) struct Method {
    /// Its constructor ids: the schema's, and those of older layers that are read here, too.
    pub ids: &'static [u32],
    /// Name in the schema.
    pub name: &'static str,
    /// Who may call it.
    pub needs: Needs,
    /// Reads id and parameters, and carries the call out.
    pub run: fn(&mut Call<'_>, &mut Reader) -> Outcome,
}

/// A [`Method`] for a generated function, whose parameters are read as the schema says.
macro_rules! method {
    ($needs:ident, $($function:ident)::+ => $run:expr) => {
        $crate::server::call::Method {
            ids: &[<$crate::tl::functions::$($function)::+ as $crate::tl::Constructor>::ID],
            name: <$crate::tl::functions::$($function)::+ as $crate::tl::Constructor>::NAME,
            needs: $crate::server::call::Needs::$needs,
            run: |call, reader| {
                let parameters: $crate::tl::functions::$($function)::+ = $crate::tl::Deserialize::deserialize(reader);
                reader.check()?;
                $run(call, parameters)
            },
        }
    };
}
pub(super) use method;

/// A call with all that it may touch.
pub(super) struct Call<'a> {
    /// The state of all DCs.
    pub world: &'a mut World,
    /// The session that calls.
    pub caller: &'a mut Caller,
    /// The call's msg_id.
    pub msg_id: i64,
    /// Unix time in seconds.
    pub now: i64,
    /// Updates to send when the call is done.
    pub pushes: Vec<Push>,
    /// The method's name.
    pub method: &'static str,
    /// The number that the scenario's refusals were looked up for, so that each counts once in a call.
    pub checked: Option<String>,
}

impl<'a> Call<'a> {
    /// A call at `now`, Unix time in seconds.
    pub fn new(world: &'a mut World, caller: &'a mut Caller, msg_id: i64, now: i64) -> Self {
        Self { world, caller, msg_id, now, pushes: Vec::new(), method: "", checked: None }
    }
}

impl Call<'_> {
    /// Unix time as TL has it.
    pub fn date(&self) -> i32 {
        i32::try_from(self.now).unwrap_or(i32::MAX)
    }

    /// The permanent key behind the session.
    pub fn permanent_key(&self) -> Result<i64, RpcError> {
        self.world.keys.permanent(self.caller.key_id).ok_or(RpcError::unauthorized("AUTH_KEY_PERM_EMPTY"))
    }

    /// The id of the user who is logged in.
    pub fn user_id(&self) -> Result<i64, RpcError> {
        let key = self.permanent_key()?;
        let user = self.world.keys.authorization(key).and_then(|a| a.user);
        user.ok_or_else(|| self.not_logged_in(key))
    }

    /// The user who is logged in, or has given the right code and has yet to prove the password.
    pub fn subject(&self) -> Result<i64, RpcError> {
        let key = self.permanent_key()?;
        let authorization = self.world.keys.authorization(key);
        let user = authorization.and_then(|a| a.awaiting_password.or(a.user));
        let user = user.ok_or_else(|| self.not_logged_in(key))?;
        let exists = self.world.accounts.get(user).is_some();
        exists.then_some(user).ok_or(RpcError::unauthorized("USER_DEACTIVATED"))
    }

    fn not_logged_in(&self, key: i64) -> RpcError {
        let revoked = self.world.keys.authorization(key).is_some_and(|a| a.revoked);
        RpcError::unauthorized(if revoked { "SESSION_REVOKED" } else { "AUTH_KEY_UNREGISTERED" })
    }

    /// The account that is logged in.
    pub fn user(&self) -> Result<&Account, RpcError> {
        let id = self.user_id()?;
        self.world.accounts.get(id).ok_or(RpcError::unauthorized("USER_DEACTIVATED"))
    }

    /// Checks that the caller may call a method with these needs.
    pub fn permit(&self, needs: Needs) -> Result<(), RpcError> {
        match needs {
            Needs::Nothing => Ok(()),
            Needs::Key => self.permanent_key().map(drop),
            Needs::Login => self.user().map(drop),
            Needs::User if self.user()?.is_bot() => Err(RpcError::bad_request("BOT_METHOD_INVALID")),
            Needs::User => Ok(()),
            Needs::Home => match self.user()?.dc {
                home if home == self.caller.dc => Ok(()),
                home => Err(RpcError::migrate("USER", home)),
            },
        }
    }

    /// Notes with the permanent key what the client has said about itself.
    pub fn remember_client(&mut self, device: Option<Device>) {
        let Ok(key) = self.permanent_key() else { return };
        self.world.keys.saw(key, Seen { at: self.now, ip: self.caller.ip });
        let Some(known) = self.world.keys.authorization(key) else { return };
        let layer = self.caller.inited.then_some(self.caller.layer);
        let news = known.layer != layer || device.as_ref().is_some_and(|device| *device != known.device);
        if news {
            let device = device.unwrap_or_else(|| known.device.clone());
            self.world.authorize(key, |a| (a.device, a.layer) = (device, layer));
        }
    }
}

/// An answer that is of the same form for every layer.
pub(super) fn answer(value: &impl Serialize) -> Outcome {
    encode(value).map(Answer::Now)
}

/// An answer written by hand, where the constructor depends on the layer.
pub(super) fn written(write: impl FnOnce(&mut Writer)) -> Outcome {
    write_bytes(write).map(Answer::Now)
}

/// A value's bytes. A string of 16 MiB, the only thing that cannot be written, does not get in here.
pub(super) fn encode(value: &impl Serialize) -> Result<Bytes, RpcError> {
    value.to_bytes().map_err(|_| RpcError::internal("RPC_CALL_FAIL"))
}

/// Bytes written by hand.
pub(super) fn write_bytes(write: impl FnOnce(&mut Writer)) -> Result<Bytes, RpcError> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.finish().map(Bytes::from).map_err(|_| RpcError::internal("RPC_CALL_FAIL"))
}
