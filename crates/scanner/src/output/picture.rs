//! Pictures of where a text is wrong: the line, the column, and what was
//! expected. One renderer for configuration, catalogs, patterns and SQL.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use crate::exit::Pictured;
use crate::output::escape::escaped;

/// What is wrong with a text, and where.
pub(crate) struct Picture<'a> {
    /// What is wrong.
    pub(crate) title: &'a str,
    /// What the text is called: a path, `pattern`, `query`.
    pub(crate) origin: &'a str,
    /// The text.
    pub(crate) source: &'a str,
    /// Where it is wrong, in bytes.
    pub(crate) span: Range<usize>,
    /// What stands at that place.
    pub(crate) label: &'a str,
    /// What to do about it.
    pub(crate) help: Option<&'a str>,
}

impl Picture<'_> {
    /// The picture as text, without colour.
    pub(crate) fn rendered(&self) -> String {
        let span = within(self.source, &self.span);
        let (title, label) = (escaped(self.title), escaped(self.label));
        let help = self.help.map(escaped);
        let source = displayable(self.source);
        let mut group = Level::ERROR.primary_title(&*title).element(
            Snippet::source(&source)
                .path(self.origin)
                .annotation(AnnotationKind::Primary.span(span).label(&*label)),
        );
        if let Some(help) = &help {
            group = group.element(Level::HELP.message(&**help));
        }
        Renderer::plain().render(&[group])
    }

    /// The picture as an error that ends the program as bad usage.
    pub(crate) fn into_error(self) -> anyhow::Error {
        Pictured(self.rendered()).into()
    }
}

/// The span cut to the text and widened to whole characters.
fn within(source: &str, span: &Range<usize>) -> Range<usize> {
    let mut start = span.start.min(source.len());
    while !source.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = span.end.clamp(start, source.len());
    while !source.is_char_boundary(end) {
        end += 1;
    }
    start..end
}

/// The text with unsafe characters replaced one for one, so that spans hold.
fn displayable(source: &str) -> String {
    source
        .chars()
        .map(|character| match character {
            '\n' | '\t' | '\r' => character,
            one if one.is_control() && one.len_utf8() == 1 => '?',
            one if crate::output::escape::is_unsafe(one) && one.len_utf8() == 3 => '\u{fffd}',
            one if crate::output::escape::is_unsafe(one) => '¿',
            fine => fine,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(source: &str, span: Range<usize>) -> String {
        Picture {
            title: "the value is not a number",
            origin: "orgsweep.toml",
            source,
            span,
            label: "expected a whole number",
            help: Some("write `concurrency = 64`"),
        }
        .rendered()
    }

    #[test]
    fn the_place_is_shown_with_line_and_column() {
        insta::assert_snapshot!(picture("[sweep]\nconcurrency = many\n", 22..26));
    }

    #[test]
    fn spans_outside_the_text_and_within_characters_are_tolerated() {
        for (source, span) in [
            ("", 0..0),
            ("ab", 5..9),
            ("ü", 1..1),
            ("a\u{1b}b\u{202e}", 2..4),
        ] {
            let text = picture(source, span);
            assert!(text.contains("expected a whole number"), "{text}");
            assert!(
                !text.contains('\u{1b}') && !text.contains('\u{202e}'),
                "{text:?}"
            );
        }
    }
}
