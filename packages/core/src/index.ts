/**
 * The domain of GitLab Registry Usage: a registry is crawled into an inventory, the inventory is measured into usage,
 * usage is kept as a snapshot, and the snapshot is rendered.
 *
 * @since 0.1.0
 */
export * as Authentication from "./Authentication.ts"
export * as Bytes from "./Bytes.ts"
export * as CleanupPolicy from "./CleanupPolicy.ts"
export * as Collector from "./Collector.ts"
export * as Crawl from "./Crawl.ts"
export * as Diff from "./Diff.ts"
export * as Digest from "./Digest.ts"
export * as DurationText from "./DurationText.ts"
export * as Hal from "./Hal.ts"
export * as History from "./History.ts"
export * as Inventory from "./Inventory.ts"
export * as InventoryBuilder from "./InventoryBuilder.ts"
export * as Leadership from "./Leadership.ts"
export * as Listing from "./Listing.ts"
export * as Manifest from "./Manifest.ts"
export * as MediaType from "./MediaType.ts"
export * as Names from "./Names.ts"
export * as NamespaceResources from "./NamespaceResources.ts"
export * as Namespaces from "./Namespaces.ts"
export * as OpenMetrics from "./OpenMetrics.ts"
export * as Registry from "./Registry.ts"
export * as SizeText from "./SizeText.ts"
export * as Snapshot from "./Snapshot.ts"
export * as SnapshotStore from "./SnapshotStore.ts"
export * as StatusResource from "./StatusResource.ts"
export * as TagContents from "./TagContents.ts"
export * as Usage from "./Usage.ts"
export * as UsageResources from "./UsageResources.ts"
