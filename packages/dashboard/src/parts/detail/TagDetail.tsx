/** The detail of a tag: its blobs, the tags that they are charged to, and the tags that share them. */
import type { ComponentChildren } from "preact"
import type { Blob, TagReference } from "../../api/Resources.ts"
import * as Format from "../../view/Format.ts"
import { usePage } from "../../view/PageContext.ts"
import { useLoaded } from "../../view/useLoaded.ts"
import { Failure } from "../controls/Failure.tsx"
import { SizeList } from "./SizeList.tsx"

interface Props {
  readonly image: string
  readonly tag: string
}

const Fact = ({ children, label, mono }: { label: string; mono?: boolean; children: ComponentChildren }) => (
  <div>
    <dt class="muted">{label}</dt>
    <dd class={mono === true ? "mono" : undefined}>{children}</dd>
  </div>
)

export const TagDetail = ({ image, tag }: Props) => {
  const { client, units } = usePage()
  const { loaded, retry } = useLoaded(`tag ${image}:${tag}`, () =>
    Promise.all([client.tag(image, tag), client.blobs(image, tag)])
  )

  if (loaded?.state === "failed") {
    const { problem } = loaded
    if (problem.kind !== "gone")
      return <Failure text={`The tag cannot be shown: ${problem.message}.`} onRetry={retry} />
    return (
      <p class="notice notice-bad" role="alert">
        This tag is not there (any more).
      </p>
    )
  }
  if (loaded?.state !== "done")
    return (
      <p key="loading" role="status">
        Loading …
      </p>
    )
  const [sizes, blobs] = loaded.value
  const { digest, foreign_size, layers, media_type } = sizes
  return (
    <>
      {sizes.size === null ? (
        <p class="notice notice-bad">Some of this tag could not be read, so its size is not known.</p>
      ) : (
        <SizeList sizes={sizes} />
      )}
      {sizes.unique_size === 0 && (
        <p class="muted">Other tags use all of its blobs: deleting this one alone frees nothing.</p>
      )}
      <dl class="facts">
        {digest && (
          <Fact label="Digest" mono>
            {digest}
          </Fact>
        )}
        {media_type && (
          <Fact label="Media type" mono>
            {media_type}
          </Fact>
        )}
        {typeof layers === "number" && <Fact label="Layers">{layers}</Fact>}
        {foreign_size !== undefined && <Fact label="Stored elsewhere">{Format.bytes(foreign_size, units)}</Fact>}
      </dl>
      <Blobs blobs={blobs} />
    </>
  )
}

const Blobs = ({ blobs }: { readonly blobs: ReadonlyArray<Blob> }) => {
  const { units } = usePage()
  const sorted = blobs.toSorted((a, b) => b.size - a.size)
  const largest = sorted[0]?.size ?? 0
  return (
    <>
      <h3>{Format.counted(blobs.length, "blob")}</h3>
      <ol>
        {sorted.map((blob) => (
          <li key={blob.digest} class={blob.unique ? "blob blob-unique" : "blob"}>
            <div class="blob-line">
              <span class="role caption">{blob.role}</span>
              <code title={blob.digest}>{Format.shortDigest(blob.digest)}</code>
              <span class="amount">{Format.bytes(blob.size, units)}</span>
            </div>
            <div class="blob-bar" aria-hidden="true">
              <span style={{ width: `${largest === 0 ? 0 : Math.max(0.5, (blob.size / largest) * 100)}%` }} />
            </div>
            <BlobOwners blob={blob} />
          </li>
        ))}
      </ol>
    </>
  )
}

const TagLink = ({ image, tag }: TagReference) => {
  const { href } = usePage()
  const name = `${image}:${tag}`
  return (
    <a href={href({ detail: name })} title={name}>
      {name}
    </a>
  )
}

const BlobOwners = ({ blob: { owned, owner, shared_with, tags } }: { readonly blob: Blob }) => {
  if (tags <= 1) return <p class="caption">used by this tag alone</p>
  const others = shared_with.filter(({ image, tag }) => image !== owner?.image || tag !== owner.tag)
  const unnamed = tags - 1 - shared_with.length
  return (
    <>
      <p class="caption">
        {owned ? (
          "charged to this tag"
        ) : owner === null ? (
          "charged to no tag"
        ) : (
          <>
            charged to <TagLink {...owner} />
          </>
        )}
      </p>
      <details class="caption">
        <summary>shared with {Format.counted(tags - 1, "other tag")}</summary>
        <ul>
          {(owned || owner === null ? shared_with : [owner, ...others]).map((reference) => (
            <li key={`${reference.image}:${reference.tag}`}>
              <TagLink {...reference} />
            </li>
          ))}
          {unnamed > 0 && <li>and {Format.count(unnamed)} more</li>}
        </ul>
      </details>
    </>
  )
}
