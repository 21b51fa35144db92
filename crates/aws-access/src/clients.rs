//! One SDK client per service and Region, shared by all accounts. Building a
//! client costs more than a call, so an account brings nothing but its
//! credentials, which travel with each call (`credentials::in_call`).

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use aws_config::SdkConfig;
use orgsweep_controls::Region;

/// The clients of one service, by Region.
#[derive(Debug)]
struct PerRegion<C>(RwLock<HashMap<Region, C>>);

impl<C> Default for PerRegion<C> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<C: Clone> PerRegion<C> {
    fn get(&self, region: &Region, build: impl FnOnce() -> C) -> C {
        let known = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(region)
            .cloned();
        known.unwrap_or_else(|| {
            let mut clients = self.0.write().unwrap_or_else(PoisonError::into_inner);
            clients.entry(region.clone()).or_insert_with(build).clone()
        })
    }
}

/// Declares a client pool per service.
macro_rules! clients {
    ($($service:ident: $sdk:ident;)*) => {
        /// The SDK clients of every service and Region.
        #[derive(Debug)]
        pub(crate) struct Clients {
            base: SdkConfig,
            $($service: PerRegion<$sdk::Client>,)*
        }

        impl Clients {
            /// Clients that have everything but the Region from `base`.
            pub(crate) fn new(base: SdkConfig) -> Self {
                Self { base, $($service: PerRegion::default(),)* }
            }

            /// What all clients have in common.
            pub(crate) fn base(&self) -> &SdkConfig {
                &self.base
            }

            $(
                pub(crate) fn $service(&self, region: &Region) -> $sdk::Client {
                    self.$service.get(region, || {
                        let name = aws_types::region::Region::new(region.as_str().to_owned());
                        let config = $sdk::config::Builder::from(&self.base).region(name).build();
                        $sdk::Client::from_conf(config)
                    })
                }
            )*
        }
    };
}

clients! {
    account: aws_sdk_account;
    cloudtrail: aws_sdk_cloudtrail;
    cloudwatch: aws_sdk_cloudwatch;
    kms: aws_sdk_kms;
    logs: aws_sdk_cloudwatchlogs;
    oam: aws_sdk_oam;
    organizations: aws_sdk_organizations;
    sns: aws_sdk_sns;
    sts: aws_sdk_sts;
}
