/**
 * The parts of the server, for those who put together their own.
 *
 * @since 0.1.0
 */
export * as FileSnapshotStore from "./FileSnapshotStore.ts"
export * as HttpApp from "./http/HttpApp.ts"
export * as Ui from "./http/Ui.ts"
