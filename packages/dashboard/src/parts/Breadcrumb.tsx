/** The place that is shown, and the way back up. */
import * as Tree from "../usage/Tree.ts"
import { usePage } from "../view/PageContext.ts"

export const Breadcrumb = ({ node }: { readonly node: Tree.Node }) => {
  const { href } = usePage()
  return (
    <nav class="breadcrumb" aria-label="Place">
      <ol>
        {Tree.trail(node).map((step) => (
          <li key={step.path}>
            {step === node ? (
              <span aria-current="page">{step.label || "All"}</span>
            ) : (
              <a href={href({ path: step.path })}>{step.label || "All"}</a>
            )}
          </li>
        ))}
      </ol>
      {node.path !== "" && (
        <a class="breadcrumb-detail" href={href({ detail: node.path })}>
          Details
        </a>
      )}
    </nav>
  )
}
