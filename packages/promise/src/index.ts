/**
 * Reads and measures a container registry in Node programs and CI jobs: plain data in and out, promises, errors with a
 * stable `code`. Its declarations import nothing, and it needs no other package.
 *
 * @since 0.1.0
 */
export { type Budget, checkBudget } from "./Budget.ts"
export {
  collect,
  type CollectOptions,
  type Fetch,
  type ImageSize,
  type Progress,
  type Scope,
  sizeOf
} from "./Collect.ts"
export { type DocumentOptions, toJUnit, toMarkdown } from "./Documents.ts"
export { gitlabCi } from "./GitLabCi.ts"
export {
  type Change,
  diff,
  measure,
  type MeasuredGap,
  type MeasuredRepository,
  type MeasuredSizes,
  type MeasuredTag,
  type MeasureOptions,
  type Report,
  type Scan
} from "./Measure.ts"
export { type ErrorCode, type ErrorDetails, RegistryUsageError } from "./RegistryUsageError.ts"
export { type FormatOptions, formatSize, parseSize } from "./Size.ts"
