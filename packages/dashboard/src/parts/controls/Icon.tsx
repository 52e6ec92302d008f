/** Icons on a grid of 16 by 16, in the colour of the text. */
const paths = {
  chevron: "M6 3.5 10.5 8 6 12.5",
  close: "M4 4l8 8M12 4l-8 8",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5 14 14",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9",
  moon: "M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7z",
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  map: "M2.5 2.5h11v11h-11zM8 2.5v11M8 8h5.5",
  trend: "M2.5 2.5v11h11M5 10.5l3-3.5 2 2 3.5-4.5",
  warning: "M8 2 14.5 13.5h-13zM8 6.5v3.5M8 11.8v.4",
  exit: "M9.5 2.5h-6v11h6M7 8h7M11.5 5.5 14 8l-2.5 2.5",
  tree: "M3 2.5v9.5h3.5M3 6h3.5M8.5 4.5h5v3h-5zM8.5 10.5h5v3h-5z",
  up: "M8 13V3.5M4 7.5l4-4 4 4",
  down: "M8 3v9.5M4 8.5l4 4 4-4",
  refresh: "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3"
} as const

export type IconName = keyof typeof paths

export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <path d={paths[name]} />
  </svg>
)

/** The logo of the page. */
export const Mark = () => (
  <svg class="mark" viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" focusable="false">
    <rect class="mark-background" width="32" height="32" rx="7" />
    <rect x="6" y="6" width="11" height="20" rx="1.5" />
    <rect x="19" y="6" width="7" height="11" rx="1.5" opacity=".75" />
    <rect x="19" y="19" width="7" height="7" rx="1.5" opacity=".5" />
  </svg>
)
