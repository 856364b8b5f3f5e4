//! What depends on the client's layer (interop rule 13).
//!
//! A constructor gets a new id whenever its definition changes, and a client knows only the ids of its own layer.
//! Nearly everything this server answers has kept its id since layer 158 at least; the exceptions stand here, each
//! as the list of its ids by the layer that brought them. As long as only the old basic fields are set, the bytes
//! behind the id are the same for all of them, apart from a second word of flags where one was added.

use crate::tl::Writer;

/// The layer that a client is taken to have as long as it has not said (`invokeWithLayer`).
pub(super) const UNKNOWN: i32 = 158;

/// `user`, by the first layer with this id.
const USER: &[(i32, u32)] = &[
    (0, 0x8f97_c628),
    (160, 0xabb5_f120),
    (166, 0xeb60_2f25),
    (167, 0x215c_4438),
    (185, 0x8331_4fca),
    (196, 0x4b46_c37e),
    (200, 0x020b_1422),
    (216, 0x3177_4388),
    (229, 0xb1b8_cc83),
];

/// `message`, by the first layer with this id. From layer 177 on it has a second word of flags.
const MESSAGE: &[(i32, u32)] = &[
    (0, 0x3811_6ee0),
    (170, 0x76be_c211),
    (174, 0x1e4c_8a69),
    (176, 0xa66c_7efc),
    (177, 0x2357_bf25),
    (180, 0xbde0_9c2e),
    (181, 0x9434_5242),
    (196, 0x96fd_bbe9),
    (200, 0xeabc_dd4d),
    (206, 0x9815_cec8),
    (217, 0xb92f_76cf),
    (221, 0x9cb4_90e9),
    (223, 0x3ae5_6482),
    (225, 0x95ef_6f2b),
    (227, 0x7600_b9d3),
];

/// The first layer whose `message` has `flags2`.
const MESSAGE_FLAGS2: i32 = 177;

/// `auth.sentCodeTypeFirebaseSms`, by the first layer that is known to have this id.
const FIREBASE_SMS: &[(i32, u32)] = &[(0, 0xe57b_1432), (185, 0x009f_d736)];

/// The first layer that is known to have `auth.sentCodePaymentRequired` in the schema's form.
pub(super) const PAYMENT_REQUIRED: i32 = 228;

fn by_layer(table: &[(i32, u32)], layer: i32) -> u32 {
    table.iter().rev().find(|(first, _)| *first <= layer).or(table.first()).map_or(0, |(_, id)| *id)
}

/// Id of `user` for a client of this layer. Fields: `flags flags2 id [access_hash] [first_name] …`.
pub(super) fn user(layer: i32) -> u32 {
    by_layer(USER, layer)
}

/// Id of `message` for a client of this layer, and whether a second word of flags follows the first.
pub(super) fn message(layer: i32) -> (u32, bool) {
    (by_layer(MESSAGE, layer), layer >= MESSAGE_FLAGS2)
}

/// Writes an `auth.sentCodeTypeFirebaseSms` with the fields that all layers have: the nonce for SafetyNet.
pub(super) fn write_firebase_sms(w: &mut Writer, layer: i32, nonce: &[u8], length: i32) {
    w.u32(by_layer(FIREBASE_SMS, layer));
    w.u32(1);
    w.bytes(nonce);
    w.i32(length);
}

/// The constructors of `userFull` and of what it cannot do without.
#[derive(Clone, Copy, Debug)]
pub(super) struct UserFull {
    id: u32,
    flags2: bool,
    peer_settings: u32,
    peer_notify_settings: u32,
}

impl UserFull {
    /// Those of a client's layer; `None` for layers whose definitions are not known here.
    pub fn of(layer: i32) -> Option<Self> {
        match layer {
            ..=162 => Some(Self {
                id: 0x93ea_db53,
                flags2: false,
                peer_settings: 0xa518_110d,
                peer_notify_settings: 0xa83b_0426,
            }),
            227.. => Some(Self {
                id: 0x06cb_e645,
                flags2: true,
                peer_settings: 0xf477_41f7,
                peer_notify_settings: 0x9962_2c0c,
            }),
            _ => None,
        }
    }

    /// Writes a `userFull` with nothing in it but what must be there.
    pub fn write(self, w: &mut Writer, user: i64) {
        w.u32(self.id);
        w.u32(0);
        if self.flags2 {
            w.u32(0);
        }
        w.i64(user);
        w.u32(self.peer_settings);
        w.u32(0);
        w.u32(self.peer_notify_settings);
        w.u32(0);
        // common_chats_count
        w.i32(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_layer() {
        assert_eq!(user(1), 0x8f97_c628);
        assert_eq!(user(158), 0x8f97_c628);
        assert_eq!(user(165), 0xabb5_f120);
        assert_eq!(user(166), 0xeb60_2f25);
        assert_eq!(user(228), 0x3177_4388);
        assert_eq!(user(300), 0xb1b8_cc83);
        assert_eq!(message(158), (0x3811_6ee0, false));
        assert_eq!(message(176), (0xa66c_7efc, false));
        assert_eq!(message(177), (0x2357_bf25, true));
        assert_eq!(message(229), (0x7600_b9d3, true));
    }

    #[test]
    fn the_newest_ids_are_those_of_the_schema() {
        use crate::tl::{Constructor, types};
        assert_eq!(user(230), types::User::ID);
        assert_eq!(message(230), (types::Message::ID, true));
        assert_eq!(by_layer(FIREBASE_SMS, 230), types::auth::SentCodeTypeFirebaseSms::ID);
        let full = UserFull::of(230).unwrap();
        assert_eq!(full.id, types::UserFull::ID);
        assert_eq!(full.peer_settings, types::PeerSettings::ID);
        assert_eq!(full.peer_notify_settings, types::PeerNotifySettings::ID);
    }

    #[test]
    fn the_newest_user_full_is_read_by_the_schema() {
        use crate::tl::{Bytes, Deserialize, types};
        let mut w = Writer::new();
        UserFull::of(230).unwrap().write(&mut w, 42);
        let full = types::UserFull::from_bytes(Bytes::from(w.finish().unwrap())).unwrap();
        assert_eq!(full.id, 42);
    }
}
