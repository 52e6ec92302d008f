/**
 * In-memory adapters of the ports and images to fill a registry with, for tests and demonstrations.
 *
 * @since 0.1.0
 */
export * as DirectoryMemory from "./DirectoryMemory.ts"
export * as Images from "./Images.ts"
export * as RegistryMemory from "./RegistryMemory.ts"
export * as TokensMemory from "./TokensMemory.ts"
