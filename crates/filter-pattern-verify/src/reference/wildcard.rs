//! Texts with wildcards. Observed on TestMetricFilter: each piece between
//! wildcards is found at its first place after the piece before, the last one
//! must end there with the text, and nothing is tried again.

/// Whether a text is one that the pattern stands for.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let pieces: Vec<Vec<char>> = pattern.split('*').map(|it| it.chars().collect()).collect();
    let text: Vec<char> = text.chars().collect();
    let (first, later) = (&pieces[0], &pieces[1..]);
    if !text.starts_with(first) {
        return false;
    }
    let mut at = first.len();
    for (number, piece) in later.iter().enumerate() {
        let last = number + 1 == later.len();
        if last && piece.is_empty() {
            return true;
        }
        let found = (at..=text.len()).find(|start| text[*start..].starts_with(piece));
        match found {
            Some(start) => at = start + piece.len(),
            None => return false,
        }
    }
    at == text.len()
}
