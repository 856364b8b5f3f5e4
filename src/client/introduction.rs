//! `invokeWithLayer(initConnection(…))`: how a client introduces itself on a session (AP-1).

use bytes::{BufMut, Bytes, BytesMut};

use super::DeviceInfo;
use crate::tl::Writer;

/// The layer of `tl-schema/api.tl`.
pub const LAYER: i32 = 230;

const INVOKE_WITH_LAYER: u32 = 0xda9b_0d0d;
const INIT_CONNECTION: u32 = 0xc1cd_5ea9;

/// The serialized beginning of an introducing call; the call itself follows it.
///
/// Written by hand, because the generated functions are not generic and the same bytes go in front of any call.
#[derive(Clone, Debug)]
pub(super) struct Introduction {
    head: Bytes,
}

impl Introduction {
    pub(super) fn new(api_id: i32, device: &DeviceInfo) -> Result<Self, crate::tl::Error> {
        let mut writer = Writer::new();
        writer.u32(INVOKE_WITH_LAYER);
        writer.i32(LAYER);
        writer.u32(INIT_CONNECTION);
        // No proxy, no params.
        writer.u32(0);
        writer.i32(api_id);
        writer.string(&device.device_model);
        writer.string(&device.system_version);
        writer.string(&device.app_version);
        writer.string(&device.system_lang_code);
        // Language packs are only for the official programs.
        writer.string("");
        writer.string(&device.lang_code);
        let head = Bytes::copy_from_slice(writer.finish()?.as_slice());
        Ok(Self { head })
    }

    /// The call inside the introduction.
    pub(super) fn wrap(&self, call: &Bytes) -> Bytes {
        let mut wrapped = BytesMut::with_capacity(self.head.len() + call.len());
        wrapped.put_slice(&self.head);
        wrapped.put_slice(call);
        wrapped.freeze()
    }
}
