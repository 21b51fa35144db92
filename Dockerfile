# orgsweep for a server: built without the embedded database, run as an
# ordinary user, with nothing but the two programs and CA certificates.

FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --no-default-features \
      --package orgsweep --package orgsweep-remediator

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --uid 10001 orgsweep
COPY --from=build /src/target/release/orgsweep /src/target/release/orgsweep-remediate /usr/local/bin/
USER orgsweep
WORKDIR /home/orgsweep
ENTRYPOINT ["orgsweep"]
CMD ["--help"]
