/** What a tag consists of: its blobs, who they are charged to, and who shares them. */
import { useEffect } from "preact/hooks"
import type { Blob, Tag, TagReference } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import { useShell } from "../../view/Shell.ts"
import { Figures } from "./SizeList.tsx"

interface Props {
  readonly image: string
  readonly tag: string
}

export const TagDetail = ({ image, tag }: Props) => {
  const { cache, client, units } = useShell()
  const keys = { tag: `tag ${image}:${tag}`, blobs: `blobs ${image}:${tag}` }
  const ask = { tag: () => client.tag(image, tag), blobs: () => client.blobs(image, tag) }
  useEffect(() => {
    cache.load(keys.tag, ask.tag)
    cache.load(keys.blobs, ask.blobs)
  }, [cache, image, tag])
  const state = cache.get<Tag>(keys.tag)
  const blobs = cache.get<ReadonlyArray<Blob>>(keys.blobs)

  if (state?.state === "failed" || blobs?.state === "failed") {
    const problem = state?.state === "failed" ? state.problem : blobs?.state === "failed" ? blobs.problem : undefined
    return (
      <div class="notice notice-bad" role="alert">
        <p>
          {problem?.kind === "gone"
            ? "This tag is not there (any more)."
            : `The tag cannot be shown: ${problem?.message}.`}
        </p>
        {problem?.kind !== "gone" && (
          <button
            class="button"
            type="button"
            onClick={() => {
              cache.retry(keys.tag, ask.tag)
              cache.retry(keys.blobs, ask.blobs)
            }}
          >
            Try again
          </button>
        )}
      </div>
    )
  }
  if (state?.state !== "done") return <p role="status">Loading …</p>
  const { digest, foreign_size, layers, media_type } = state.value
  return (
    <>
      {state.value.size === null ? (
        <p class="notice notice-bad">Some of this tag could not be read, so its size is not known.</p>
      ) : (
        <Figures sizes={state.value} />
      )}
      {state.value.unique_size === 0 && (
        <p class="detail-text">Other tags use all of its blobs: deleting this one alone frees nothing.</p>
      )}
      <dl class="facts">
        {digest && (
          <div>
            <dt>Digest</dt>
            <dd class="mono">{digest}</dd>
          </div>
        )}
        {media_type && (
          <div>
            <dt>Media type</dt>
            <dd class="mono">{media_type}</dd>
          </div>
        )}
        {typeof layers === "number" && (
          <div>
            <dt>Layers</dt>
            <dd>{layers}</dd>
          </div>
        )}
        {foreign_size !== undefined && (
          <div>
            <dt>Stored elsewhere</dt>
            <dd>{Format.bytes(foreign_size, units)}</dd>
          </div>
        )}
      </dl>
      {blobs?.state === "done" ? <Blobs blobs={blobs.value} /> : <p role="status">Loading blobs …</p>}
    </>
  )
}

const Blobs = ({ blobs }: { readonly blobs: ReadonlyArray<Blob> }) => {
  const { units } = useShell()
  const sorted = blobs.toSorted((a, b) => b.size - a.size)
  const most = sorted[0]?.size ?? 0
  return (
    <>
      <h3>{Format.counted(blobs.length, "blob")}</h3>
      <ol class="blobs">
        {sorted.map((blob) => (
          <li key={blob.digest} class={blob.unique ? "blob blob-unique" : "blob"}>
            <div class="blob-line">
              <span class={`role role-${blob.role}`}>{blob.role}</span>
              <code title={blob.digest}>{Format.shortDigest(blob.digest)}</code>
              <span class="amount">{Format.bytes(blob.size, units)}</span>
            </div>
            <div class="blob-bar" aria-hidden="true">
              <span style={{ width: `${most === 0 ? 0 : Math.max(0.5, (blob.size / most) * 100)}%` }} />
            </div>
            <BlobOwners blob={blob} />
          </li>
        ))}
      </ol>
    </>
  )
}

const Reference = ({ of }: { readonly of: TagReference }) => {
  const { href } = useShell()
  const name = `${of.image}:${of.tag}`
  return (
    <a href={href({ detail: name })} title={name}>
      {name}
    </a>
  )
}

const BlobOwners = ({ blob }: { readonly blob: Blob }) => {
  if (blob.tags <= 1) return <p class="blob-owner">used by this tag alone</p>
  const others = blob.shared_with.filter(({ image, tag }) => image !== blob.owner?.image || tag !== blob.owner?.tag)
  const unnamed = blob.tags - 1 - blob.shared_with.length
  return (
    <>
      <p class="blob-owner">
        {blob.owned ? (
          "charged to this tag"
        ) : blob.owner ? (
          <>
            charged to <Reference of={blob.owner} />
          </>
        ) : (
          "charged to no tag"
        )}
      </p>
      <details class="blob-shared">
        <summary>shared with {Format.counted(blob.tags - 1, "other tag")}</summary>
        <ul>
          {(blob.owned ? blob.shared_with : [...(blob.owner ? [blob.owner] : []), ...others]).map((of) => (
            <li key={`${of.image}:${of.tag}`}>
              <Reference of={of} />
            </li>
          ))}
          {unnamed > 0 && <li>and {Format.count(unnamed)} more</li>}
        </ul>
      </details>
    </>
  )
}
