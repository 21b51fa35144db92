//! What a trail records: basic or advanced event selectors.

use aws_sdk_cloudtrail::operation::get_event_selectors::GetEventSelectorsOutput;
use aws_sdk_cloudtrail::types::{
    AdvancedEventSelector, AdvancedFieldSelector, EventSelector, ReadWriteType,
};
use orgsweep_controls::Known;
use orgsweep_controls::snapshot::{
    AdvancedSelector, BasicSelector, EventSelectors, FieldSelector, Trail,
};

use crate::errors::CallError;
use crate::operation::Operation;
use crate::session::Session;

/// The selectors of `trail`, which must be the account's own.
pub(super) async fn of(session: &Session, trail: &Trail) -> Known<EventSelectors> {
    const OPERATION: Operation = Operation::GetEventSelectors;
    let region = &trail.home_region;
    let client = session.clients().cloudtrail(region);
    let request = client.get_event_selectors().trail_name(trail.arn.as_str());
    match session
        .call(OPERATION, region, || request.clone().send())
        .await
    {
        Ok(answer) if says_nothing(&answer) => {
            CallError::garbled(OPERATION, region, "the answer is empty").into_known()
        }
        Ok(answer) => Known::read(selectors(answer), OPERATION.call(region)),
        Err(error) => error.into_known(),
    }
}

/// Even of a trail without selectors AWS says which one it is.
fn says_nothing(answer: &GetEventSelectorsOutput) -> bool {
    answer.trail_arn.is_none()
        && answer.event_selectors.is_none()
        && answer.advanced_event_selectors.is_none()
}

fn selectors(answer: GetEventSelectorsOutput) -> EventSelectors {
    let advanced = answer.advanced_event_selectors.unwrap_or_default();
    let basic = answer.event_selectors.unwrap_or_default();
    if !advanced.is_empty() {
        return EventSelectors::Advanced(advanced.into_iter().map(advanced_selector).collect());
    }
    if basic.is_empty() {
        return usual();
    }
    EventSelectors::Basic(basic.into_iter().map(basic_selector).collect())
}

/// A trail on which no selectors were put records all management events.
pub(super) fn usual() -> EventSelectors {
    EventSelectors::Basic(vec![BasicSelector {
        read_write_type: ReadWriteType::All.as_str().to_owned(),
        management_events: true,
        excluded_sources: Vec::new(),
    }])
}

/// AWS leaves out what has its default: all events, management events included.
fn basic_selector(selector: EventSelector) -> BasicSelector {
    BasicSelector {
        read_write_type: selector
            .read_write_type
            .unwrap_or(ReadWriteType::All)
            .as_str()
            .to_owned(),
        management_events: selector.include_management_events.unwrap_or(true),
        excluded_sources: sorted(selector.exclude_management_event_sources),
    }
}

fn advanced_selector(selector: AdvancedEventSelector) -> AdvancedSelector {
    AdvancedSelector {
        name: selector.name.filter(|name| !name.is_empty()),
        fields: selector
            .field_selectors
            .into_iter()
            .map(field_selector)
            .collect(),
    }
}

fn field_selector(selector: AdvancedFieldSelector) -> FieldSelector {
    FieldSelector {
        field: selector.field,
        equals: sorted(selector.equals),
        starts_with: sorted(selector.starts_with),
        ends_with: sorted(selector.ends_with),
        not_equals: sorted(selector.not_equals),
        not_starts_with: sorted(selector.not_starts_with),
        not_ends_with: sorted(selector.not_ends_with),
    }
}

fn sorted(values: Option<Vec<String>>) -> Vec<String> {
    let mut values = values.unwrap_or_default();
    values.sort();
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trail_without_selectors_records_all_management_events() {
        let EventSelectors::Basic(basic) = selectors(GetEventSelectorsOutput::builder().build())
        else {
            panic!("expected basic selectors");
        };
        assert_eq!(basic.len(), 1);
        assert_eq!(
            (
                basic[0].read_write_type.as_str(),
                basic[0].management_events
            ),
            ("All", true)
        );
    }

    #[test]
    fn advanced_selectors_replace_basic_ones() {
        let management = AdvancedFieldSelector::builder()
            .field("eventCategory")
            .equals("Management")
            .build()
            .unwrap();
        let selector = AdvancedEventSelector::builder()
            .field_selectors(management)
            .build()
            .unwrap();
        let answer = GetEventSelectorsOutput::builder()
            .advanced_event_selectors(selector)
            .build();
        let EventSelectors::Advanced(advanced) = selectors(answer) else {
            panic!("expected advanced selectors");
        };
        assert_eq!(advanced[0].fields[0].equals, ["Management"]);
    }

    #[test]
    fn excluded_sources_are_kept() {
        let selector = EventSelector::builder()
            .read_write_type(ReadWriteType::WriteOnly)
            .include_management_events(true)
            .exclude_management_event_sources("rdsdata.amazonaws.com")
            .exclude_management_event_sources("kms.amazonaws.com")
            .build();
        let found = basic_selector(selector);
        assert_eq!(found.read_write_type, "WriteOnly");
        assert_eq!(
            found.excluded_sources,
            ["kms.amazonaws.com", "rdsdata.amazonaws.com"]
        );
    }
}
