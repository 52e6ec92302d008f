import { render } from "preact"
import { App } from "./App.tsx"
import "./style/index.css"

render(<App />, document.getElementById("app")!)
