use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn portable(encrypt: bool, key: &IgeKey, data: &mut [u8]) {
    let mut ige = if encrypt {
        portable::Ige::encryptor(&key.key, &key.iv)
    } else {
        portable::Ige::decryptor(&key.key, &key.iv)
    };
    ige.run(blocks(data));
}

fn message() -> impl Strategy<Value = (IgeKey, Vec<u8>)> {
    let key = (any::<[u8; 32]>(), any::<[u8; 32]>()).prop_map(|(key, iv)| IgeKey { key, iv });
    (key, vec(any::<[u8; 16]>(), 0..20).prop_map(|blocks| blocks.concat()))
}

proptest! {
    #[test]
    fn detected_path_equals_the_portable_one((key, data) in message()) {
        let (mut ours, mut theirs) = (data.clone(), data.clone());
        key.encrypt(&mut ours);
        portable(true, &key, &mut theirs);
        prop_assert_eq!(&ours, &theirs);

        let (mut ours, mut theirs) = (data.clone(), data);
        key.decrypt(&mut ours);
        portable(false, &key, &mut theirs);
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn decryption_undoes_encryption((key, data) in message()) {
        let mut there_and_back = data.clone();
        key.encrypt(&mut there_and_back);
        key.decrypt(&mut there_and_back);
        prop_assert_eq!(there_and_back, data);
    }

    #[test]
    fn a_message_may_be_run_in_pieces((key, data) in message(), cut in 0usize..20) {
        let cut = (cut * 16).min(data.len());
        let mut whole = data.clone();
        key.decrypt(&mut whole);
        let mut pieces = data;
        let mut ige = Ige::decryptor(&key.key, &key.iv);
        ige.run(&mut pieces[..cut]);
        ige.run(&mut pieces[cut..]);
        prop_assert_eq!(whole, pieces);
    }

    #[test]
    fn many_messages_equal_one_after_the_other(messages in vec(message(), 0..20)) {
        let one_by_one = |each: fn(&IgeKey, &mut [u8])| {
            let mut messages = messages.clone();
            messages.iter_mut().for_each(|(key, data)| each(key, data));
            messages.into_iter().map(|(_, data)| data).collect::<Vec<_>>()
        };
        let together = |all: fn(&mut [Stream<'_>])| {
            let mut messages = messages.clone();
            all(&mut messages.iter_mut().map(|(key, data)| Stream { key, data }).collect::<Vec<_>>());
            messages.into_iter().map(|(_, data)| data).collect::<Vec<_>>()
        };
        prop_assert_eq!(one_by_one(IgeKey::encrypt), together(ige_encrypt_many));
        prop_assert_eq!(one_by_one(IgeKey::decrypt), together(ige_decrypt_many));
    }

    #[test]
    fn hashing_on_the_way_equals_the_portable_one(
        (key, _) in message(), before in vec(any::<u8>(), 64), pieces in vec(vec(any::<u8>(), 64), 0..6),
    ) {
        let before = before.first_chunk().unwrap();
        let run = |together: fn(&mut Ige, &mut sha256::State, &Piece, &mut [Piece])| {
            let mut pieces: Vec<Piece> = pieces.iter().map(|piece| *piece.first_chunk().unwrap()).collect();
            let (mut aes, mut hash) = (Ige::decryptor(&key.key, &key.iv), sha256::State::new());
            together(&mut aes, &mut hash, before, &mut pieces);
            // Both are where they should be for what follows.
            let mut next = [0; 16];
            aes.run(&mut next);
            (pieces, hash.finish([&[], &[]], 0), next)
        };
        prop_assert_eq!(run(Ige::decrypt_hashing), run(Ige::decrypt_hashing_portably));
    }

    #[test]
    fn ctr_does_not_care_how_the_stream_is_cut(data in vec(any::<u8>(), 0..200), cuts in vec(0usize..40, 0..10)) {
        let mut whole = data.clone();
        Ctr256::new(&[7; 32], &[0xff; 16]).apply(&mut whole);
        let mut pieces = data;
        let mut stream = Ctr256::new(&[7; 32], &[0xff; 16]);
        let mut rest = &mut pieces[..];
        for cut in cuts {
            let (piece, later) = rest.split_at_mut(cut.min(rest.len()));
            stream.apply(piece);
            rest = later;
        }
        stream.apply(rest);
        prop_assert_eq!(whole, pieces);
    }
}

#[test]
#[should_panic(expected = "whole blocks")]
fn a_broken_block_is_a_bug_of_the_caller() {
    ige_encrypt(&[0; 32], &[0; 32], &mut [0; 17]);
}
