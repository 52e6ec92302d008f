export interface Manifest {
  readonly name: string
  readonly version: string
  readonly directory: string
  readonly bin?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly exports?: Readonly<Record<string, unknown>> }
}
export const published: () => ReadonlyArray<Manifest>
export const packing: (destination: string) => ReadonlyArray<string>
export const tarballOf: (manifest: Manifest) => string
