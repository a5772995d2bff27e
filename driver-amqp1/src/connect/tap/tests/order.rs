//! In which order frames leave.

use super::*;

const DISPOSITION: u8 = 0x15;
const TRANSFER: u8 = 0x14;
const FLOW: u8 = 0x13;
const DETACH: u8 = 0x16;
const END: u8 = 0x17;

/// A frame that can be told from others of its kind.
fn numbered(code: u8, id: u8) -> Vec<u8> {
    frame(&[0, 0x53, code, 0xc0, 5, 2, 0x52, id, 0x52, id])
}

/// Kinds and numbers of the frames.
fn kinds(bytes: &[u8]) -> Vec<(u8, u8)> {
    bytes.chunks(18).map(|frame| (frame[10], frame[15])).collect()
}

/// What the peer gets of these frames, cut where it is said and sent off after each part that says
/// so.
async fn sent(frames: &[(u8, u8)], parts: &[(usize, bool)]) -> Vec<(u8, u8)> {
    let (mut tap, _handle, mut theirs) = tapped(1 << 20);
    tap.write_all(HEADER).await.expect("written");
    let bytes: Vec<u8> = frames.iter().flat_map(|(code, id)| numbered(*code, *id)).collect();
    let mut begin = 0;
    for (end, leaves) in parts {
        tap.write_all(&bytes[begin..*end]).await.expect("written");
        begin = *end;
        if *leaves {
            let reading = tokio::time::timeout(2 * LULL, read_on(&mut tap));
            reading.await.expect_err("nothing to read");
        }
    }
    drop(tap);
    let mut came = Vec::new();
    theirs.read_to_end(&mut came).await.expect("read");
    kinds(&came[HEADER.len()..])
}

/// What the peer gets of frames that the engine writes one by one and that leave together.
async fn sent_together(frames: &[(u8, u8)]) -> Vec<(u8, u8)> {
    let parts: Vec<_> = (1..=frames.len()).map(|n| (n * 18, false)).collect();
    sent(frames, &parts).await
}

#[tokio::test(start_paused = true)]
async fn transfers_for_which_somebody_waits_leave_before_dispositions() {
    let written = [(DISPOSITION, 1), (TRANSFER, 2), (DISPOSITION, 3), (TRANSFER, 4)];
    let came = [(TRANSFER, 2), (TRANSFER, 4), (DISPOSITION, 1), (DISPOSITION, 3)];
    assert_eq!(sent_together(&written).await, came);
}

#[tokio::test(start_paused = true)]
async fn dispositions_leave_before_a_frame_that_may_end_what_they_are_for() {
    for code in [FLOW, END] {
        let written = [(DISPOSITION, 1), (TRANSFER, 2), (code, 3), (DISPOSITION, 4)];
        let came = [(TRANSFER, 2), (DISPOSITION, 1), (code, 3), (DISPOSITION, 4)];
        assert_eq!(sent_together(&written).await, came);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stray_frame_does_not_leave_however_it_is_cut() {
    let written = [(DISPOSITION, 1), (DETACH, 2), (TRANSFER, 3)];
    for cut in 19..36 {
        let came = sent(&written, &[(18, false), (cut, false), (36, false), (54, false)]).await;
        assert_eq!(came, [(DISPOSITION, 1), (TRANSFER, 3)], "{cut}");
    }
}

fn ordered(frames: &[(u8, u8)], keep: impl Fn(u8) -> bool) -> Vec<(u8, u8)> {
    frames.iter().copied().filter(|(code, _)| keep(*code)).collect()
}

proptest! {
    #[test]
    fn only_dispositions_and_transfers_change_places(
        codes in prop::collection::vec(
            prop::sample::select(vec![DISPOSITION, DISPOSITION, TRANSFER, FLOW]), 1..12,
        ),
        cuts in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(vec![0, 0, 0, 7]), any::<bool>()),
            0..24,
        ),
    ) {
        let frames: Vec<_> = codes.into_iter().zip(1..).collect();
        let len = frames.len() * 18;
        let mut parts: Vec<_> = cuts
            .iter()
            .map(|(frame, offset, leaves)| (frame.index(frames.len()) * 18 + offset, *leaves))
            .collect();
        parts.sort_unstable();
        parts.push((len, false));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time()
            .start_paused(true).build();
        let came = runtime.expect("a runtime").block_on(sent(&frames, &parts));
        for keep in [[DISPOSITION, FLOW], [TRANSFER, FLOW]] {
            let kept = |frames| ordered(frames, |code| keep.contains(&code));
            assert_eq!(kept(&came), kept(&frames), "{frames:?} {parts:?}");
        }
    }
}
