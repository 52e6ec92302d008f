/** The treemap: the area of a tile is its disk size. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks"
import type { Tag } from "../api/Resources.ts"
import { headingHeight, layout, type Tile } from "../usage/TreemapLayout.ts"
import * as Tree from "../usage/Tree.ts"
import * as Format from "../view/Format.ts"
import { usePage } from "../view/PageContext.ts"

interface Props {
  readonly node: Tree.Node
  /** The tags of the repository that is shown, once they are loaded. */
  readonly tags: ReadonlyArray<Tag> | undefined
}

const useSize = () => {
  const element = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  useLayoutEffect(() => {
    const measure = () => {
      const { clientHeight: height, clientWidth: width } = element.current!
      setSize((size) => (size.width === width && size.height === height ? size : { width, height }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element.current!)
    return () => observer.disconnect()
  }, [])
  return [element, size] as const
}

const px = (value: number) => `${value}px`

/** Lists the entities without a tile, because they have no size. */
const listOmitted = (node: Tree.Node, tags: ReadonlyArray<Tag> | undefined): string => {
  const parts: Array<string> = []
  if (node.kind === "repository") {
    const free = tags?.filter(({ disk_size }) => disk_size === 0).length ?? 0
    if (free > 0) parts.push(`${Format.counted(free, "tag")} without bytes of their own`)
  } else {
    const empty = Tree.repositories(node).filter(({ disk_size }) => disk_size === 0).length
    if (empty > 0) parts.push(`${Format.counted(empty, "repository", "repositories")} without bytes of their own`)
    if (node.unreadable > 0)
      parts.push(`${Format.counted(node.unreadable, "repository", "repositories")} of unknown size`)
  }
  return parts.length === 0 ? "" : `Not drawn: ${parts.join(", ")}.`
}

/** Whether enough of the label fits to know what it is, at about 6.5 pixels for a letter. */
const isLegible = ({ height, label, width }: Tile) => height > 18 && width - 14 >= 6.5 * Math.min(label.length, 10)

type Direction = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown"

/** The nearest tile in a direction; the distance across counts twice. */
const neighbour = (tiles: ReadonlyArray<Tile>, from: Tile, direction: Direction): Tile | undefined => {
  const centre = ({ frame, height, width, x, y }: Tile) =>
    [x + width / 2, y + (frame ? headingHeight / 2 : height / 2)] as const
  const [x, y] = centre(from)
  let best: readonly [distance: number, tile: Tile | undefined] = [Infinity, undefined]
  for (const tile of tiles) {
    const [tx, ty] = centre(tile)
    const [dx, dy] = [tx - x, ty - y]
    const along = { ArrowLeft: -dx, ArrowRight: dx, ArrowUp: -dy, ArrowDown: dy }[direction]
    if (tile === from || along <= 1) continue
    const across = direction === "ArrowLeft" || direction === "ArrowRight" ? Math.abs(dy) : Math.abs(dx)
    const distance = along + 2 * across
    if (distance < best[0]) best = [distance, tile]
  }
  return best[1]
}

export const Treemap = ({ node, tags }: Props) => {
  const { go, units } = usePage()
  const [element, { height, width }] = useSize()
  const [pointed, setPointed] = useState<Tile>()
  const [focused, setFocused] = useState<string>()
  const tiles = useMemo(() => layout(node, { width, height, tags: tags ?? [] }), [node, width, height, tags])
  const tabbable = tiles.some(({ key }) => key === focused) ? focused : tiles[0]?.key

  // The animation of zooming in starts at the chosen tile.
  const last = useRef<{ readonly path: string; readonly tiles: ReadonlyArray<Tile> } | undefined>(undefined)
  const layer = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const before = last.current
    last.current = { path: node.path, tiles }
    if (before === undefined || before.path === node.path || tiles.length === 0) return
    setPointed(undefined)
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return
    const [from, inward] = [before.tiles.find(({ key }) => key === node.path), node.path.startsWith(before.path)]
    const start =
      inward && from !== undefined
        ? `translate(${from.x}px, ${from.y}px) scale(${from.width / width}, ${from.height / height})`
        : inward
          ? "scale(0.96)"
          : "scale(1.04)"
    const transformOrigin = from === undefined ? "50% 50%" : "0 0"
    layer.current?.animate(
      [
        { transform: start, opacity: 0.3, transformOrigin },
        { transform: "none", opacity: 1, transformOrigin }
      ],
      { duration: 180, easing: "cubic-bezier(0.2, 0.7, 0.2, 1)" }
    )
  }, [node, tiles, width, height])

  const total = node.disk_size ?? 0
  const open = (tile: Tile) => {
    if (tile.kind === "tag") go({ detail: tile.target })
    else if (tile.target !== node.path) go({ path: tile.target })
  }
  const moved = useRef(false)
  const onKeyDown = (event: KeyboardEvent) => {
    const current = tiles.find(({ key }) => key === tabbable)
    if (event.key === "Escape" || event.key === "Backspace") {
      if (node.parent === undefined) return
      event.preventDefault()
      event.stopPropagation()
      moved.current = true
      setFocused(node.path)
      go({ path: node.parent.path })
    } else if (event.key.startsWith("Arrow") && current !== undefined) {
      const next = neighbour(tiles, current, event.key as Direction)
      event.preventDefault()
      if (next === undefined) return
      moved.current = true
      setFocused(next.key)
    }
  }
  // The focus follows the arrow keys, and moves into a tile that was opened.
  useEffect(() => {
    if (!moved.current) return
    const next = element.current?.querySelector<HTMLElement>("[tabindex='0']")
    // The tags of a repository may not be loaded yet.
    if (next === null || next === undefined) return
    moved.current = false
    next.focus()
  }, [tabbable, tiles])

  const share = (tile: Tile) => (total > 0 ? `, ${Format.percent(tile.bytes / total)}` : "")
  // The visible label comes first, for voice control.
  const describe = (tile: Tile) =>
    `${tile.label} ${Format.bytes(tile.bytes, units)}${share(tile)}, ${tile.kind} ${tile.target}`

  return (
    <section class="treemap" aria-label="Map">
      <div class="treemap-area" ref={element} onKeyDown={onKeyDown} onPointerLeave={() => setPointed(undefined)}>
        <div class="treemap-layer" ref={layer}>
          {tiles.map((tile) => (
            <button
              key={tile.key}
              type="button"
              class={`tile tile-${tile.kind}${tile.frame ? " tile-frame" : ""}`}
              style={{
                left: px(tile.x),
                top: px(tile.y),
                width: px(tile.width),
                height: px(tile.height),
                "--hue": String(Math.round(tile.hue))
              }}
              tabIndex={tile.key === tabbable ? 0 : -1}
              aria-label={describe(tile)}
              onClick={() => {
                moved.current = true
                open(tile)
              }}
              onFocus={() => {
                setFocused(tile.key)
                setPointed(tile)
              }}
              onPointerEnter={() => setPointed(tile)}
            >
              {isLegible(tile) && <span class="tile-label">{tile.label}</span>}{" "}
              {(tile.frame ? tile.width > 110 : isLegible(tile) && tile.width > 66 && tile.height > 36) && (
                <span class="tile-size">{Format.bytes(tile.bytes, units)}</span>
              )}
            </button>
          ))}
        </div>
        {tiles.length === 0 && height > 0 && (
          <p class="treemap-empty">
            {node.kind === "repository" && tags === undefined && node.image.size !== null
              ? "Loading tags …"
              : node.kind === "repository" && node.disk_size === null
                ? "This repository could not be read: its size is not known."
                : "Nothing here has bytes of its own."}
          </p>
        )}
      </div>
      <p class="treemap-caption caption">
        <span key={pointed?.key} class="treemap-pointed" aria-hidden={pointed !== undefined}>
          {pointed === undefined ? (
            "The area is the size on disk."
          ) : (
            <>
              <strong>
                {pointed.kind === "rest" ? `${pointed.label} in ${pointed.target || "all"}` : pointed.target}
              </strong>{" "}
              {Format.bytes(pointed.bytes, units)}
              {share(pointed)}
            </>
          )}
        </span>
        <span class="treemap-omitted">{listOmitted(node, tags)}</span>
      </p>
    </section>
  )
}
