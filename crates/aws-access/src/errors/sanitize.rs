//! Takes out of a service's message what must not be kept (credentials, request
//! signatures) and what changes from night to night (request ids).

/// Longest message that is kept, in characters.
const LONGEST: usize = 500;

/// After these words comes the request itself, session token included.
const CUT_BEFORE: [&str; 3] = [
    "the canonical string",
    "the string-to-sign",
    "encoded authorization failure message",
];

/// The message without secrets, control characters and request ids.
pub(crate) fn sanitize(message: &str) -> String {
    let lower = message.to_ascii_lowercase();
    let end = CUT_BEFORE
        .iter()
        .filter_map(|words| lower.find(words))
        .min()
        .unwrap_or(message.len());
    let mut words: Vec<String> = Vec::new();
    let mut drop_next = false;
    for word in message[..end].split(|c: char| c.is_whitespace() || c.is_control()) {
        if word.is_empty() {
            continue;
        }
        if std::mem::take(&mut drop_next) {
            continue;
        }
        let bare = word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_ascii_lowercase();
        let before = words.last().map(|w| {
            w.trim_matches(|c: char| !c.is_alphanumeric())
                .to_ascii_lowercase()
        });
        if bare == "requestid" || (bare == "id" && before.as_deref() == Some("request")) {
            if bare == "id" {
                words.pop();
            }
            drop_next = true;
            continue;
        }
        words.push(redacted(word));
    }
    let text = words.join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((index, _)) => format!("{}…", &text[..index]),
        None => text,
    }
}

/// The word with access keys and long tokens replaced.
fn redacted(word: &str) -> String {
    let mut result = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let length = rest
            .find(|c: char| !is_token_character(c))
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(length);
        if is_secret(token) {
            result.push_str("[hidden]");
        } else {
            result.push_str(token);
        }
        let separator = after.chars().next();
        result.extend(separator);
        rest = &after[separator.map_or(0, char::len_utf8)..];
    }
    result
}

fn is_token_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-')
}

fn is_secret(token: &str) -> bool {
    let access_key = token.split(['/', '=', '-', '_']).any(|part| {
        (16..=32).contains(&part.len())
            && ["AKIA", "ASIA"]
                .iter()
                .any(|prefix| part.starts_with(prefix))
            && part
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    });
    let has = |test: fn(&u8) -> bool| token.as_bytes().iter().any(test);
    let long_token = token.len() >= 100
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit);
    let signature = token.len() >= 64
        && token
            .rsplit('=')
            .next()
            .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    access_key || long_token || signature
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_request_ids_go_and_the_rest_stays() {
        let token = "FwoGZXIvYXdzEBYaDK7".repeat(8);
        let signature = "0123456789abcdef".repeat(4);
        for (message, expected) in [
            (
                "User: arn:aws:sts::111122223333:assumed-role/Audit/orgsweep is not authorized",
                "User: arn:aws:sts::111122223333:assumed-role/Audit/orgsweep is not authorized"
                    .to_owned(),
            ),
            (
                "key AKIAIOSFODNN7EXAMPLE is unknown",
                "key [hidden] is unknown".to_owned(),
            ),
            (
                "Credential=ASIAIOSFODNN7EXAMPLE/20260101/us-east-1",
                "[hidden]".to_owned(),
            ),
            (
                &format!("token {token} expired"),
                "token [hidden] expired".to_owned(),
            ),
            (
                &format!("Signature={signature}, SignedHeaders=host"),
                "[hidden], SignedHeaders=host".to_owned(),
            ),
            (
                "no match. The Canonical String for this request should have been 'x-amz-security-token:abc'",
                "no match.".to_owned(),
            ),
            (
                "Rate exceeded (Service: Sts; Request ID: 11111111-2222; Proxy: null)",
                "Rate exceeded (Service: Sts; Proxy: null)".to_owned(),
            ),
            ("two\nlines\u{1b}[31m", "two lines [31m".to_owned()),
        ] {
            assert_eq!(sanitize(message), expected);
        }
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let text = sanitize(&"é".repeat(2_000));
        assert_eq!(text.chars().count(), LONGEST + 1);
    }
}
