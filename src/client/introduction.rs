//! `invokeWithLayer(initConnection(…))`: how a client introduces itself on a session (AP-1).

use bytes::{BufMut, Bytes, BytesMut};

use super::DeviceInfo;
use crate::tl::functions::{InitConnection, InvokeWithLayer, InvokeWithoutUpdates};
use crate::tl::mtproto::functions as service;
use crate::tl::{Constructor, Error, Raw, Serialize};

/// The layer of `tl-schema/api.tl`: the version of the API that the typed functions belong to.
pub const LAYER: i32 = 230;

/// The serialized beginning of an introducing call, the same in front of any call.
#[derive(Clone, Debug)]
pub(super) struct Introduction {
    head: Bytes,
}

impl Introduction {
    pub(super) fn new(api_id: i32, device: &DeviceInfo) -> Result<Self, Error> {
        let text = |text: &String| text.clone().into();
        let query = InitConnection {
            api_id,
            device_model: text(&device.device_model),
            system_version: text(&device.system_version),
            app_version: text(&device.app_version),
            system_lang_code: text(&device.system_lang_code),
            // Language packs are only for the official programs.
            lang_pack: "".into(),
            lang_code: text(&device.lang_code),
            proxy: None,
            params: None,
            query: Raw::default(),
        };
        // A copy of just its size: it is kept as long as the client.
        let head = InvokeWithLayer { layer: LAYER, query }.to_bytes()?;
        Ok(Self { head: Bytes::copy_from_slice(&head) })
    }

    /// The call with what belongs around it: the introduction, if it is the first of its session, and
    /// `invokeWithoutUpdates` inside of that (AP-2). What belongs to the protocol itself stays bare.
    pub(super) fn wrap(&self, call: &Bytes, introduce: bool, without_updates: bool) -> Bytes {
        if !(introduce || without_updates) || is_service(call) {
            return call.clone();
        }
        let mut wrapped = BytesMut::with_capacity(self.head.len() + 4 + call.len());
        if introduce {
            wrapped.put_slice(&self.head);
        }
        if without_updates {
            wrapped.put_u32_le(InvokeWithoutUpdates::<()>::ID);
        }
        wrapped.put_slice(call);
        wrapped.freeze()
    }
}

/// Whether a call is of the service schema, and not of the API.
pub(super) fn is_service(call: &Bytes) -> bool {
    let id = call.first_chunk().map(|id| u32::from_le_bytes(*id));
    matches!(
        id,
        Some(service::DestroyAuthKey::ID | service::DestroySession::ID | service::RpcDropAnswer::ID)
            | Some(service::Ping::ID | service::PingDelayDisconnect::ID | service::GetFutureSalts::ID)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tl::{Deserialize, functions::help::GetConfig};

    #[test]
    fn the_layer_is_that_of_the_schema() {
        let schema = include_str!("../../tl-schema/api.tl");
        assert!(schema.lines().any(|line| line == format!("// LAYER {LAYER}")));
    }

    #[test]
    fn a_wrapped_call_reads_back_as_the_typed_one() {
        let introduction = Introduction::new(12345, &DeviceInfo::default()).unwrap();
        let wrapped = introduction.wrap(&GetConfig {}.to_bytes().unwrap(), true, false);
        let read = InvokeWithLayer::<InitConnection<GetConfig>>::from_bytes(wrapped).unwrap();
        assert_eq!((read.layer, read.query.api_id), (LAYER, 12345));
        assert_eq!(read.query.device_model, DeviceInfo::default().device_model);
    }
}
