//! Sessions of other programs, also behind their base64, checksums and encryption.
//!
//! Input: a byte that chooses what the rest is: 0 to 2 a string (ours, Telethon's, Pyrogram's); 3 to 5 the bytes that such a
//! string is made of, with the prefix and checksum added; 6 the content of a key file of `tdata`, in a container; 7 the
//! plaintexts of a key file, an account and its settings, each with a length byte, which are encrypted; 8 the same with an
//! account that has a good key.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use md5::{Digest, Md5};
use mtwire::crypto::{AuthKey, Side, hash, kdf};
use mtwire::session::convert::{
    ExportOptions, Exported, Format, ImportOptions, Input as Source, export, import, tdata,
};
use zeroize::Zeroizing;

use super::input::Input;

const STRINGS: [Format; 3] = [Format::MtwireString, Format::TelethonString, Format::PyrogramString];

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.u8() {
        choice @ 0..=2 => string(STRINGS[usize::from(choice)], &String::from_utf8_lossy(input.rest())),
        3 => {
            let fields = input.rest();
            let checksum = hash::sha256(&[b"mtwire1_", fields]);
            let bytes = [fields, &checksum[..8]].concat();
            string(Format::MtwireString, &format!("mtwire1_{}", Base64UrlUnpadded::encode_string(&bytes)));
        }
        4 => {
            let digits = Base64UrlUnpadded::encode_string(input.rest());
            string(Format::TelethonString, &format!("1{digits}"));
        }
        5 => string(Format::PyrogramString, &Base64UrlUnpadded::encode_string(input.rest())),
        6 => read_tdata(&[("key_datas", container(input.rest()))].into()),
        7 => encrypted(input, &[]),
        _ => encrypted(input, &[0x5a; 256]),
    }
}

fn string(format: Format, text: &str) {
    match import(format, Source::Text(text), &ImportOptions::default()) {
        Ok(imported) => {
            // A session without an api_id or user cannot be written in every form.
            let Ok(written) = export(&imported.state, format, &ExportOptions::default()) else { return };
            let Exported::Text(written) = written.output else { panic!("{format} is a string") };
            let again = import(format, Source::Text(&written), &ImportOptions::default());
            assert!(again.is_ok_and(|again| again.state == imported.state), "{format}: {text}");
        }
        Err(error) => drop(error.to_string()),
    }
}

fn read_tdata(files: &BTreeMap<&str, Vec<u8>>) {
    let mut give = |name: &str| Ok(files.get(name).cloned().map(Zeroizing::new));
    match tdata::read(&mut give, &ImportOptions::default()) {
        Ok(imported) => assert!(imported.state.home().is_some_and(|dc| dc.auth_key.is_some())),
        Err(error) => drop(error.to_string()),
    }
}

/// `tail` stands behind the account's plaintext, as a key is longer than a length byte says.
fn encrypted(mut input: Input<'_>, tail: &[u8]) {
    let salt = [7; 32];
    let passcode_hash = hash::sha512(&[&salt, &salt]);
    let mut passcode_key = [0; 256];
    pbkdf2::pbkdf2_hmac::<sha2::Sha512>(&passcode_hash, &salt, 1, &mut passcode_key);
    let local_key = [9; 256];
    let mut piece = || {
        let len = input.u8();
        input.take(len.into()).to_vec()
    };
    let accounts = seal(&local_key, &piece());
    let key_data = [byte_array(&salt), byte_array(&seal(&passcode_key, &local_key)), byte_array(&accounts)];
    let account = byte_array(&seal(&local_key, &[&piece(), tail].concat()));
    let settings = byte_array(&seal(&local_key, &piece()));
    read_tdata(
        &[
            ("key_datas", container(&key_data.concat())),
            ("D877F783D5D3EF8Cs", container(&account)),
            ("D877F783D5D3EF8C/configs", container(&settings)),
        ]
        .into(),
    );
}

fn byte_array(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), bytes].concat()
}

fn container(content: &[u8]) -> Vec<u8> {
    let (len, version) = ((content.len() as u32).to_le_bytes(), 7_003_000_u32.to_le_bytes());
    let md5 = [content, &len, &version, b"TDF$"].iter().fold(Md5::new(), |md5, part| md5.chain_update(part));
    [b"TDF$", &version[..], content, &md5.finalize()].concat()
}

fn seal(key: &[u8; 256], plain: &[u8]) -> Vec<u8> {
    let mut sealed = [&(plain.len() as u32 + 4).to_le_bytes(), plain].concat();
    sealed.resize(sealed.len().next_multiple_of(16), 0);
    let hash = hash::sha1(&[&sealed]);
    let msg_key = *hash.first_chunk().expect("20 bytes hold 16");
    kdf::v1(&AuthKey::from_bytes(*key), Side::Server, &msg_key).encrypt(&mut sealed);
    [&msg_key[..], &sealed].concat()
}
