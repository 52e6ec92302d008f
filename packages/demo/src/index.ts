/** An embedded registry that behaves like GitLab's, over real HTTP, and the demo's contents. */
export * as Account from "./auth/Account.ts"
export * as Contents from "./data/Contents.ts"
export * as DailySnapshots from "./data/DailySnapshots.ts"
export * as Demo from "./data/Demo.ts"
export * as DemoDirectory from "./auth/DemoDirectory.ts"
export * as DemoRegistry from "./DemoRegistry.ts"
export * as Expected from "./data/Expected.ts"
export * as Fault from "./http/Fault.ts"
