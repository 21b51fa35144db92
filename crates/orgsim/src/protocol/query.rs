//! AWS query: a form in (`Action=…&Names.member.1=…`), XML out. Everything that
//! arrives is text; lists and maps are recognized by their spelling.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::SecondsFormat;

use crate::neutral::Value;
use crate::request::ServiceError;
use crate::service::Service;

/// The operation and its input; `None` when the form names no `Action`.
pub(super) fn decode(uri_query: Option<&str>, body: &[u8]) -> Option<(String, Value)> {
    let mut root = Node::default();
    let mut action = None;
    let pairs = form_urlencoded::parse(uri_query.unwrap_or_default().as_bytes())
        .chain(form_urlencoded::parse(body));
    for (key, value) in pairs {
        match &*key {
            "Action" => action = Some(value.into_owned()),
            "Version" => {}
            _ => root.put(key.split('.'), value.into_owned()),
        }
    }
    let input = match root.into_value() {
        Value::Text(_) => Value::empty(),
        given => given,
    };
    Some((action?, input))
}

/// A form's dotted keys as a tree.
#[derive(Default)]
struct Node {
    text: Option<String>,
    children: BTreeMap<String, Node>,
}

impl Node {
    fn put<'a>(&mut self, mut path: impl Iterator<Item = &'a str>, text: String) {
        match path.next() {
            None => self.text = Some(text),
            Some(part) => self
                .children
                .entry(part.to_owned())
                .or_default()
                .put(path, text),
        }
    }

    fn into_value(mut self) -> Value {
        if self.children.is_empty() {
            return Value::Text(self.text.unwrap_or_default());
        }
        if self.children.len() == 1 {
            if let Some(members) = self.children.remove("member") {
                return Value::List(members.numbered().map(Node::into_value).collect());
            }
            if let Some(entries) = self.children.remove("entry") {
                return Value::Map(entries.numbered().filter_map(Node::into_entry).collect());
            }
        }
        Value::Map(
            self.children
                .into_iter()
                .map(|(name, node)| (name, node.into_value()))
                .collect(),
        )
    }

    /// The children, in the order of their numbers.
    fn numbered(self) -> impl Iterator<Item = Node> {
        let mut nodes: Vec<(usize, Node)> = self
            .children
            .into_iter()
            .filter_map(|(number, node)| Some((number.parse().ok()?, node)))
            .collect();
        nodes.sort_by_key(|(number, _)| *number);
        nodes.into_iter().map(|(_, node)| node)
    }

    fn into_entry(mut self) -> Option<(String, Value)> {
        let key = self.children.remove("key")?.text?;
        Some((key, self.children.remove("value")?.into_value()))
    }
}

/// The output of an operation.
pub(super) fn encode(
    service: Service,
    operation: &str,
    value: &Value,
    request_id: &str,
) -> Vec<u8> {
    let mut xml = String::with_capacity(1024);
    let namespace = service.xml_namespace();
    let _ = write!(
        xml,
        "<{operation}Response xmlns=\"{namespace}\"><{operation}Result>"
    );
    write_content(&mut xml, value);
    let _ = write!(
        xml,
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    );
    xml.into_bytes()
}

/// An error.
pub(super) fn encode_error(service: Service, error: &ServiceError, request_id: &str) -> Vec<u8> {
    let mut xml = String::new();
    let _ = write!(
        xml,
        "<ErrorResponse xmlns=\"{}\"><Error><Type>{}</Type>",
        service.xml_namespace(),
        error.fault()
    );
    write_element(
        &mut xml,
        "Code",
        &error.query_code.unwrap_or(&error.code).into(),
    );
    write_element(&mut xml, "Message", &Value::from(error.message.as_str()));
    let _ = write!(
        xml,
        "</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    );
    xml.into_bytes()
}

fn write_element(xml: &mut String, name: &str, value: &Value) {
    let _ = write!(xml, "<{name}>");
    write_content(xml, value);
    let _ = write!(xml, "</{name}>");
}

fn write_content(xml: &mut String, value: &Value) {
    match value {
        Value::Boolean(truth) => xml.push_str(if *truth { "true" } else { "false" }),
        Value::Integer(number) => {
            let _ = write!(xml, "{number}");
        }
        // Debug always shows that the number is one with a fraction.
        Value::Float(number) => {
            let _ = write!(xml, "{number:?}");
        }
        Value::Text(text) => write_escaped(xml, text),
        Value::Time(moment) => {
            xml.push_str(&moment.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        Value::List(items) => items
            .iter()
            .for_each(|item| write_element(xml, "member", item)),
        Value::Structure(members) => members
            .iter()
            .for_each(|(name, value)| write_element(xml, name, value)),
        Value::Map(entries) => {
            for (key, value) in entries {
                xml.push_str("<entry>");
                write_element(xml, "key", &Value::from(key));
                write_element(xml, "value", value);
                xml.push_str("</entry>");
            }
        }
    }
}

fn write_escaped(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#xD;"),
            // Characters that XML 1.0 cannot hold at all.
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => xml.push('\u{fffd}'),
            other => xml.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neutral::structure;

    #[test]
    fn lists_maps_and_structures_are_recognized() {
        let form = b"Action=CreateTopic&Version=1&Name=t&Tags.member.10.Key=z&Tags.member.2.Key=a\
            &Attributes.entry.1.key=Policy&Attributes.entry.1.value=%7B%7D&Query.Unit.Name=u";
        let (action, input) = decode(None, form).unwrap();
        assert_eq!(action, "CreateTopic");
        assert_eq!(input.text("Name"), Some("t"));
        let keys: Vec<_> = input
            .items("Tags")
            .iter()
            .map(|tag| tag.text("Key"))
            .collect();
        assert_eq!(keys, [Some("a"), Some("z")]);
        assert_eq!(input.text_map("Attributes")["Policy"], "{}");
        let unit = input.get("Query").and_then(|query| query.get("Unit"));
        assert_eq!(unit.and_then(|unit| unit.text("Name")), Some("u"));
        assert_eq!(decode(None, b"Version=1"), None);
    }

    #[test]
    fn an_answer_is_wrapped_and_escaped() {
        let value = structure! {
            "Names" => Value::list(["a<b", "c"]),
            "Attributes" => Value::from(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
            "Threshold" => 1.0,
        };
        assert_eq!(
            String::from_utf8(encode(Service::Sns, "List", &value, "id")).unwrap(),
            "<ListResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ListResult>\
             <Names><member>a&lt;b</member><member>c</member></Names>\
             <Attributes><entry><key>k</key><value>v</value></entry></Attributes>\
             <Threshold>1.0</Threshold></ListResult>\
             <ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></ListResponse>"
        );
    }
}
