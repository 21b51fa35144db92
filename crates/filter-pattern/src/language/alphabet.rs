//! Characters sorted into classes that no automaton of a question tells apart,
//! each with the most readable member to stand for it.

/// One character for each class, the most readable ones first.
pub(super) fn representatives(mut boundaries: Vec<u32>) -> Vec<char> {
    boundaries.push(0);
    boundaries.sort_unstable();
    boundaries.dedup();
    let mut characters = Vec::with_capacity(boundaries.len());
    for (position, &low) in boundaries.iter().enumerate() {
        let high = boundaries.get(position + 1).copied().unwrap_or(0x11_0000);
        characters.extend(most_readable(low, high));
    }
    characters.sort_by_key(|character| unreadability(*character));
    characters
}

/// The most readable character from `low` up to but without `high`.
fn most_readable(low: u32, high: u32) -> Option<char> {
    let printable = (low.max(0x21)..high.min(0x7f))
        .filter_map(char::from_u32)
        .min_by_key(|it| unreadability(*it));
    printable.or_else(|| {
        // Blank and control characters, then anything beyond ASCII but surrogates.
        let beyond = low.max(0xa1);
        let beyond = if (0xd800..0xe000).contains(&beyond) {
            0xe000
        } else {
            beyond
        };
        let beyond = (beyond < high).then(|| char::from_u32(beyond)).flatten();
        let blank = (low..high).contains(&0x20).then_some(' ');
        blank
            .or(beyond)
            .or_else(|| (low..high.min(0xa1)).find_map(char::from_u32))
    })
}

fn unreadability(character: char) -> (u8, char) {
    let rank = match character {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        '0'..='9' => 2,
        '-' | '_' | '.' => 3,
        '!'..='~' => 4,
        ' ' => 5,
        _ if !character.is_control() => 6,
        _ => 7,
    };
    (rank, character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_has_one_readable_member() {
        assert_eq!(representatives(vec![]), ['a']);
        let characters = representatives(vec![u32::from('a'), u32::from('b')]);
        assert_eq!(characters, ['a', 'b', 'A']);
        assert_eq!(representatives(vec![0x80]), ['a', '\u{a1}']);
    }

    #[test]
    fn letters_are_more_readable_than_digits_and_these_than_marks() {
        let order = [
            'a', 'z', 'A', 'Z', '0', '9', '-', '.', '_', '!', '~', ' ', 'é', '\u{1}', '\u{85}',
        ];
        let mut sorted = order;
        sorted.reverse();
        sorted.sort_by_key(|character| unreadability(*character));
        assert_eq!(sorted, order);
    }

    #[test]
    fn the_most_readable_member_lies_in_its_class() {
        #[rustfmt::skip]
        let table = [
            (0,        0x11_0000, 'a'),
            (0x20,     0x21,      ' '),
            (0x00,     0x21,      ' '),
            (0x00,     0x20,      '\u{0}'),
            (0x30,     0x3b,      '0'),
            (0x21,     0x2e,      '-'),
            (0x7f,     0xa1,      '\u{7f}'),
            (0x80,     0xa1,      '\u{80}'),
            (0x80,     0xa2,      '\u{a1}'),
            (0xe9,     0xea,      'é'),
            (0xd900,   0x11_0000, '\u{e000}'),
        ];
        for (low, high, expected) in table {
            assert_eq!(most_readable(low, high), Some(expected), "{low:x} {high:x}");
        }
        assert_eq!(most_readable(0xd800, 0xe000), None);
    }
}
