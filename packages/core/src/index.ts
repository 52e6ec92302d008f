/**
 * The domain of GitLab Registry Usage: a registry is crawled into an inventory, the inventory is measured into usage,
 * usage is kept as a snapshot, and the snapshot is rendered.
 *
 * @since 0.1.0
 */
export * as Authentication from "./Authentication.ts"
export * as Bytes from "./Bytes.ts"
export * as Digest from "./Digest.ts"
export * as Manifest from "./Manifest.ts"
export * as MediaType from "./MediaType.ts"
export * as Names from "./Names.ts"
export * as Registry from "./Registry.ts"
