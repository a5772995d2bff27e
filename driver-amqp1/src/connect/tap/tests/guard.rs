//! What is kept from the engine.

use fe2o3_amqp::types::messaging::message::__private::{Deserializable, Serializable};
use fe2o3_amqp::types::messaging::{AmqpValue, Body, Message};
use proptest::prelude::*;
use serde_amqp::Value;

use super::super::guard::{Guard, Unreadable};
use super::{HEADER, frame};

const LARGEST: u64 = 10_000;

/// A transfer of a part of a message; with an id it begins one.
fn transfer(handle: u8, id: Option<u8>, more: bool, payload: &[u8]) -> Vec<u8> {
    let more = if more { 0x41 } else { 0x42 };
    let (id, tag) = match id {
        Some(id) => (vec![0x52, id], vec![0xa0, 1, id]),
        None => (vec![0x40], vec![0x40]),
    };
    let fields = [&[0x52, handle], &id[..], &tag[..], &[0x43, 0x42, more]].concat();
    let size = u8::try_from(fields.len() + 1).expect("short");
    frame(&[&[0, 0x53, 0x14, 0xc0, size, 6][..], &fields, payload].concat())
}

fn message(text: &str) -> Vec<u8> {
    let message = Message::builder().body(AmqpValue(text.to_owned())).build();
    serde_amqp::to_vec(&Serializable(message)).expect("encoded")
}

/// Properties that say they have more fields than there are.
fn bad_message() -> Vec<u8> {
    [&[0, 0x53, 0x73, 0xd0, 0, 0, 0, 9, 255, 255, 255, 255][..], &message("text")].concat()
}

fn read(message: &[u8]) -> Option<String> {
    type Read = Deserializable<Message<Body<Value>>>;
    let Deserializable(message) = serde_amqp::from_slice::<Read>(message).ok()?;
    match message.body {
        Body::Value(AmqpValue(Value::String(text))) => Some(text),
        other => panic!("{other:?}"),
    }
}

/// What the engine gets to see of frames.
fn passed(frames: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut guard = Guard::new(LARGEST);
    guard.pass(&mut HEADER.to_vec())?;
    let mut frames = frames.to_vec();
    for frame in &mut frames {
        guard.pass(frame)?;
    }
    Ok(frames)
}

/// The payload of a transfer with an id.
fn payload(frame: &[u8]) -> &[u8] {
    &frame[8 + 6 + 10..]
}

proptest! {
    #[test]
    fn a_message_that_cannot_be_read_ends_nothing_however_it_comes(
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let frames =
            [message("one"), bad_message(), message("two")].map(|it| transfer(1, Some(7), false, &it));
        let mut bytes = [HEADER.to_vec(), frames.concat()].concat();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut guard = Guard::new(LARGEST);
        for pair in cuts.windows(2) {
            prop_assert_eq!(guard.pass(&mut bytes[pair[0]..pair[1]]), Ok(()));
        }
        let (one, rest) = bytes[HEADER.len()..].split_at(frames[0].len());
        let (bad, two) = rest.split_at(frames[1].len());
        prop_assert_eq!((one, two), (&frames[0][..], &frames[2][..]));
        prop_assert_eq!(read(payload(bad)), None);
        // Its frame is as it was up to there.
        prop_assert!(bad.starts_with(&frames[1][..8 + 6 + 10 + 3]));
    }
}

#[test]
fn a_message_in_pieces_is_followed_to_its_end() {
    let whole = message(&"a".repeat(3000));
    let (first, rest) = whole.split_at(1000);
    let (second, third) = rest.split_at(1000);
    let other = message("another link");
    let frames = [
        transfer(1, Some(1), true, first),
        transfer(2, Some(2), false, &other),
        transfer(1, None, true, second),
        transfer(1, None, false, third),
        transfer(1, Some(3), false, &message("next")),
    ];
    assert_eq!(passed(&frames).as_deref(), Ok(&frames[..]));
}

#[test]
fn what_cannot_be_read_in_a_later_piece_is_not_shown() {
    let bad = [&message("text")[..], &[0, 0x53, 0x78, 0xc1, 2, 1, 0x40]].concat();
    let (first, last) = bad.split_at(bad.len() - 4);
    let end = message("more of it");
    let frames = [
        transfer(1, Some(1), true, first),
        transfer(1, None, true, last),
        transfer(1, None, false, &end),
        transfer(1, Some(2), false, &message("next")),
    ];
    let shown = passed(&frames).expect("no frame is at fault");
    assert_eq!((&shown[0], &shown[3]), (&frames[0], &frames[3]));
    assert!(shown[1].ends_with(&[1; 4]) && shown[2].ends_with(&vec![1; end.len()]));
}

#[test]
fn a_delivery_that_is_given_up_leaves_nothing_behind() {
    let whole = message(&"a".repeat(3000));
    let begun = transfer(1, Some(1), true, &whole[..1000]);
    let next = transfer(1, Some(2), false, &message("next"));
    let detach = frame(&[0, 0x53, 0x16, 0xc0, 3, 1, 0x52, 1]);
    let end = frame(&[0, 0x53, 0x17, 0x45]);
    // Of links that are attached anew the ids begin again.
    let again = transfer(1, Some(1), false, &message("again"));
    for frames in [
        vec![begun.clone(), next],
        vec![begun.clone(), detach, again.clone()],
        vec![begun, end, again],
    ] {
        assert_eq!(passed(&frames), Ok(frames));
    }
}

#[test]
fn a_message_over_all_bounds_is_not_shown() {
    let claims = [&[0, 0x53, 0x77, 0xb1, 0x7f, 255, 255, 255][..], b"text"].concat();
    let shown = passed(&[transfer(1, Some(1), true, &claims)]).expect("no frame is at fault");
    assert!(shown[0].ends_with(&[1; 9]));
}

#[test]
fn a_frame_that_cannot_be_read_is_an_error() {
    let bad = [
        &[0, 0x53, 0x13, 0xd0, 0, 0, 0, 9, 255, 255, 255, 255][..],
        &[0, 0x53, 0x10, 0xc0, 9, 1, 0xa1][..],
        &[0, 0x53],
        &[1],
    ];
    for body in bad {
        assert_eq!(passed(&[frame(body)]), Err(Unreadable::Frame), "{body:?}");
    }
}

#[test]
fn deliveries_in_pieces_are_not_begun_without_end() {
    let begin = |at: u32| {
        let mut bytes = transfer(1, Some(1), true, &[]);
        // Each on a channel of its own.
        bytes[6..8].copy_from_slice(&u16::try_from(at).expect("small").to_be_bytes());
        bytes
    };
    assert!(passed(&(0..1024).map(begin).collect::<Vec<_>>()).is_ok());
    assert_eq!(passed(&(0..1025).map(begin).collect::<Vec<_>>()), Err(Unreadable::TooManyPieces));
}
