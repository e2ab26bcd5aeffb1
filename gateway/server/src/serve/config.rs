//! From settings to what the edge is told.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use http::HeaderValue;
use portico_edge::auth::Authenticator;
use portico_edge::inbound::{CallerRate, PublicPaths};
use portico_edge::serve::{ServeConfig, TrustedProxies};
use portico_edge::{InboundConfig, RequestObserver};
use portico_settings::{RateLimit, Settings};
use portico_telemetry::Telemetry;

/// Connections to the operations port: a few people, a prober, a scraper.
const OPS_CONNECTIONS: usize = 64;

/// The layers in front of the routes.
pub fn inbound(
    settings: &Settings,
    telemetry: &Arc<Telemetry>,
    authenticator: &Arc<Authenticator>,
    observer: &Arc<dyn RequestObserver>,
) -> Result<InboundConfig> {
    let limits = &settings.listen.limits;
    let origins = settings.cors_origins.iter().map(HeaderValue::try_from).collect::<Result<_, _>>();
    Ok(InboundConfig {
        sample_ratio: settings.telemetry.otlp.as_ref().map_or(0.0, |otlp| otlp.sample_ratio),
        api_version: HeaderValue::from_static(portico_api::API_VERSION),
        cors_origins: origins.context("an origin cannot stand in a header")?,
        cors_open: vec!["/v1/openapi.json".to_owned()],
        public: PublicPaths(portico_api::PUBLIC.iter().map(|path| (*path).to_owned()).collect()),
        max_body: limits.max_body_bytes,
        max_upload: limits.max_upload_bytes,
        caller_rate: settings.rate_limit.and_then(caller_rate),
        ..InboundConfig::new(Arc::clone(authenticator), telemetry.sink(), Arc::clone(observer))
    })
}

/// A burst of requests, refilled at the sustained rate.
fn caller_rate(limit: RateLimit) -> Option<CallerRate> {
    let requests = NonZeroU32::new(limit.burst)?;
    let window =
        Duration::from_secs_f64(f64::from(limit.burst) / f64::from(limit.requests_per_second.max(1)));
    Some(CallerRate { requests, window })
}

/// Connections to the API.
pub fn api(settings: &Settings) -> Result<ServeConfig> {
    let limits = &settings.listen.limits;
    let proxies: Vec<String> = settings.listen.trusted_proxies.iter().map(ToString::to_string).collect();
    Ok(ServeConfig {
        max_connections: limits.max_connections,
        first_byte: limits.first_byte_timeout,
        handshake: limits.handshake_timeout,
        head: limits.head_timeout,
        idle: limits.keep_alive_timeout,
        max_head: limits.max_head_bytes,
        body_idle: limits.body_idle_timeout,
        body_rate: limits.min_body_bytes_per_second,
        write_stall: limits.body_idle_timeout,
        trusted: TrustedProxies::parse(&proxies).context("a trusted proxy is not an address")?,
        drain_grace: settings.runtime.linger,
        drain_deadline: settings.runtime.linger + settings.runtime.drain_timeout,
        ..ServeConfig::default()
    })
}

/// Connections to the operations port, which answers until the API has stopped and has nothing to wait for then.
pub fn ops() -> ServeConfig {
    ServeConfig {
        max_connections: OPS_CONNECTIONS,
        drain_grace: Duration::ZERO,
        drain_deadline: Duration::from_millis(500),
        ..ServeConfig::default()
    }
}
