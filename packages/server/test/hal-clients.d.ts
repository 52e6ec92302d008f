declare module "halfred" {
  interface Parsed {
    allLinks(): Record<string, ReadonlyArray<{ href: string }>>
    allEmbeddedResourceArrays(): Record<string, ReadonlyArray<Parsed>> | null
    validationIssues(): ReadonlyArray<{ path: string; message: string }>
  }
  export function enableValidation(): void
  export function parse(document: unknown): Parsed
}
declare module "traverson-hal" {
  const adapter: { readonly mediaType: string }
  export default adapter
}
declare module "traverson" {
  interface Builder {
    from(url: string): Builder
    jsonHal(): Builder
    withTemplateParameters(parameters: Record<string, string>): Builder
    follow(...relations: ReadonlyArray<string>): Builder
    withRequestOptions(options: { headers: Record<string, string>; qs: Record<string, string> }): Builder
    getResource(callback: (error: Error | null, document: unknown) => void): void
  }
  export function registerMediaType(mediaType: string, adapter: unknown): void
  export function from(url: string): Builder
}
