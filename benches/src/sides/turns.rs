/// The order of so many sides in a round: over the rounds everybody comes first, and right after
/// each of the others, equally often.
///
/// Whoever comes next on a warm machine, or after one who left much behind, is not always the same.
pub(super) fn turns(sides: usize, round: usize) -> impl Iterator<Item = usize> {
    // There and back between the ends: no two neighbours are so far apart as two others.
    let place =
        move |turn: usize| if turn.is_multiple_of(2) { turn / 2 } else { sides - 1 - turn / 2 };
    // An odd number of sides needs the same backwards.
    let backwards = sides % 2 == 1 && (round / sides) % 2 == 1;
    (0..sides).map(move |turn| {
        let turn = if backwards { sides - 1 - turn } else { turn };
        (place(turn) + round) % sides
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn everybody_follows_each_of_the_others_equally_often() {
        for sides in [2, 3, 4, 5] {
            let rounds = 2 * sides;
            let (mut first, mut after) = (HashMap::new(), HashMap::new());
            for round in 0..rounds {
                let order: Vec<_> = turns(sides, round).collect();
                *first.entry(order[0]).or_insert(0) += 1;
                for pair in order.windows(2) {
                    *after.entry((pair[0], pair[1])).or_insert(0) += 1;
                }
            }
            assert_eq!(first.len(), sides);
            assert!(first.values().all(|times| *times == 2), "{sides}: {first:?}");
            assert_eq!(after.len(), sides * (sides - 1), "{sides}: {after:?}");
            assert!(after.values().all(|times| *times == 2), "{sides}: {after:?}");
        }
    }

    #[test]
    fn a_side_alone_has_its_turn() {
        assert_eq!(turns(1, 3).collect::<Vec<_>>(), [0]);
        assert_eq!(turns(0, 3).count(), 0);
    }
}
