/**
 * The style and the script of the page. Both are constant: the page's policy has their hashes.
 */

export const style = `
:root { color-scheme: light dark; --text: #1f2328; --dim: #59636e; --back: #fff; --line: #d1d9e0; --bar: #3b6fb6; --warn: #9a3412; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --dim: #9198a1; --back: #0d1117; --line: #3d444d; --bar: #6ea8ff; --warn: #ffb86b; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .dim { color: var(--dim); } .warn { color: var(--warn); }
dl { display: flex; flex-wrap: wrap; gap: .5rem 2.5rem; margin: 1rem 0; }
dt { color: var(--dim); font-size: .85rem; } dd { margin: 0; font-size: 1.4rem; font-variant-numeric: tabular-nums; }
svg.map { width: 100%; height: auto; display: block; }
svg.map text { font: 11px system-ui, sans-serif; fill: #fff; pointer-events: none; }
svg.map .group { fill: var(--line); } svg.map .title { fill: var(--text); font-weight: 600; }
svg.map a:hover .leaf, svg.map a:focus .leaf { opacity: .75; }
.g0 { fill: #2f62a8; } .g1 { fill: #8a4f0f; } .g2 { fill: #1f7a54; } .g3 { fill: #9b3b52; }
.g4 { fill: #6a4aa5; } .g5 { fill: #5f6b0e; } .g6 { fill: #0f7280; } .g7 { fill: #7a4a3a; }
input { font: inherit; padding: .3rem .6rem; width: 100%; max-width: 24rem; border: 1px solid var(--line); border-radius: 4px;
  background: var(--back); color: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin-top: .75rem; }
th, td { padding: .3rem .6rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; white-space: normal; overflow-wrap: anywhere; }
th { position: sticky; top: 0; background: var(--back); }
th button { all: unset; cursor: pointer; font-weight: 600; } th button:focus-visible { outline: 2px solid var(--bar); }
th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
tfoot td { font-weight: 600; } tr:target { background: color-mix(in srgb, var(--bar) 20%, transparent); }
svg.bar { width: 90px; height: 10px; vertical-align: middle; } svg.bar rect { fill: var(--bar); }
`

/** Sorts tables by a click on a heading, and filters them by name. */
export const script = `
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0]
  const headings = [...table.tHead.rows[0].cells]
  const valueOf = (row, i) => row.cells[i].dataset.value ?? row.cells[i].textContent
  headings.forEach((heading, i) => heading.querySelector("button")?.addEventListener("click", () => {
    const isNumber = heading.dataset.kind === "number"
    const descending = heading.ariaSort ? heading.ariaSort === "ascending" : isNumber
    for (const other of headings) other.removeAttribute("aria-sort")
    heading.ariaSort = descending ? "descending" : "ascending"
    const rows = [...body.rows].sort((a, b) => isNumber
      ? Number(valueOf(a, i)) - Number(valueOf(b, i))
      : valueOf(a, i).localeCompare(valueOf(b, i)))
    body.append(...(descending ? rows.reverse() : rows))
  }))
}
const search = document.querySelector("input[type=search]")
search?.addEventListener("input", () => {
  const text = search.value.toLowerCase()
  for (const row of document.querySelectorAll("tbody tr")) row.hidden = !row.cells[0].textContent.toLowerCase().includes(text)
})
`
