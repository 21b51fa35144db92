//! REST with JSON bodies, as Account Management and Observability Access Manager
//! speak it: the operation is the path, the body the input.

use http::Method;

use crate::service::Service;

/// Operations of Account Management by their path.
const ACCOUNT: [(&str, &str); 4] = [
    ("/listRegions", "ListRegions"),
    ("/getRegionOptStatus", "GetRegionOptStatus"),
    ("/enableRegion", "EnableRegion"),
    ("/disableRegion", "DisableRegion"),
];

/// Operations of Observability Access Manager by their path.
const OAM: [(&str, &str); 2] = [("/ListLinks", "ListLinks"), ("/GetLink", "GetLink")];

/// The service's operations by their path, where it speaks this protocol.
fn paths(service: Service) -> Option<&'static [(&'static str, &'static str)]> {
    match service {
        Service::Account => Some(&ACCOUNT),
        Service::Oam => Some(&OAM),
        _ => None,
    }
}

/// Whether the service speaks this protocol and no other.
pub(super) fn is_spoken_by(service: Service) -> bool {
    paths(service).is_some()
}

/// The operation that a request to `path` asks for.
pub(super) fn operation(service: Service, method: &Method, path: &str) -> Option<&'static str> {
    let (_, operation) = paths(service)?.iter().find(|(known, _)| *known == path)?;
    (method == Method::POST).then_some(*operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_paths_of_the_service_are_operations() {
        let of = |service, path| operation(service, &Method::POST, path);
        assert_eq!(of(Service::Account, "/listRegions"), Some("ListRegions"));
        assert_eq!(of(Service::Oam, "/GetLink"), Some("GetLink"));
        assert_eq!(of(Service::Account, "/"), None);
        assert_eq!(of(Service::Oam, "/listRegions"), None);
        assert_eq!(of(Service::Sns, "/listRegions"), None);
    }
}
