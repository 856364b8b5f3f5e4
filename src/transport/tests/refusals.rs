//! What is refused, why, and at which byte.

use bytes::BytesMut;

use super::{Codec, Error, Frame, Kind, detect, encoded, frames, packet, pair, rng};
use crate::transport::{ErrorKind, MAX_FRAME, Tagged};

/// What the server makes of `bytes` that come behind an 8-byte first packet.
fn server_says(kind: Kind, bytes: &[u8]) -> Result<Vec<Frame>, Error> {
    frames(&mut pair(kind).1, bytes)
}

fn client_says(kind: Kind, bytes: &[u8]) -> Result<Vec<Frame>, Error> {
    frames(&mut pair(kind).0, bytes)
}

#[test]
fn lengths_over_the_limit_are_refused_before_the_frame_comes() {
    let over = (MAX_FRAME as u32 + 4).to_le_bytes();
    let [a, b, c, _] = ((MAX_FRAME as u32 + 4) / 4).to_le_bytes();
    let kind = ErrorKind::TooLarge { len: MAX_FRAME as u64 + 4 };
    assert_eq!(server_says(Kind::Abridged, &[0x7f, a, b, c]), Err(Error { offset: 10, kind }));
    assert_eq!(server_says(Kind::Intermediate, &over), Err(Error { offset: 16, kind }));
    assert_eq!(server_says(Kind::Padded, &over).unwrap_err().kind, kind);
    assert_eq!(server_says(Kind::Full, &over), Err(Error { offset: 20, kind }));
    let (mut client, _) = pair(Kind::Abridged);
    let error = encoded(&mut client, &vec![0; MAX_FRAME + 4], false).unwrap_err();
    assert_eq!(error, Error { offset: 10, kind });
}

#[test]
fn the_largest_frame_goes_through_every_framing() {
    // The obfuscation does not look at lengths, and takes long for so many bytes without optimization.
    for (kind, overhead) in
        [(Kind::Abridged, 0), (Kind::Intermediate, 0), (Kind::Padded, 15), (Kind::Full, 12)]
    {
        let largest = (MAX_FRAME - overhead) & !3;
        let (mut client, mut server) = pair(kind);
        let sent = encoded(&mut client, &vec![3; largest], false).unwrap();
        assert!(sent.len() <= MAX_FRAME + 4);
        assert_eq!(frames(&mut server, &sent).unwrap().len(), 1, "{kind}");
        assert!(encoded(&mut client, &vec![3; largest + 4], false).is_err(), "{kind}");
    }
}

#[test]
fn lengths_that_cannot_be_are_refused() {
    let short = |len, min| ErrorKind::TooShort { len, min };
    assert_eq!(server_says(Kind::Abridged, &[0]).unwrap_err().kind, short(0, 4));
    assert_eq!(server_says(Kind::Abridged, &[0x7f, 0, 0, 0]).unwrap_err().kind, short(0, 4));
    assert_eq!(server_says(Kind::Intermediate, &[3, 0, 0, 0]).unwrap_err().kind, short(3, 4));
    assert_eq!(server_says(Kind::Full, &[12, 0, 0, 0]).unwrap_err().kind, short(12, 13));
    for (kind, len, error) in [
        (Kind::Abridged, 0, short(0, 4)),
        (Kind::Abridged, 6, ErrorKind::NotMultipleOf4 { len: 6 }),
        (Kind::Intermediate, 3, short(3, 4)),
        (Kind::Padded, 0, short(0, 4)),
        (Kind::Full, 0, short(0, 1)),
    ] {
        let mut client = Codec::client(kind, &mut rng(9));
        let mut refused = packet(&vec![1; len]);
        let got = client.encode(&mut refused, false, &mut rng(9));
        assert_eq!(got, Err(Error { offset: 0, kind: error }));
        assert_eq!(refused.as_slice(), vec![1; len], "a refused packet is left alone");
        // The refusal cost neither the tag nor a frame number.
        let mut stream = BytesMut::from(&encoded(&mut client, &[2; 40], false).unwrap()[..]);
        let mut server = detect(&mut stream).unwrap().unwrap().codec;
        assert!(matches!(server.decode(&mut stream), Ok(Some(Frame::Packet { .. }))));
    }
}

