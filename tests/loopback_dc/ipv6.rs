//! The loopback DC on IPv6.

use std::net::IpAddr;

use mtwire::client::Client;
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::Server;
use mtwire::session::MemoryStore;
use mtwire::tl::{functions, types};
use mtwire::transport::Kind;

use super::peer::builder;

/// What a client that connects to `host` is told of the DCs.
async fn told(server: &Server, host: &str, kind: Kind) -> Vec<types::DcOption> {
    let address = Address::new(host, server.dcs()[1].port);
    let client = Client::builder("test")
        .api_id(1)
        .api_hash("0123456789abcdef0123456789abcdef")
        .store(std::sync::Arc::new(MemoryStore::default()))
        .dc(2, address)
        .transport(kind)
        .trust(PublicKey::from_pem(server.public_key_pem()).unwrap());
    let client = client.connect().await.unwrap();
    let config = client.invoke(&functions::help::GetConfig {}).await.unwrap();
    client.disconnect().await;
    config.dc_options
}

async fn listen(address: &str) -> Server {
    builder().listen(address.parse::<IpAddr>().unwrap()).start().await.unwrap()
}

#[tokio::test]
async fn tc_1_a_server_on_ipv6_tells_its_addresses() {
    let server = listen("::1").await;
    for kind in
        [Kind::Abridged, Kind::Obfuscated(mtwire::transport::Tagged::Padded), Kind::Http, Kind::WebSocket]
    {
        let options = told(&server, "::1", kind).await;
        assert_eq!(options.len(), 3);
        assert!(options.iter().all(|option| option.ipv6 && &*option.ip_address == "::1"), "{options:?}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn tc_1_a_server_on_all_addresses_tells_the_one_that_was_reached() {
    let server = listen("::").await;
    for (host, reached, ipv6) in [("::1", "::1", true), ("127.0.0.1", "127.0.0.1", false)] {
        let options = told(&server, host, Kind::Intermediate).await;
        assert!(
            options.iter().all(|option| option.ipv6 == ipv6 && &*option.ip_address == reached),
            "{options:?}"
        );
    }
    // By name, at whichever address it has here.
    let options = told(&server, "localhost", Kind::Intermediate).await;
    assert!(options.iter().all(|option| ["::1", "127.0.0.1"].contains(&&*option.ip_address)), "{options:?}");
    server.shutdown().await;
}
