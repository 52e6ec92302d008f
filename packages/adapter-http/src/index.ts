/**
 * Reads a container registry over HTTP.
 *
 * @since 0.1.0
 */
export * as RegistryHttp from "./RegistryHttp.ts"
