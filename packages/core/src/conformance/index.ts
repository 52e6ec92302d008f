/**
 * The tests that every adapter of a port passes, each one function to call.
 *
 * @since 0.1.0
 */
export * as DirectoryTest from "./DirectoryTest.ts"
export * as LeadershipTest from "./LeadershipTest.ts"
export * as LoginAttemptsTest from "./LoginAttemptsTest.ts"
export * as RegistryTest from "./RegistryTest.ts"
export * as ReplicasTest from "./ReplicasTest.ts"
export * as RevocationTest from "./RevocationTest.ts"
export * as SnapshotStoreTest from "./SnapshotStoreTest.ts"
export * as TokensTest from "./TokensTest.ts"
