//! Telethon's `StringSession`: `1`, then URL-safe base64 with padding of big-endian fields without separators:
//! DC (1 byte), IP address (4 or 16), port (2), auth key (256). Which address it is follows from the length.

use std::net::IpAddr;

use zeroize::Zeroizing;

use super::{
    ErrorKind, Export, ExportOptions, Exported, Imported, Warning, address, base64url, reader::Reader,
};
use crate::session::{Dc, DcAddress, State, User};

/// DC, port and key.
const FIXED_LEN: usize = 1 + 2 + 256;

pub(super) fn decode(text: &str) -> Result<Imported, ErrorKind> {
    let digits = text.strip_prefix('1').ok_or(ErrorKind::Other("a Telethon string begins with 1"))?;
    let bytes = base64url::decode(digits)?;
    let ip_len = match bytes.len().checked_sub(FIXED_LEN) {
        Some(len @ (4 | 16)) => len,
        _ => return Err(ErrorKind::Other("a Telethon string has 353 or 369 characters")),
    };
    let mut reader = Reader::new(&bytes);
    let dc = reader.u8("the DC")?;
    let ip = reader.take(ip_len, "the address")?;
    let v4 = <[u8; 4]>::try_from(ip).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(ip).map(IpAddr::from);
    let ip = v4.or(v6).map_err(|_| reader.bad("the address", 1, "neither 4 nor 16 bytes"))?;
    let port = reader.u16("the port")?;
    let key = reader.key("the auth key")?;
    reader.end()?;
    if dc == 0 {
        return Err(reader.bad("the DC", 0, "0 is none"));
    }
    if port == 0 {
        return Err(reader.bad("the port", 1 + ip_len, "0 is none"));
    }
    let host = ip.to_string();
    let mut state = State {
        home_dc: dc.into(),
        network: address::network_of(&host),
        user: Some(User::default()),
        ..State::default()
    };
    let auth_key = Some(key);
    let server = Dc { auth_key, addresses: vec![DcAddress::new(host, port)], ..Dc::default() };
    state.dcs.insert(dc.into(), Box::new(server));
    Ok(Imported { state, warnings: vec![Warning::UserUnknown] })
}

pub(super) fn encode(state: &State, options: &ExportOptions) -> Result<Export, ErrorKind> {
    let key = address::home_key(state)?;
    let dc = address::home_dc_byte(state)?;
    let all = address::home_addresses(state, options);
    address::home_address(state, options)?;
    let ip = all.iter().find_map(|at| Some((at.host.parse::<IpAddr>().ok()?, at.port)));
    let problem = "it must be an IP address, and only names of hosts are known";
    let (ip, port) = ip.ok_or(ErrorKind::Unfit { what: "the address of the home DC", problem })?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(FIXED_LEN + 16));
    bytes.push(dc);
    match ip {
        IpAddr::V4(ip) => bytes.extend(ip.octets()),
        IpAddr::V6(ip) => bytes.extend(ip.octets()),
    }
    bytes.extend(port.to_be_bytes());
    bytes.extend(key.as_bytes());
    let digits = base64url::encode_padded(&bytes);
    let mut text = Zeroizing::new(String::with_capacity(1 + digits.len()));
    text.push('1');
    text.push_str(&digits);
    Ok(Export { output: Exported::Text(text), warnings: vec![Warning::OnlyTheKey(state.peers.len())] })
}
