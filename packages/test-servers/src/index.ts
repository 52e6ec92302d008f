/**
 * Real servers on loopback, started by integration tests.
 */
export * as Certificates from "./Certificates.ts"
export * as DockerRegistry from "./DockerRegistry.ts"
export * as FaultProxy from "./FaultProxy.ts"
export * as Haproxy from "./Haproxy.ts"
export * as Nginx from "./Nginx.ts"
export * as PgBouncer from "./PgBouncer.ts"
export * as Postgres from "./Postgres.ts"
export * as Program from "./Program.ts"
export * as Prometheus from "./Prometheus.ts"
export * as Secrets from "./Secrets.ts"
export * as Servers from "./Servers.ts"
export * as Slapd from "./Slapd.ts"
export * as StorageTree from "./StorageTree.ts"
export * as TokenService from "./TokenService.ts"
