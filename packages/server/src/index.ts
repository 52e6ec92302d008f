/**
 * The parts of the server, to build a server of one's own.
 *
 * @since 0.1.0
 */
export * as App from "./http/App.ts"
export * as FileSnapshotStore from "./stores/FileSnapshotStore.ts"
export * as HttpApp from "./http/HttpApp.ts"
export * as TokenCache from "./http/auth/TokenCache.ts"
export * as Ui from "./http/service/DashboardFiles.ts"