#[test]
fn the_full_transport_checks_number_and_checksum() {
    let (mut client, mut server) = pair(Kind::Full);
    let second = encoded(&mut client, &[2; 40], false).unwrap();
    let third = encoded(&mut client, &[3; 40], false).unwrap();
    let skipped = ErrorKind::Sequence { expected: 1, got: 2 };
    assert_eq!(frames(&mut server, &third), Err(Error { offset: 20, kind: skipped }));

    let (_, mut server) = pair(Kind::Full);
    assert_eq!(frames(&mut server, &second).unwrap().len(), 1);
    let repeated = ErrorKind::Sequence { expected: 2, got: 1 };
    assert_eq!(frames(&mut server, &second), Err(Error { offset: 72, kind: repeated }));

    for at in 8..second.len() {
        let mut bad = second.clone();
        bad[at] ^= 0x10;
        let error = server_says(Kind::Full, &bad).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Crc { .. }), "{error}");
        assert_eq!(error.offset, 20);
    }
}

#[test]
fn the_full_transport_takes_error_codes_bare_and_framed() {
    let code = (-429_i32).to_le_bytes();
    // As seen from real servers: the code in place of length, number and body.
    let got = client_says(Kind::Full, &code.repeat(3)).unwrap();
    assert_eq!(got, vec![Frame::TransportError(-429); 3]);
    // Not a code: a broken stream must not look like one. And nobody sends codes to a server.
    let large = |code: [u8; 4]| ErrorKind::TooLarge { len: u64::from(u32::from_le_bytes(code)) };
    let far = (-70_000_i32).to_le_bytes();
    assert_eq!(client_says(Kind::Full, &far).unwrap_err().kind, large(far));
    assert_eq!(server_says(Kind::Full, &code).unwrap_err().kind, large(code));
}

#[test]
fn tiny_frames_are_codes_tokens_or_nothing() {
    assert_eq!(client_says(Kind::Abridged, &[1, 0, 0, 0, 0]), Ok(vec![]), "code 0 says nothing");
    let padded = |body: &[u8]| [&(body.len() as u32).to_le_bytes(), body].concat();
    let mut body = [0xff; 19];
    body[..4].copy_from_slice(&(-404_i32).to_le_bytes());
    assert_eq!(client_says(Kind::Padded, &padded(&body)), Ok(vec![Frame::TransportError(-404)]));
    let ack = [0xff, 0xff, 0xff, 0xff, 1, 2, 3, 0x84, 9];
    assert_eq!(client_says(Kind::Padded, &padded(&ack)), Ok(vec![Frame::QuickAck(0x8403_0201)]));
    let packet = client_says(Kind::Padded, &padded(&[0xff; 20])).unwrap();
    assert!(matches!(packet[..], [Frame::Packet { .. }]), "20 bytes are no code");
    let packet = client_says(Kind::Intermediate, &padded(&body)).unwrap();
    assert!(matches!(packet[..], [Frame::Packet { .. }]), "nothing pads a code here");
}

#[test]
fn quick_acks_only_from_client_to_server_and_not_in_full() {
    for kind in Kind::FRAMED {
        let (mut client, mut server) = pair(kind);
        let asked = encoded(&mut client, &[1; 40], true);
        assert_eq!(asked.is_ok(), kind.has_quick_acks(), "{kind}");
        assert_eq!(server.encode_quick_ack(7, &mut packet(&[])).is_ok(), kind.has_quick_acks());
        assert_eq!(encoded(&mut server, &[1; 40], true).unwrap_err().kind, ErrorKind::NoQuickAck);
    }
}

#[test]
fn other_protocols_are_named() {
    let says = |bytes: &[u8]| detect(&mut BytesMut::from(bytes)).map(|found| found.map(|it| it.codec.kind()));
    assert_eq!(says(b"POST"), Err(Error { offset: 0, kind: ErrorKind::Http }));
    assert_eq!(says(b"GET /apiws HTTP/1.1\r\n").unwrap_err().kind, ErrorKind::Http);
    assert_eq!(says(&[0x16, 3, 1]).unwrap_err().kind, ErrorKind::Tls);
    assert_eq!(says(b"SSH-2.0-OpenSSH"), Ok(None));
    assert!(matches!(says(&[b'S'; 64]).unwrap_err().kind, ErrorKind::UnknownTag { .. }));
    assert_eq!(says(&[0xee, 0xee, 0xee]), Ok(None));
    assert_eq!(says(&[0xee; 4]), Ok(Some(Kind::Intermediate)));
}

#[test]
fn a_buffer_that_lost_bytes_is_an_error() {
    let (mut client, mut server) = pair(Kind::Obfuscated(Tagged::Abridged));
    let sent = encoded(&mut client, &[1; 40], false).unwrap();
    let mut input = BytesMut::from(&sent[..20]);
    assert_eq!(server.decode(&mut input), Ok(None));
    input.truncate(3);
    assert_eq!(server.decode(&mut input).unwrap_err().kind, ErrorKind::InputShrank);
}

#[test]
fn names_are_read_as_they_are_written() {
    for kind in Kind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    assert!("ftp".parse::<Kind>().unwrap_err().to_string().contains("obfuscated-padded"));
}
