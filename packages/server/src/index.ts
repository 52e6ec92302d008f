/**
 * The server as a whole, its parts to compose another one, and the API for a server of one's own.
 *
 * @since 0.1.0
 */
export * as Adapters from "./adapters/Adapters.ts"
export * as App from "./http/App.ts"
export * as Dashboard from "./Dashboard.ts"
export * as FileSnapshotStore from "./stores/FileSnapshotStore.ts"
export * as Logging from "./adapters/Logging.ts"
export * as Server from "./Server.ts"
export * as ServerConfig from "./config/options/ServerConfig.ts"
export * as TokenCache from "./http/auth/TokenCache.ts"
