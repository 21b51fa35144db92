//! The composite alarms above an alarm that goes to ALARM, and what suppressors make of
//! their actions.

use super::companions::Companions;
use super::composite::{self, Follows, Rest};
use super::filter_policy::Sender;
use super::judged::Judged;
use super::ringing::{Acting, Ringing};
use crate::finding::LinkKind;
use crate::reason::Reason;
use crate::snapshot::CompositeAlarm;

/// Composites above composites that are followed.
const DEEPEST: usize = 8;

/// Seconds within which alarms on the same datapoints have all changed their states, generously.
const LONGEST_APART: i32 = 180;

impl Ringing<'_> {
    pub(super) fn above(
        &self,
        child: &Acting<'_>,
        below: &[Judged],
        with: &Companions,
        depth: usize,
    ) -> Vec<Vec<Judged>> {
        if depth >= DEEPEST {
            return Vec::new();
        }
        let (name, arn) = (child.name, child.arn);
        let is_child = |text: &str| text == name || text == arn.as_str();
        let mut rests = Vec::new();
        for composite in &self.alarms.composite {
            let mentions = composite::mentions(&composite.rule, name, &is_child);
            if composite.arn == *arn {
                continue;
            }
            let kind = LinkKind::Alarm;
            let resource = composite.arn.as_str();
            let acting = Acting {
                name: &composite.name,
                settles: true,
                arn: &composite.arn,
                sender: Sender::Composite(composite),
                enabled: composite.actions_enabled,
                actions: &composite.alarm_actions,
                // It is in ALARM while its child is.
                rises: child.rises,
                lasts: child.lasts,
            };
            if self.runs_when_released(composite, mentions, &is_child, with) {
                let why = "its actions may run when its suppressor leaves ALARM";
                let link = Judged::unknown(kind, resource, Reason::AlarmUndecided, why);
                let own = self.actions(&acting, &link);
                rests.extend(own.into_iter().map(|rest| [below, &rest].concat()));
                continue;
            }
            if !mentions {
                continue;
            }
            let link = match self.follows(composite, child, with) {
                Follows::Yes => match &composite.actions_suppressor {
                    None => {
                        let link = Judged::holds(kind, resource, "goes to ALARM with its child");
                        link.noting(composite::shares(&composite.rule, &is_child))
                    }
                    Some(suppressor) => self.suppressed(composite, suppressor, &is_child, with),
                },
                Follows::Undecided(why) => {
                    Judged::unknown(kind, resource, Reason::AlarmUndecided, why)
                }
                Follows::Not(reason, why) => Judged::broken(kind, resource, reason, why),
            };
            let mut links = below.to_vec();
            if link.is_broken() {
                links.push(link);
                rests.push(links);
                continue;
            }
            let own = self.actions(&acting, &link);
            rests.extend(own.into_iter().map(|rest| [below, &rest].concat()));
            links.push(link);
            rests.extend(self.above(&acting, &links, &with.above(child), depth + 1));
        }
        rests
    }

    /// Whether a composite may still be in ALARM when its suppressor, which rings on the same
    /// event, leaves ALARM: its actions have waited for that.
    fn runs_when_released(
        &self,
        composite: &CompositeAlarm,
        mentions: bool,
        is_child: &dyn Fn(&str) -> bool,
        with: &Companions,
    ) -> bool {
        let rings = |name: &str| is_child(name) || with.in_step.iter().any(|other| other == name);
        if !composite.actions_suppressor.as_deref().is_some_and(rings) {
            return false;
        }
        match self.rest(&composite.name) {
            Rest::AlwaysInAlarm | Rest::OnlyInAlarm | Rest::Stays => true,
            Rest::Unknown => mentions,
            Rest::Settles | Rest::Leaves | Rest::NeverInAlarm => false,
        }
    }

    /// Whether a composite follows its child, with the alarms that ring on the same event.
    fn follows(
        &self,
        composite: &CompositeAlarm,
        child: &Acting<'_>,
        with: &Companions,
    ) -> Follows {
        let own = [child.name.to_owned(), child.arn.to_string()];
        let is_child = |text: &str| own.iter().any(|name| name == text);
        let rests = |name: &str| self.rest_beside(name);
        let joined = |names: &[String]| {
            let is_one = |name: &str| is_child(name) || names.iter().any(|other| other == name);
            composite::follows(&composite.rule, &is_one, child.settles, &rests)
        };
        let follows = joined(&with.in_step);
        if !matches!(follows, Follows::Not(..)) {
            return follows;
        }
        // One of them may go to ALARM a moment before the others.
        let alone = joined(&[]);
        if !matches!(alone, Follows::Not(..)) {
            return alone;
        }
        let all = [&own, with.in_step.as_slice(), with.at_some_time.as_slice()].concat();
        let all = [all.as_slice(), &self.composites_with(&all, composite)].concat();
        if !matches!(joined(&all), Follows::Not(..)) {
            let why = "whether its alarms, which ring on the same event, are in ALARM at the same time is not decided";
            return Follows::Undecided(why.to_owned());
        }
        follows
    }

    /// The link of a composite whose actions wait while its suppressor is in ALARM.
    fn suppressed(
        &self,
        composite: &CompositeAlarm,
        suppressor: &str,
        is_child: &dyn Fn(&str) -> bool,
        with: &Companions,
    ) -> Judged {
        let kind = LinkKind::Alarm;
        let resource = composite.arn.as_str();
        let in_step = with.in_step.iter().any(|name| name == suppressor);
        let waits = composite
            .suppressor_wait
            .is_some_and(|wait| wait >= LONGEST_APART);
        if is_child(suppressor) || in_step && waits {
            let why = format!("its suppressor `{suppressor}` is in ALARM whenever it is");
            return Judged::broken(kind, resource, Reason::AlarmMuted, why);
        }
        match self.rest(suppressor) {
            Rest::AlwaysInAlarm | Rest::OnlyInAlarm => {
                let why = format!("its suppressor `{suppressor}` is always in ALARM");
                return Judged::broken(kind, resource, Reason::AlarmMuted, why);
            }
            Rest::NeverInAlarm => {
                let why = format!(
                    "goes to ALARM with its child; its suppressor `{suppressor}` is never in ALARM"
                );
                let link = Judged::holds(kind, resource, why);
                return link.noting(composite::shares(&composite.rule, is_child));
            }
            _ => {}
        }
        let why = format!("its actions wait while its suppressor `{suppressor}` is in ALARM");
        Judged::unknown(kind, resource, Reason::AlarmUndecided, why)
    }
}
