//! What clients put around a call: `invokeWithLayer`, `initConnection` and their like (AP-1, AP-2).
//!
//! They come in any order, may repeat, and a client puts them around every call until it has its first answer
//! (interop rule 6). Each is taken off here and leaves its trace in the session.

use crate::tl::{Bytes, Constructor, Deserialize, Reader, enums, functions, types};

use super::{call::Call, keys::Device, rpc_error::RpcError};

/// Wrappers around one call. Real clients use up to four.
const MAX_WRAPPERS: usize = 16;

/// Most ids in one `invokeAfterMsgs`.
const MAX_AFTER: usize = 1_024;

/// Longest text of `initConnection` that is kept, characters.
const MAX_DEVICE_TEXT: usize = 256;

/// What the wrappers of a call asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// The calls that must have succeeded before.
    pub after: Vec<i64>,
    /// No updates because of this call.
    pub without_updates: bool,
    /// What `initConnection` said about the program.
    pub device: Option<Device>,
}

/// Takes all wrappers off. What is left for the reader to read is the method's id and parameters.
pub(super) fn unwrap(call: &mut Call<'_>, body: Bytes) -> Result<(Reader, Wishes), RpcError> {
    let mut reader = Reader::new(body);
    let mut wishes = Wishes::default();
    for _ in 0..MAX_WRAPPERS {
        let Some(id) = reader.peek_u32() else { return Err(RpcError::bad_request("INPUT_FETCH_ERROR")) };
        match id {
            functions::InvokeWithLayer::<()>::ID => {
                reader.u32();
                let layer = reader.i32();
                if layer < 1 {
                    return Err(RpcError::bad_request("CONNECTION_LAYER_INVALID"));
                }
                call.caller.layer = layer;
            }
            functions::InitConnection::<()>::ID => {
                reader.u32();
                wishes.device = Some(init_connection(&mut reader)?);
                call.caller.inited = true;
            }
            functions::InvokeWithoutUpdates::<()>::ID => {
                reader.u32();
                wishes.without_updates = true;
            }
            functions::InvokeAfterMsg::<()>::ID => {
                reader.u32();
                wishes.after.push(reader.i64());
            }
            functions::InvokeAfterMsgs::<()>::ID => {
                reader.u32();
                wishes.after.extend(Vec::<i64>::deserialize(&mut reader));
            }
            functions::InvokeWithMessagesRange::<()>::ID => {
                reader.u32();
                types::MessageRange::deserialize(&mut reader);
            }
            functions::InvokeWithTakeout::<()>::ID => {
                reader.u32();
                reader.i64();
            }
            functions::InvokeWithBusinessConnection::<()>::ID | functions::InvokeWithReCaptcha::<()>::ID => {
                reader.u32();
                reader.string();
            }
            functions::InvokeWithGooglePlayIntegrity::<()>::ID
            | functions::InvokeWithApnsSecret::<()>::ID => {
                reader.u32();
                reader.string();
                reader.string();
            }
            _ => return reader.check().map(|()| (reader, wishes)).map_err(RpcError::from),
        }
        reader.check()?;
        if wishes.after.len() > MAX_AFTER {
            return Err(RpcError::bad_request("INPUT_REQUEST_TOO_LONG"));
        }
    }
    Err(RpcError::bad_request("INPUT_REQUEST_TOO_LONG"))
}

/// The parameters of `initConnection` up to the query. `proxy` and `params` may each be there or not.
fn init_connection(reader: &mut Reader) -> Result<Device, RpcError> {
    let flags = reader.u32();
    let api_id = reader.i32();
    let [model, system, app, _system_lang, _lang_pack, _lang] = std::array::from_fn(|_| reader.string());
    if flags & 1 != 0 {
        types::InputClientProxy::deserialize(reader);
    }
    if flags & 2 != 0 {
        enums::JsonValue::deserialize(reader);
    }
    reader.check()?;
    if api_id <= 0 {
        return Err(RpcError::bad_request("CONNECTION_API_ID_INVALID"));
    }
    Ok(Device { api_id, model: shorten(&model), system: shorten(&system), app: shorten(&app) })
}

fn shorten(text: &str) -> String {
    text.chars().take(MAX_DEVICE_TEXT).collect()
}
