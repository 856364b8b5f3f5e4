//! The known answers of `tests/data/vectors.json` that are about cryptography.
//!
//! Every kind of vector in the file is named here, as ours or as another layer's: a new one fails the test.

mod asymmetric;
mod packets;
mod scripted;
mod symmetric;

use serde_json::Value;

use super::AuthKey;
use super::kdf::Side;
pub(crate) use scripted::Scripted;

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));
const TELEGRAM: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/telegram.json"));

const OF_OTHER_LAYERS: [&str; 17] = [
    "auth_key_flow",
    "constructor_id",
    "faketls_client_hello",
    "faketls_server_hello",
    "key_visualisation",
    "msg_id",
    "mtproxy_secret",
    "obfuscated2",
    "obfuscated2_forbidden_prefix",
    "obfuscated2_server_side",
    "secret_file_fingerprint",
    "secret_message_v1",
    "secret_seq_no",
    "session_string",
    "tl_encoding",
    "transport",
    "websocket_accept",
];

#[test]
fn known_answers() {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let mut run = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let kind = vector["kind"].as_str().unwrap();
        let check: fn(&Vector<'_>) = match kind {
            "aes256_ctr_stream" => symmetric::ctr_stream,
            "aes256_ige" => symmetric::ige,
            "auth_key_id" => symmetric::auth_key_id,
            "bind_temp_auth_key" => packets::bind_temp_auth_key,
            "cdn_decrypt" => symmetric::cdn_decrypt,
            "decrypt_v2" => packets::decrypt_v2,
            "dh_prime_and_g" => asymmetric::dh_prime_and_g,
            "dh_public_value_range" => asymmetric::dh_public_value_range,
            "encrypt_v2_raw" => packets::encrypt_v2,
            "kdf_v1" | "kdf_v2" => symmetric::kdf,
            "msg_key_v1" => symmetric::msg_key_v1,
            "new_nonce_hash" => symmetric::new_nonce_hash,
            "pq_factorisation" => asymmetric::pq_factorisation,
            "rsa_fingerprint" => asymmetric::rsa_fingerprint,
            "rsa_pad" => asymmetric::rsa_pad,
            "rsa_pad_retry" => asymmetric::rsa_pad_retry,
            "rsa_pad_server" => asymmetric::rsa_pad_server,
            "rsa_public_op" => asymmetric::rsa_public_op,
            "secret_message_v2" => packets::secret_message_v2,
            "srp_check" => crate::crypto::srp::vectors::check,
            "srp_ph2" => crate::crypto::srp::vectors::ph2,
            "srp_server" => crate::crypto::srp::vectors::server,
            "tmp_aes" => symmetric::tmp_aes,
            other if OF_OTHER_LAYERS.contains(&other) => continue,
            other => panic!("no test for vectors of kind {other}"),
        };
        println!("{}", vector["id"]);
        check(&Vector { kind, inputs: &vector["inputs"], outputs: &vector["outputs"] });
        run += 1;
    }
    assert!(run >= 52, "only {run} vectors were run");
}

/// Gives every vector of a kind to `check`, for tests of other layers.
pub(crate) fn each(kind: &str, mut check: impl FnMut(&str, &Vector<'_>)) {
    let vectors: Value = serde_json::from_str(VECTORS).unwrap();
    let of_kind = vectors["vectors"].as_array().unwrap().iter().filter(|vector| vector["kind"] == kind);
    for vector in of_kind {
        let (inputs, outputs) = (&vector["inputs"], &vector["outputs"]);
        check(vector["id"].as_str().unwrap(), &Vector { kind, inputs, outputs });
    }
}

/// One vector; printed by the test above before it is run.
pub(crate) struct Vector<'v> {
    kind: &'v str,
    inputs: &'v Value,
    outputs: &'v Value,
}

impl Vector<'_> {
    pub(crate) fn input(&self, name: &str) -> Vec<u8> {
        hex(text(self.inputs, name))
    }

    pub(crate) fn output(&self, name: &str) -> Vec<u8> {
        hex(text(self.outputs, name))
    }

    pub(crate) fn number_output(&self, name: &str) -> u64 {
        self.outputs[name].as_u64().unwrap()
    }

    pub(crate) fn fixed_input<const N: usize>(&self, name: &str) -> [u8; N] {
        self.input(name).try_into().unwrap()
    }

    pub(crate) fn has_input(&self, name: &str) -> bool {
        !self.inputs[name].is_null()
    }

    pub(crate) fn has_output(&self, name: &str) -> bool {
        !self.outputs[name].is_null()
    }

    pub(crate) fn text_input(&self, name: &str) -> &str {
        text(self.inputs, name)
    }

    pub(crate) fn number_input(&self, name: &str) -> u64 {
        self.inputs[name].as_u64().unwrap()
    }

    /// A number in hexadecimal, perhaps with an odd count of digits.
    pub(crate) fn big_number_input(&self, name: &str) -> Vec<u8> {
        let digits = self.text_input(name);
        hex(&format!("{}{digits}", "0".repeat(digits.len() % 2)))
    }

    /// A prime: a small number, 256 bytes, or a reference to the well-known one.
    pub(crate) fn prime_input(&self, name: &str) -> Vec<u8> {
        match &self.inputs[name] {
            Value::String(text) if text.contains("telegram.json") => well_known_prime(),
            Value::String(text) => hex(text),
            number => number.as_u64().unwrap().to_be_bytes().to_vec(),
        }
    }

    fn key(&self) -> AuthKey {
        let bytes = match (self.inputs["auth_key"].as_str(), self.inputs["auth_key_pattern"].as_str()) {
            (Some(iota), _) if iota.starts_with("iota(256)") => (0..=255).collect(),
            (Some(whole), _) => hex(whole),
            (_, Some(pattern)) => hex(pattern.strip_suffix(" x8").unwrap()).repeat(8),
            _ => panic!("no auth key"),
        };
        AuthKey::from_bytes(bytes.try_into().unwrap())
    }

    fn sender(&self) -> Side {
        match self.number_input("x") {
            0 => Side::Client,
            8 => Side::Server,
            other => panic!("x = {other}"),
        }
    }
}

fn text<'v>(from: &'v Value, name: &str) -> &'v str {
    from[name].as_str().unwrap_or_else(|| panic!("no text {name} in {from}"))
}

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "half a byte in {text}");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn well_known_prime() -> Vec<u8> {
    let telegram: Value = serde_json::from_str(TELEGRAM).unwrap();
    hex(telegram["dh"]["dh_prime_hex"].as_str().unwrap())
}
