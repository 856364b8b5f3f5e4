//! `invokeWithLayer(initConnection(…))`: how a client introduces itself on a session (AP-1).

use bytes::{BufMut, Bytes, BytesMut};

use super::DeviceInfo;
use crate::tl::functions::{InitConnection, InvokeWithLayer};
use crate::tl::{Error, Raw, Serialize};

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
        InvokeWithLayer { layer: LAYER, query }.to_bytes().map(|head| Self { head })
    }

    /// The call inside the introduction.
    pub(super) fn wrap(&self, call: &Bytes) -> Bytes {
        let mut wrapped = BytesMut::with_capacity(self.head.len() + call.len());
        wrapped.put_slice(&self.head);
        wrapped.put_slice(call);
        wrapped.freeze()
    }
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
        let wrapped = introduction.wrap(&GetConfig {}.to_bytes().unwrap());
        let read = InvokeWithLayer::<InitConnection<GetConfig>>::from_bytes(wrapped).unwrap();
        assert_eq!((read.layer, read.query.api_id), (LAYER, 12345));
        assert_eq!(read.query.device_model, DeviceInfo::default().device_model);
    }
}
