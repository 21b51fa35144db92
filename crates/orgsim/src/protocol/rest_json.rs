//! REST with JSON bodies, as Account Management speaks it: the operation is the
//! path, the body the input.

use http::Method;

use crate::service::Service;

/// Operations of Account Management by their path.
const PATHS: [(&str, &str); 4] = [
    ("/listRegions", "ListRegions"),
    ("/getRegionOptStatus", "GetRegionOptStatus"),
    ("/enableRegion", "EnableRegion"),
    ("/disableRegion", "DisableRegion"),
];

/// The operation that a request to `path` asks for.
pub(super) fn operation(service: Service, method: &Method, path: &str) -> Option<&'static str> {
    (service == Service::Account && method == Method::POST)
        .then(|| PATHS.iter().find(|(known, _)| *known == path))
        .flatten()
        .map(|(_, operation)| *operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_paths_of_account_management_are_operations() {
        let of = |service, path| operation(service, &Method::POST, path);
        assert_eq!(of(Service::Account, "/listRegions"), Some("ListRegions"));
        assert_eq!(of(Service::Account, "/"), None);
        assert_eq!(of(Service::Sns, "/listRegions"), None);
    }
}
