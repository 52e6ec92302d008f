/**
 * An embedded registry that behaves like GitLab's, over real HTTP, and what a demonstration fills it with.
 *
 * @since 0.1.0
 */
export * as Account from "./Account.ts"
export * as Contents from "./Contents.ts"
export * as DailySnapshots from "./DailySnapshots.ts"
export * as Demo from "./Demo.ts"
export * as DemoDirectory from "./DemoDirectory.ts"
export * as DemoRegistry from "./DemoRegistry.ts"
export * as Expected from "./Expected.ts"
export * as Fault from "./Fault.ts"
